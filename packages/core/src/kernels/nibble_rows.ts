import { add, and, buffer, clamp, i32, let_, load, local, loop, mul, shrU, store } from "../ir/build.ts"
import type { Program } from "../ir/program.ts"

/** So many rows of numbers up to 15 still add up within a byte. */
export const ROWS_ADDED_MAX = 17

/**
 * sums[d] = Σ_f nibble_d of table[slots[f]]: rows of four-bit numbers looked up and added, without a product. Sums lie in
 * bytes, so that a chip of 8 bits adds a number by one instruction; numbers stored with 8 added leave 8 · slots to subtract.
 *
 * Shapes: table u8 [rows, width / 2], the low nibble first, slots i32 [slots] → sums u8 [1, width].
 * Numbers: a slot out of range counts as the nearest row; at most ROWS_ADDED_MAX rows, so no sum wraps.
 * Errors: a bug for more rows, or an odd width.
 */
export function nibbleRows(rows: number, width: number, slots: number): Program {
  if (slots > ROWS_ADDED_MAX || width % 2 !== 0) throw new Error(`bug: ${slots} rows of ${width} nibbles`)
  const half = width / 2
  const table = buffer("input", "u8", "table", rows * half)
  const slot = buffer("input", "i32", "slots", slots)
  const sums = buffer("output", "u8", "sums", width)
  const [f, d, row, byte, place] = [local("f"), local("d"), local("row"), local("byte"), local("place")]
  return {
    name: "nibble_rows",
    buffers: [table, slot, sums],
    body: [
      loop("clear", width, [store(sums, local("clear"), i32(0))]),
      loop(f, slots, [
        let_(row, mul(clamp(load(slot, f), 0, rows - 1), i32(half))),
        loop(d, half, [
          let_(byte, load(table, add(row, d))),
          let_(place, mul(d, i32(2))),
          store(sums, place, add(load(sums, place), and(byte, 15))),
          store(sums, add(place, i32(1)), add(load(sums, add(place, i32(1))), shrU(byte, 4))),
        ]),
      ]),
    ],
  }
}
