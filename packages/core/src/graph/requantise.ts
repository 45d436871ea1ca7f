import { assert } from "../base/problem.ts"
import { add, and, clamp, i32, mul, shrS, shrU } from "../ir/build.ts"
import type { Expression } from "../ir/program.ts"

/** What a requantised value may be: saturated to its dtype. */
export const SATURATION = { i8: [-128, 127], u8: [0, 255], i16: [-32768, 32767] } as const
export const MULTIPLIER_MAX = 32767
export const SHIFT_MIN = 17,
  SHIFT_MAX = 31

/**
 * y = saturate(⌊(x · m + 2^(t-1)) / 2^t⌋): the exact product, rounded once, ties towards +∞.
 *
 * Numbers: x any i32, m in 1 … 32767, t in 17 … 31, so scales m / 2^t in 2⁻³¹ … ¼.
 * Error: at most half a unit of y against x · m / 2^t. 32-bit arithmetic throughout, no step can overflow:
 * the product is taken in halves, and what the low half loses lies below the bit that rounding looks at.
 * Source: docs/adr/0003-requantise.md, where accuracy and AVR cycles of the candidates stand.
 */
export function requantised(x: Expression, m: Expression, t: number, dtype: keyof typeof SATURATION): Expression {
  assert(Number.isInteger(t) && t >= SHIFT_MIN && t <= SHIFT_MAX, `requantise by a shift of ${t}`)
  const high = add(mul(shrS(x, 16), m), shrU(mul(and(x, 0xffff), m), 16)) // ⌊x · m / 2¹⁶⌋
  const [low, top] = SATURATION[dtype]
  return clamp(shrS(add(high, i32(2 ** (t - 17))), t - 16), low, top)
}

/**
 * The multipliers and the one shift that stand for real scales: t from the largest, m_c = round(scale_c · 2^t).
 * Errors: an assertion when the largest scale is not in (0, ¼). Error of a scale: at most 2⁻¹⁵ of the largest, or
 * 2⁻¹⁴ of it for one whose multiplier had to be raised to 1; and 2⁻³² and 2⁻³¹ where the largest is below 2⁻¹⁷.
 */
export function multipliersOf(scales: readonly number[]): {
  readonly multipliers: readonly number[]
  readonly shift: number
} {
  const largest = Math.max(...scales)
  assert(largest > 0 && largest < 0.25, `requantise by a scale of ${largest}`)
  let shift = SHIFT_MAX
  while (Math.round(largest * 2 ** shift) > MULTIPLIER_MAX) shift--
  assert(shift >= SHIFT_MIN, `requantise by a scale of ${largest}`)
  return { multipliers: scales.map((scale) => Math.max(1, Math.round(scale * 2 ** shift))), shift }
}
