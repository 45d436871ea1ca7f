import { add, and, buffer, clamp, i32, let_, load, local, loop, mul, parallel, shrU, store } from "../ir/build.ts"
import type { Program } from "../ir/program.ts"

/** So many rows of numbers up to 15 still add up within a byte. */
export const ROWS_ADDED_MAX = 17

/**
 * even[d] = Σ_f nibble 2d of table[slots[f]], odd[d] = Σ_f nibble 2d + 1: rows of four-bit numbers looked up and added, without a
 * product. Sums lie in bytes, so that a chip of 8 bits adds a number by one instruction, and even and odd ones apart, so
 * that each has a pointer that only goes forward. Numbers stored with 8 added leave 8 · slots to subtract.
 *
 * Shapes: table u8 [rows, width / 2], the low nibble first (quantise/packed.ts), slots i32 [slots] → even and odd
 * u8 [width / 2].
 * Numbers: a slot out of range counts as the nearest row; at most ROWS_ADDED_MAX rows, so no sum wraps.
 * Errors: a bug for more rows, or an odd width.
 */
export function nibbleRows(rows: number, width: number, slots: number): Program {
  if (slots > ROWS_ADDED_MAX || width % 2 !== 0) throw new Error(`bug: ${slots} rows of ${width} nibbles`)
  const half = width / 2
  const table = buffer("input", "u8", "table", rows * half)
  const slot = buffer("input", "i32", "slots", slots)
  const [even, odd] = [buffer("output", "u8", "even", half), buffer("output", "u8", "odd", half)]
  const [clear, f, d, row, byte] = [local("clear"), local("f"), local("d"), local("row"), local("byte")]
  return {
    name: "nibble_rows",
    buffers: [table, slot, even, odd],
    body: [
      parallel(clear, half, [store(even, clear, i32(0)), store(odd, clear, i32(0))]),
      loop(f, slots, [
        let_(row, mul(clamp(load(slot, f), 0, rows - 1), i32(half))),
        parallel(d, half, [
          let_(byte, load(table, add(row, d))),
          store(even, d, add(load(even, d), and(byte, 15))),
          store(odd, d, add(load(odd, d), shrU(byte, 4))),
        ]),
      ]),
    ],
  }
}
