import { powersOfHalf } from "../base/powers.ts"
import {
  add,
  and,
  binary,
  buffer,
  clamp,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  max,
  mul,
  parallel,
  select,
  set,
  shl,
  shrU,
  store,
  sub,
  table,
} from "../ir/build.ts"
import type { Block, Buffer, Expression, Program } from "../ir/program.ts"

/** The sum of all frequencies: a frequency of 1 is a probability of 2⁻²⁰. */
export const FREQUENCIES_TOTAL = 2 ** 20
/** Rows of logits at most: one for each byte. */
export const ROWS_MAX = 256

/**
 * How many bytes share each row of logits.
 *
 * Shapes: row_of u8 [256] → sharers i32 [rows]. Numbers: a row out of range counts as the last; they add up to 256.
 */
export function byteSharers(rows: number): Program {
  const [rowOf, sharers] = [buffer("input", "u8", "row_of", 256), buffer("output", "i32", "sharers", rows)]
  const [clear, byte, row] = [local("clear"), local("byte"), local("row")]
  return {
    name: "byte_sharers",
    buffers: [rowOf, sharers],
    body: [
      parallel(clear, rows, [store(sharers, clear, i32(0))]),
      loop(byte, 256, [let_(row, rowAt(rowOf, byte, rows)), store(sharers, row, add(load(sharers, row), i32(1)))]),
    ],
  }
}

/**
 * Logits of rows as whole frequencies of bytes: frequencies[b] ≈ 1 + (2²⁰ − 256) · 2^(z[r] / 256) / Σ 2^(z / 256) / sharers[r],
 * where r is the row of b. Bytes that share a row share its probability evenly, so any byte can come.
 *
 * Shapes: logits i16 [rows] in 1/256 bit, row_of u8 [256], sharers i32 [rows] as `byteSharers` gives them →
 * frequencies i32 [256].
 * Numbers: each is 1 or more, and they add up to FREQUENCIES_TOTAL exactly, whatever the logits and rows: what rounding
 * leaves goes to the most probable byte. A row 17 bits below the best counts as 0 before the 1 is added.
 */
export function byteFrequencies(rows: number): Program {
  const logits = buffer("input", "i16", "logits", rows)
  const rowOf = buffer("input", "u8", "row_of", 256)
  const sharers = buffer("input", "i32", "sharers", rows)
  const frequencies = buffer("output", "i32", "frequencies", 256)
  const [parts, shares] = [buffer("scratch", "i32", "parts", rows), buffer("scratch", "i32", "shares", rows)]
  const [e, frequency, top, topByte] = [local("e"), local("frequency"), local("top"), local("top_byte")]
  const { block, powers } = shareOf({ logits, sharers, parts, shares, rows })
  return {
    name: "byte_frequencies",
    buffers: [logits, rowOf, sharers, frequencies, parts, shares, powers],
    body: [
      ...block,
      let_(top, i32(-1)),
      let_(topByte, i32(0)),
      loop(e, 256, [
        let_(frequency, load(shares, rowAt(rowOf, e, rows))),
        store(frequencies, e, add(frequency, i32(1))),
        set(topByte, select(less(top, frequency), e, topByte)),
        set(top, select(less(top, frequency), frequency, top)),
      ]),
      store(frequencies, and(topByte, 255), add(load(frequencies, and(topByte, 255)), local("rest"))),
    ],
  }
}

/**
 * The shares of rows in what is left when each byte has 1: what each byte of a row gets, in `shares`, and binds `rest`, what
 * rounding leaves. `parts` may be the same buffer.
 */
export function shareOf({
  logits,
  sharers,
  parts,
  shares,
  rows,
}: {
  readonly logits: Buffer
  readonly sharers: Buffer
  readonly parts: Buffer
  readonly shares: Buffer
  readonly rows: number
}): { readonly block: Block; readonly powers: Buffer } {
  const powers = table("i32", "powers", powersOfHalf(2 ** PART_BITS))
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => local(name)) as [Row, Row, Row, Row]
  const [best, gap, part, sum] = [local("best"), local("gap"), local("part"), local("sum")]
  const [first, left, whole, rest] = [local("first"), local("left"), local("whole"), local("rest")]
  const isShared = (row: Expression): Expression => less(i32(0), load(sharers, row))
  const quotient = (x: Expression, y: Expression): Expression => binary("i32.div_u", x, y)
  const block: Block = [
    let_(best, i32(-32768)),
    loop(a, rows, [set(best, max(best, select(isShared(a), load(logits, a), best)))]),
    let_(sum, i32(0)),
    loop(b, rows, [
      let_(gap, clamp(sub(best, load(logits, b)), 0, GAP_MAX)),
      let_(part, shrU(load(powers, and(gap, 255)), shrU(gap, 8))),
      store(parts, b, select(isShared(b), part, i32(0))),
      set(sum, add(sum, load(parts, b))),
    ]),
    // part · (2²⁰ − 256) / sum by two divisions, so that all stays below 2³²: 2²⁰ − 256 is 4095 · 8 · 32.
    parallel(c, rows, [
      let_(left, mul(load(parts, c), i32(4095 * 8))),
      let_(first, quotient(left, sum)),
      let_(whole, add(shl(first, 5), quotient(shl(sub(left, mul(first, sum)), 5), sum))),
      store(shares, c, quotient(whole, load(sharers, c))),
    ]),
    let_(rest, i32(FREQUENCIES_TOTAL - 256)),
    loop(d, rows, [set(rest, sub(rest, mul(load(shares, d), load(sharers, d))))]),
  ]
  return { block, powers }
}
type Row = ReturnType<typeof local>
const PART_BITS = 17
const GAP_MAX = 256 * (PART_BITS + 1) - 1
const rowAt = (rowOf: Buffer, byte: Expression, rows: number): Expression => clamp(load(rowOf, byte), 0, rows - 1)
