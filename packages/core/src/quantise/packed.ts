import type { Numbers } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import type { Node } from "../graph/graph.ts"
import {
  concatenate,
  convert,
  divide,
  fill,
  multiply,
  slice,
  subtract,
  unpackNibbles,
  weight,
} from "../graph/operations.ts"

/** A matrix of small whole numbers: what is stored of it, and the node i8 [rows, columns] that reads it. */
export interface Packed {
  readonly node: Node
  readonly weights: Readonly<Record<string, Numbers>>
}

/**
 * Stores a matrix [rows, columns] of numbers of that many levels, under a name that says how: NAME i8;
 * NAME_nibbles u8 [rows, ⌈columns / 2⌉], 8 added, the low nibble first; NAME_trits u8 [⌈rows / 5⌉, columns].
 * Unpacking depends on weights alone, so it is done once, before the first answer.
 */
export function packed(name: string, values: Int8Array, columns: number, levels: number): Packed {
  const rows = values.length / columns
  if (levels === 3) {
    const stored = packTrits(values, columns)
    const bytes = weight(`${name}_trits`, "u8", [stored.length / columns, columns])
    return { node: unpackTrits(bytes, rows), weights: { [`${name}_trits`]: stored } }
  }
  if (levels === 15) {
    const stored = packNibbles(values, columns)
    const all = unpackNibbles(weight(`${name}_nibbles`, "u8", [rows, stored.length / rows]))
    const node = columns % 2 === 0 ? all : slice(all, [0, 0], [rows, columns])
    return { node, weights: { [`${name}_nibbles`]: stored } }
  }
  return { node: weight(name, "i8", [rows, columns]), weights: { [name]: values } }
}

function packNibbles(values: Int8Array, columns: number): Uint8Array {
  const width = Math.ceil(columns / 2)
  const bytes = new Uint8Array((values.length / columns) * width).fill(0x88)
  values.forEach((value, i) => {
    assert(value >= -8 && value <= 7, "a number of four bits")
    const [row, column] = [Math.floor(i / columns), i % columns]
    const at = row * width + (column >> 1)
    bytes[at] = column % 2 === 0 ? (bytes[at]! & 0xf0) | (value + 8) : (bytes[at]! & 0x0f) | ((value + 8) << 4)
  })
  return bytes
}

/** Five numbers of −1 … 1 fit a byte, 3⁵ = 243: what each digit counts, and what comes after the last. */
const PLACES = [1, 3, 9, 27, 81, 243]
const TRITS = 5
/** Row r is digit ⌊r / height⌋ of byte row r mod height, in base 3, the lowest first, 1 added; height = ⌈rows / 5⌉. */
function packTrits(values: Int8Array, columns: number): Uint8Array {
  const height = Math.ceil(values.length / columns / TRITS)
  const bytes = new Uint8Array(height * columns)
  values.forEach((value, i) => {
    assert(value >= -1 && value <= 1, "a number of three levels")
    const at = i % bytes.length
    bytes[at] = bytes[at]! + (value + 1) * PLACES[Math.floor(i / bytes.length)]!
  })
  return bytes
}
function unpackTrits(bytes: Node, rows: number): Node {
  const wide = convert(bytes, "i32")
  const number = (value: number): Node => fill(value, wide)
  const digits = Array.from({ length: TRITS }, (_, k) => {
    const upper = divide(wide, number(PLACES[k]!))
    const digit = subtract(upper, multiply(divide(wide, number(PLACES[k + 1]!)), number(3)))
    return convert(subtract(digit, number(1)), "i8")
  })
  const all = concatenate(digits, 0)
  return all.shape[0] === rows ? all : slice(all, [0, 0], [rows, bytes.shape[1]!])
}

/**
 * The numbers of a matrix [rows, columns] that `packed` stored under this name, whichever way; nothing when it is not
 * among the weights, or has not as many numbers.
 */
export function unpacked(
  weights: Readonly<Record<string, { readonly data: Numbers }>>,
  name: string,
  rows: number,
  columns: number,
): Int8Array | undefined {
  const [plain, nibbles, trits] = [name, `${name}_nibbles`, `${name}_trits`].map((each) => weights[each]?.data)
  if (plain) return plain instanceof Int8Array && plain.length === rows * columns ? plain : undefined
  const values = new Int8Array(rows * columns)
  if (nibbles) {
    const width = Math.ceil(columns / 2)
    if (!(nibbles instanceof Uint8Array) || nibbles.length !== rows * width) return undefined
    return values.map((_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns]
      return ((nibbles[row * width + (column >> 1)]! >> (4 * (column % 2))) & 15) - 8
    })
  }
  const size = Math.ceil(rows / TRITS) * columns
  if (!(trits instanceof Uint8Array) || trits.length !== size) return undefined
  return values.map((_, i) => (Math.floor(trits[i % size]! / PLACES[Math.floor(i / size)]!) % 3) - 1)
}
