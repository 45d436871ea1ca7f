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
  mul,
  shl,
  shrU,
  store,
  sub,
  table,
} from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"

/** How the rows of a table [rows, columns] of small whole numbers are added to sums, wherever the numbers are stored. */
export interface Rows {
  /** The table, which the caller gives, */
  readonly table: Buffer
  /** and what is looked up besides. */
  readonly constants: readonly Buffer[]
  /** No number is further from 0. */
  readonly most: number
  /** sums[d] += table[row, d] for each d; a row out of range counts as the nearest. */
  addTo(sums: Buffer, row: Expression): Block
}
export type RowsOf = (rows: number, columns: number) => Rows

const [at, column] = [local("at"), local("column")]
const inRange = (row: Expression, rows: number): Expression => clamp(row, 0, rows - 1)
const addAt = (sums: Buffer, place: Expression, value: Expression): Block[number] =>
  store(sums, place, add(load(sums, place), value))

/** Shapes: table i8 [rows · columns]. */
export const byteRows: RowsOf = (rows, columns) => {
  const numbers = buffer("input", "i8", "table", rows * columns)
  return {
    ...{ table: numbers, constants: [], most: 128 },
    addTo: (sums, row) => [
      let_(at, mul(inRange(row, rows), i32(columns))),
      loop(column, columns, [addAt(sums, column, load(numbers, add(at, column)))]),
    ],
  }
}

/** Nibbles as quantise/packed.ts stores them. Shapes: table u8 [rows · ⌈columns / 2⌉], 8 added, the low nibble first. */
export const nibbleRows: RowsOf = (rows, columns) => {
  const width = Math.ceil(columns / 2)
  const packed = buffer("input", "u8", "table", rows * width)
  const [byte, pair] = [local("byte"), local("pair")]
  const low = (value: Expression): Expression => sub(and(value, 15), i32(8))
  return {
    ...{ table: packed, constants: [], most: 8 },
    addTo: (sums, row) => [
      let_(at, mul(inRange(row, rows), i32(width))),
      loop(pair, columns >> 1, [
        let_(byte, load(packed, add(at, pair))),
        addAt(sums, shl(pair, 1), low(byte)),
        addAt(sums, add(shl(pair, 1), i32(1)), sub(shrU(byte, 4), i32(8))),
      ]),
      ...(columns % 2 === 0 ? [] : [addAt(sums, i32(columns - 1), low(load(packed, add(at, i32(width - 1)))))]),
    ],
  }
}

/**
 * Trits, five a byte: row r is digit ⌊r / height⌋, in base 3, of byte row r mod height.
 * Shapes: table u8 [height · columns], height = ⌈rows / 5⌉.
 */
export const tritRows: RowsOf = (rows, columns) => {
  const height = Math.ceil(rows / 5)
  const packed = buffer("input", "u8", "table", height * columns)
  // The digits of each line have a table of their own: small chips divide slowly, and shift slowly too.
  const digits = table("i8", "digits", DIGITS)
  const [found, line, first] = [local("found_row"), local("line"), local("first_digit")]
  const isBeyond = (k: number): Expression => ({ kind: "binary", op: "i32.le_s", left: i32(k * height), right: found })
  return {
    ...{ table: packed, constants: [digits], most: 1 },
    addTo: (sums, row) => [
      let_(found, inRange(row, rows)),
      let_(
        line,
        [1, 2, 3, 4].reduce((sum: Expression, k) => add(sum, isBeyond(k)), i32(0)),
      ),
      let_(first, mul(line, i32(BYTES))),
      let_(at, mul(clamp(sub(found, mul(line, i32(height))), 0, height - 1), i32(columns))),
      loop(column, columns, [
        addAt(sums, column, load(digits, add(first, clamp(load(packed, add(at, column)), 0, BYTES - 1)))),
      ]),
    ],
  }
}
/** 3⁵ bytes are stored; their digits in base 3, 1 taken away, all the lowest first. */
const BYTES = 243
const DIGITS = [1, 3, 9, 27, 81].flatMap((place) =>
  Array.from({ length: BYTES }, (_, byte) => (Math.floor(byte / place) % 3) - 1),
)
