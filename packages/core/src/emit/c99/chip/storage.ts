import type { Buffer } from "../../../ir/program.ts"
import { identifier, stored } from "../emit.ts"
import { flashArray } from "./flash.ts"
import { literal } from "./numbers.ts"

/** A constant in flash, as few bytes as its numbers need, and how an element is read. */
export interface StoredConstant {
  readonly text: string
  element(index: string): string
  readonly bytes: number
}
/** Fewer elements are not worth the code that unpacks them. */
const PACKED_MIN = 64

/** Elements of −8 … 7 lie two to a byte, the low nibble first, with 8 added. */
export function storeConstant(buffer: Buffer, isFar: boolean): StoredConstant {
  const [dtype, name, values] = [stored(buffer), identifier(buffer.name), buffer.values ?? []]
  const isNibbles = dtype === "i8" && values.length >= PACKED_MIN && values.every((v) => v >= -8 && v <= 7)
  if (!isNibbles) {
    const array = flashArray(dtype === "f32" ? "i32" : dtype, name, values, isFar)
    const { bytes } = { bytes: values.length * (dtype === "i8" || dtype === "u8" ? 1 : dtype === "i32" ? 4 : 2) }
    return { text: array.text, bytes, element: (index) => array.read(array.at(index)) }
  }
  const packed = packNibbles(values)
  const array = flashArray("u8", name, packed, isFar)
  const text = `${array.text}
INLINE int8_t ${name}_of(uint32_t i) { const uint8_t b = ${array.read(array.at("i >> 1"))}; return (int8_t)(((i & 1u) ? b >> 4 : b & 15) - 8); }`
  return { text, bytes: packed.length, element: (index) => `${name}_of((uint32_t)${index})` }
}
export function packNibbles(values: readonly number[]): readonly number[] {
  const bytes: number[] = []
  for (let i = 0; i < values.length; i += 2) bytes.push((values[i]! + 8) | (((values[i + 1] ?? 0) + 8) << 4))
  return bytes
}

/** Five numbers of −1 … 1 to a byte: see `trit`. */
export const TRITS = 5
/** Rows [R,D] of −1 … 1 as five planes: row r is digit ⌊r / H⌋ of byte row r mod H, H = ⌈R / 5⌉. */
export function packTrits(
  values: readonly number[],
  width: number,
): { readonly bytes: readonly number[]; readonly height: number } {
  const height = Math.ceil(values.length / width / TRITS)
  const bytes = Array.from({ length: height * width }, (_, at) => {
    let number = 0
    for (let plane = 0; plane < TRITS; plane++) number = number * 3 + (values[plane * height * width + at] ?? 0) + 1
    return byteOfTrits(number)
  })
  return { bytes, height }
}
/**
 * 0 … 242 as a byte of which 3^p mod 256 times, by 3, has digit p of base 3 in its high byte, the highest digit first: no
 * division and no table. Source: the format TQ1_0 of ggml.
 */
export const byteOfTrits = (number: number): number => Math.floor((number * 256 + 242) / 243)
/** C for a digit, −1 … 1, of a byte, given 3^p. */
export const tritOf = (byte: string, power: string): string =>
  `(n16)((n16)((u_n16)(uint8_t)(${byte} * ${power}) * 3u >> 8) - ${literal(1)})`
