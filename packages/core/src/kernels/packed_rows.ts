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
import type { Expression, Program } from "../ir/program.ts"

/** A table [rows, columns] of small numbers as quantise/packed.ts stores it, and the bags whose rows are added up. */
export interface PackedBag {
  readonly rows: number
  readonly columns: number
  readonly slots: number
}
const [slot, at, column] = [local("slot"), local("at"), local("column")]

/**
 * sums[d] = Σ over f < count of table[slots[f], d], read from nibbles where they lie: no table of bytes is made of them.
 *
 * Shapes: table u8 [rows, ⌈columns / 2⌉], 8 added, the low nibble first; slots u16 [slots], count i32 [1] → sums i32 [columns].
 * Numbers: the sum that `gather_sum` gives of the unpacked table; a slot out of range counts as the nearest row.
 */
export function nibbleRows({ rows, columns, slots }: PackedBag): Program {
  const width = Math.ceil(columns / 2)
  const packed = buffer("input", "u8", "table", rows * width)
  const value = sub(and(shrU(load(packed, add(at, shrU(column, 1))), shl(and(column, 1), 2)), 15), i32(8))
  return overRows("nibble_rows", { columns, slots }, packed, [], [let_(at, mul(rowIn(rows), i32(width)))], value)
}

/**
 * The same of a table of trits, five a byte: row r is digit ⌊r / height⌋, in base 3, of byte row r mod height.
 * Shapes: table u8 [height, columns], height = ⌈rows / 5⌉.
 */
export function tritRows({ rows, columns, slots }: PackedBag): Program {
  const height = Math.ceil(rows / 5)
  const packed = buffer("input", "u8", "table", height * columns)
  const digits = table("u16", "digits", DIGITS)
  const [row, shift, line] = [local("row"), local("shift"), local("line")]
  // ⌊r / height⌋ by comparing, as chips that divide slowly like it.
  const places = [1, 2, 3, 4].map(
    (k) => ({ kind: "binary", op: "i32.le_s", left: i32(k * height), right: row }) as const,
  )
  const digit = places.reduce((sum: Expression, place) => add(sum, place), i32(0))
  const before = [
    let_(row, rowIn(rows)),
    let_(line, digit),
    let_(shift, shl(line, 1)),
    let_(at, mul(clamp(sub(row, mul(line, i32(height))), 0, height - 1), i32(columns))),
  ]
  const value = sub(and(shrU(load(digits, load(packed, add(at, column))), shift), 3), i32(1))
  return overRows("trit_rows", { columns, slots }, packed, [digits], before, value)
}
/** The five digits of each byte in base 3, two bits each, the lowest first. */
const DIGITS = Array.from({ length: 256 }, (_, byte) =>
  [1, 3, 9, 27, 81].reduce((all, place, k) => all | ((Math.floor(byte / place) % 3) << (2 * k)), 0),
)

const slots = (length: number): Program["buffers"][number] => buffer("input", "u16", "slots", length)
const rowIn = (rows: number): Expression => clamp(load(slots(1), slot), 0, rows - 1)

function overRows(
  name: string,
  { columns, slots: most }: Pick<PackedBag, "columns" | "slots">,
  packed: Program["buffers"][number],
  tables: Program["buffers"],
  before: Program["body"],
  value: Expression,
): Program {
  const [count, sums] = [buffer("input", "i32", "count", 1), buffer("output", "i32", "sums", columns)]
  const clear = local("clear")
  return {
    name,
    buffers: [packed, slots(most), count, sums, ...tables],
    body: [
      loop(clear, columns, [store(sums, clear, i32(0))]),
      loopUpTo(slot, load(count, i32(0)), most, [
        ...before,
        loop(column, columns, [store(sums, column, add(load(sums, column), value))]),
      ]),
    ],
  }
}
