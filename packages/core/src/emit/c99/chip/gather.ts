import { DTYPE } from "../../../base/dtype.ts"
import type { Buffer } from "../../../ir/program.ts"
import { flashArray } from "./flash.ts"
import type { Gather } from "./gathers.ts"
import { counter, isN16 } from "./numbers.ts"
import { packNibbles, packTrits, tritOf } from "./storage.ts"

/** C of a table and of a function `NAME_add(row, sums)` that adds a row to D sums. */
export function printGather(
  name: string,
  { width, range }: Gather,
  table: Buffer,
  isFar: boolean,
): { readonly text: string; readonly bytes: number } {
  const values = table.values ?? []
  const rows = values.length / width
  const fits = (most: number): boolean => values.every((v) => Math.abs(v) <= most)
  const type = isN16(range) ? "n16" : "int32_t"
  const row = counter(rows)
  const functionOf = (body: string): string => `INLINE void ${name}_add(${row} row, ${type} *sums) {\n${body}\n}`
  if (fits(1)) {
    const { bytes, height } = packTrits(values, width)
    const array = flashArray("u8", `${name}_table`, bytes, isFar)
    const step = array.isFar || bytes.length > 2 ** 15 ? "uint32_t" : "uint16_t"
    const byte = array.read(array.at("at + d"))
    const text = functionOf(`  ${counter(width)} d;
  ${step} at;
  uint8_t power = 1;
  while (row >= ${height}) { row -= ${height}; power = (uint8_t)(power * 3u); }
  at = (${step})row * ${width}u;
  for (d = 0; d < ${width}; ++d) sums[d] += ${tritOf(byte, "power")};`)
    return { text: `${array.text}\n${text}`, bytes: bytes.length }
  }
  const isNibbles = values.every((v) => v >= -8 && v <= 7) && width % 2 === 0
  const packed = isNibbles ? packNibbles(values) : values
  const dtype = isNibbles ? "u8" : table.dtype === "u8" || table.dtype === "i8" ? table.dtype : "i8"
  const array = flashArray(dtype, `${name}_table`, packed, isFar)
  const bytes = packed.length * DTYPE[dtype].bytes
  const step = array.isFar || bytes > 2 ** 15 ? "uint32_t" : "uint16_t"
  const at = `  const ${step} at = (${step})row * ${isNibbles ? width / 2 : width}u;\n  ${counter(width)} d;`
  const text = isNibbles
    ? functionOf(`${at}
  for (d = 0; d < ${width / 2}; ++d) {
    const uint8_t b = ${array.read(array.at("at + d"))};
    sums[2 * d] += (b & 15) - 8;
    sums[2 * d + 1] += (b >> 4) - 8;
  }`)
    : functionOf(`${at}\n  for (d = 0; d < ${width}; ++d) sums[d] += ${array.read(array.at("at + d"))};`)
  return { text: `${array.text}\n${text}`, bytes }
}
