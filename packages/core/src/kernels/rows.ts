import {
  add,
  and,
  buffer,
  clamp,
  i32,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  mul,
  shl,
  shrU,
  store,
  sub,
  table,
} from "../ir/build.ts"
import type { Block, Buffer, Expression, Program } from "../ir/program.ts"

/** A table [rows, columns] of small numbers, and the bags whose rows are added up. */
export interface RowsOptions {
  readonly rows: number
  readonly columns: number
  /** Of a bag at most. */
  readonly slots: number
}
/** The sums that `gather_sum` gives, by a program that goes through the rows once, so that each is found once. */
export type RowsProgram = (options: RowsOptions) => Program

const [slot, at, column] = [local("slot"), local("at"), local("column")]

/**
 * sums[d] = Σ over f < count of table[slots[f], d]. Shapes: table i8 [rows · columns], slots u16 [slots], count i32 [1] →
 * sums [columns], i16 where no bag's sum is beyond it, else i32; a slot out of range counts as the nearest row.
 */
export const byteRows: RowsProgram = ({ rows, columns, slots }) => {
  const numbers = buffer("input", "i8", "table", rows * columns)
  return overRows("byte_rows", { columns, slots, most: 128 }, numbers, {
    before: [let_(at, mul(rowIn(rows, slots), i32(columns)))],
    inner: (sums) => [loop(column, columns, [addTo(sums, column, load(numbers, add(at, column)))])],
  })
}

/**
 * The same, read from nibbles where they lie, as quantise/packed.ts stores them: no table of bytes is made of them.
 * Shapes: table u8 [rows · ⌈columns / 2⌉], 8 added, the low nibble first.
 */
export const nibbleRows: RowsProgram = ({ rows, columns, slots }) => {
  const width = Math.ceil(columns / 2)
  const packed = buffer("input", "u8", "table", rows * width)
  const [byte, pair] = [local("byte"), local("pair")]
  const low = (sums: Buffer, of: Expression): Block[number] =>
    addTo(sums, of, sub(and(load(packed, add(at, shrU(of, 1))), 15), i32(8)))
  return overRows("nibble_rows", { columns, slots, most: 8 }, packed, {
    before: [let_(at, mul(rowIn(rows, slots), i32(width)))],
    inner: (sums) => [
      loop(pair, columns >> 1, [
        let_(byte, load(packed, add(at, pair))),
        addTo(sums, shl(pair, 1), sub(and(byte, 15), i32(8))),
        addTo(sums, add(shl(pair, 1), i32(1)), sub(shrU(byte, 4), i32(8))),
      ]),
      ...(columns % 2 === 0 ? [] : [low(sums, i32(columns - 1))]),
    ],
  })
}

/**
 * The same of a table of trits, five a byte: row r is digit ⌊r / height⌋, in base 3, of byte row r mod height.
 * Shapes: table u8 [height · columns], height = ⌈rows / 5⌉.
 */
export const tritRows: RowsProgram = ({ rows, columns, slots }) => {
  const height = Math.ceil(rows / 5)
  const packed = buffer("input", "u8", "table", height * columns)
  const [row, line, first] = [local("row"), local("line"), local("first")]
  // ⌊r / height⌋ by comparing: small chips divide slowly. The digits of each line have a table of their own, so none is shifted.
  const digits = table("i8", "digits", DIGITS)
  const isBeyond = (k: number): Expression => ({
    kind: "binary",
    op: "i32.le_s",
    left: i32(k * height),
    right: row,
  })
  return overRows("trit_rows", { columns, slots, most: 1 }, packed, {
    tables: [digits],
    before: [
      let_(row, rowIn(rows, slots)),
      let_(
        line,
        [1, 2, 3, 4].reduce((sum: Expression, k) => add(sum, isBeyond(k)), i32(0)),
      ),
      let_(first, mul(line, i32(BYTES))),
      let_(at, mul(clamp(sub(row, mul(line, i32(height))), 0, height - 1), i32(columns))),
    ],
    inner: (sums) => [
      loop(column, columns, [
        addTo(sums, column, load(digits, add(first, clamp(load(packed, add(at, column)), 0, BYTES - 1)))),
      ]),
    ],
  })
}
/** 3⁵ bytes are stored; their digits in base 3, 1 taken away, all the lowest first. */
const BYTES = 243
const DIGITS = [1, 3, 9, 27, 81].flatMap((place) =>
  Array.from({ length: BYTES }, (_, byte) => (Math.floor(byte / place) % 3) - 1),
)

const slotsIn = (length: number): Buffer => buffer("input", "u16", "slots", length)
const rowIn = (rows: number, slots: number): Expression => clamp(load(slotsIn(slots), slot), 0, rows - 1)
const addTo = (sums: Buffer, place: Expression, value: Expression): Block[number] =>
  store(sums, place, add(load(sums, place), value))

interface Rows {
  readonly tables?: readonly Buffer[]
  /** What a row is found by. */
  readonly before: Block
  inner(sums: Buffer): Block
}
function overRows(
  name: string,
  { columns, slots, most }: { readonly columns: number; readonly slots: number; readonly most: number },
  packed: Buffer,
  { tables = [], before, inner }: Rows,
): Program {
  const count = buffer("input", "i32", "count", 1)
  const sums = buffer("output", most * slots <= 32_767 ? "i16" : "i32", "sums", columns)
  const clear = local("clear")
  return {
    name,
    buffers: [packed, slotsIn(slots), count, sums, ...tables],
    body: [
      loop(clear, columns, [store(sums, clear, i32(0))]),
      loopUpTo(slot, load(count, i32(0)), slots, [...before, ...inner(sums)]),
    ],
  }
}
