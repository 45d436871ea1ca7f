import { DTYPE } from "../../../base/dtype.ts"
import type { Binary, Expression } from "../../../ir/program.ts"

/** y = clamp(⌊(x · m + 2^(t-1)) / 2^t⌋, low, high): graph/requantise.ts, found again in loop IR. */
export interface Requantisation {
  readonly x: Expression
  readonly m: Expression
  /** t. */
  readonly shift: number
  readonly low: number
  readonly high: number
}

export function requantisationOf(e: Expression): Requantisation | undefined {
  const top = withNumber(e, "i32.min")
  const bottom = top && withNumber(top[0], "i32.max")
  const shifted = bottom && withNumber(bottom[0], "i32.shr_s")
  const rounded = shifted && withNumber(shifted[0], "i32.add")
  if (!rounded || rounded[1] !== 2 ** (shifted[1] - 1)) return undefined
  const halves = both(rounded[0], "i32.add")
  const high = halves && both(halves[0], "i32.mul")
  const low = halves && withNumber(halves[1], "i32.shr_u")
  const product = low?.[1] === 16 ? both(low[0], "i32.mul") : undefined
  const [x, x2] = [high && withNumber(high[0], "i32.shr_s"), product && withNumber(product[0], "i32.and")]
  if (!high || !product || !x || !x2 || x[1] !== 16 || x2[1] !== 0xffff) return undefined
  if (!isSame(x[0], x2[0]) || !isSame(high[1], product[1])) return undefined
  const shift = shifted[1] + 16
  const isSaturated = Object.values(SATURATED).some(([least, most]) => least === bottom[1] && most === top[1])
  return shift >= 17 && shift <= 31 && isSaturated
    ? { x: x[0], m: high[1], shift, low: bottom[1], high: top[1] }
    : undefined
}
const SATURATED = {
  i8: DTYPE.i8.range,
  u8: DTYPE.u8.range,
  i16: DTYPE.i16.range,
} as const
const both = (e: Expression, op: Binary): readonly [Expression, Expression] | undefined =>
  e.kind === "binary" && e.op === op ? [e.left, e.right] : undefined
function withNumber(e: Expression, op: Binary): readonly [Expression, number] | undefined {
  const pair = both(e, op)
  return pair?.[1].kind === "constant" ? [pair[0], pair[1].value] : undefined
}
const isSame = (a: Expression, b: Expression): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
