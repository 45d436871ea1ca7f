import { powersOfHalf } from "../base/powers.ts"
import {
  add,
  and,
  buffer,
  i32,
  lessOrEqual,
  let_,
  load,
  local,
  loop,
  max,
  min,
  mul,
  set,
  shrU,
  store,
  sub,
  table,
  total,
} from "../ir/build.ts"
import type { Expression, Program } from "../ir/program.ts"

/** Steps of the table of shares to one bit: a share is off by at most a 32nd of a bit, which costs 0.0003 bits. */
export const STEPS_PER_BIT = 16
/** A gap of so many units or more counts as this many. Both fit 16 bits with a sign, so that a chip of 8 bits takes a short product. */
const GAP_MAX = 2 ** 15 - 1
export const SHARPNESS_MAX = 2 ** 15 - 1
/** So many shares add up to less than 2²¹. */
export const SYMBOLS_MAX = 64

/**
 * Shares of symbols, and one of them drawn by a random word: shares[i] = 2¹⁵ · 2^(−g/16), g = (best − logits[i]) ·
 * sharpness / 2¹⁶ rounded, 255 at most; drawn is the first whose sum of shares up to it is above word · total / 2³².
 * The chance of a symbol is shares[i] / total, to 2⁻¹¹ of a share.
 *
 * Shapes: logits i32 [symbols] in whatever unit, sharpness i32 [1] in 0 … SHARPNESS_MAX (out of range counts as the
 * nearest), word i32 [1] → shares u16 [symbols], total i32 [1], drawn u8 [1]. Numbers: integers only, no division.
 * Errors: a bug for more than SYMBOLS_MAX symbols.
 */
export function drawSymbol(symbols: number): Program {
  if (symbols < 1 || symbols > SYMBOLS_MAX) throw new Error(`bug: ${symbols} symbols`)
  const logits = buffer("input", "i32", "logits", symbols)
  const sharpness = buffer("input", "i32", "sharpness", 1)
  const word = buffer("input", "i32", "word", 1)
  const shares = buffer("output", "u16", "shares", symbols)
  const whole = buffer("output", "i32", "total", 1)
  const drawn = buffer("output", "u8", "drawn", 1)
  const powers = table("u16", "powers", shareTable())
  const [a, b, c] = [local("a"), local("b"), local("c")]
  const [best, sharp, gap, share, sum] = [local("best"), local("sharp"), local("gap"), local("share"), local("sum")]
  const [mark, upTo, place] = [local("mark"), local("up_to"), local("place")]
  const [high, low, sumHigh, sumLow, middle] = ["high", "low", "sum_high", "sum_low", "middle"].map((name) =>
    local(name),
  ) as [Local, Local, Local, Local, Local]
  return {
    name: "draw_symbol",
    buffers: [logits, sharpness, word, shares, whole, drawn, powers],
    body: [
      let_(best, load(logits, i32(0))),
      loop(a, symbols, [set(best, max(best, load(logits, a)))]),
      let_(sharp, min(max(load(sharpness, i32(0)), i32(0)), i32(SHARPNESS_MAX))),
      let_(sum, i32(0)),
      loop(b, symbols, [
        let_(gap, min(max(sub(best, load(logits, b)), i32(0)), i32(GAP_MAX))),
        let_(share, load(powers, min(shrU(add(mul(gap, sharp), i32(2 ** 15)), 16), i32(255)))),
        store(shares, b, share),
        set(sum, add(sum, share)),
      ]),
      store(whole, i32(0), sum),
      // ⌊word · sum / 2³²⌋ by halves: each product is of 16 bits by 16.
      let_(high, shrU(load(word, i32(0)), 16)),
      let_(low, and(load(word, i32(0)), 0xffff)),
      let_(sumHigh, shrU(sum, 16)),
      let_(sumLow, and(sum, 0xffff)),
      let_(middle, mul(high, sumLow)),
      let_(mark, total(mul(high, sumHigh), shrU(middle, 16), shrU(carried(middle, low, sumHigh, sumLow), 16))),
      let_(upTo, i32(0)),
      let_(place, i32(0)),
      loop(c, symbols, [set(upTo, add(upTo, load(shares, c))), set(place, add(place, lessOrEqual(upTo, mark)))]),
      store(drawn, i32(0), place),
    ],
  }
}
type Local = ReturnType<typeof local>
const carried = (middle: Local, low: Local, sumHigh: Local, sumLow: Local): Expression =>
  total(and(middle, 0xffff), mul(low, sumHigh), shrU(mul(low, sumLow), 16))

/** round(2¹⁵ · 2^(−i/16)), i = 0 … 255: the last is 1. */
export function shareTable(): readonly number[] {
  const fine = powersOfHalf(1 << 30)
  return Array.from({ length: 256 }, (_, i) => {
    const power = fine[(i % STEPS_PER_BIT) * (256 / STEPS_PER_BIT)]!
    return Math.round(power / 2 ** (15 + Math.floor(i / STEPS_PER_BIT)))
  })
}
