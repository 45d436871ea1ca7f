import { TYPE } from "../prelude.ts"
import type { Dot, PrintedDot } from "./dot.ts"

/** Plain C, row after row of int8: any compiler and any processor whose flash is read as memory is. */
export function printPlainDot(dot: Dot, block = 4): PrintedDot {
  return { text: plainText(dot, block), block, call: callOf(dot) }
}

export const callOf =
  ({ name }: Dot) =>
  (block: string, x: string, sums: string): string =>
    `${name}_dot(${block}, ${x}, ${sums})`

/** The first line of the function that every target defines. */
export const signatureOf = ({ name, data }: Dot): string =>
  `static void ${name}_dot(int32_t block, const ${TYPE[data]} *x, int32_t *sums)`

/** Text of the weights and the function. A last block that is not full writes only the sums that count. */
export function plainText(dot: Dot, block: number): string {
  const { name, outputs, runs, length, jump, data, weights } = dot
  const each = runs * length
  const rows = outputs % block === 0 ? `n < ${block}` : `n < ${block} && block * ${block} + n < ${outputs}`
  const sum = [
    `for (int32_t l = 0; l < ${length}; ++l) sum += (int32_t)run[l] * w[l];`,
    `w += ${length};`,
    ...(runs > 1 ? [`run += ${jump};`] : []),
  ]
  const body = runs > 1 ? [`for (int32_t r = 0; r < ${runs}; ++r) {`, ...sum.map(indent), "}"] : sum
  return [
    `static const int8_t ${name}_rows[${outputs * each}] FLASH = {${listOf(weights.flatMap((row) => Array.from(row)))}};`,
    `${signatureOf(dot)} {`,
    `  const int8_t *w = ${name}_rows + block * INT32_C(${block * each});`,
    `  for (int32_t n = 0; ${rows}; ++n) {`,
    `    const ${TYPE[data]} *run = x;`,
    "    int32_t sum = 0;",
    ...body.map((line) => `    ${line}`),
    "    sums[n] = sum;",
    "  }",
    "}",
    "",
  ].join("\n")
}
const indent = (line: string): string => `  ${line}`

/** Numbers of an array, in lines of about a hundred characters. */
export const listOf = (values: readonly (number | string)[]): string =>
  values.join(",").replace(/(.{90,105}?),/g, "$1,\n")
export const wordsOf = (values: readonly number[]): string =>
  listOf(values.map((value) => `0x${(value >>> 0).toString(16)}`))
