import type { Buffer } from "../../../ir/program.ts"
import { type FlashArray, flashArray } from "./flash.ts"
import type { Gather } from "./gathers.ts"
import { counter, isN16 } from "./numbers.ts"
import type { RowAdder } from "./row_adders.ts"
import { packNibbles, packTrits, tritOf } from "./storage.ts"

/** How rows of a table are stored, and added to sums. */
interface Rows {
  readonly bytes: readonly number[]
  /** Bytes of a row. */
  readonly width: number
  /** Statements that find the row: `row` and `power` may change. */
  readonly find: string
  /** What is stored is so much more than what is meant. */
  readonly more: number
  /** C that adds what stands at `at + d` to sums. */
  add(array: FlashArray): string
  /** The same for AVR, of a byte in b: instructions that call `take` with a register for each of its numbers. */
  assembly(take: (register: string) => readonly string[]): readonly string[]
}

/**
 * C of a table and of what adds its rows to D sums: `NAME_add(row, sums)`, and `NAME_sum(sum, count)` for what a sum is
 * after `count` rows. On AVR sums of 16 bits take numbers without a sign, and what they are too large by is put right once.
 */
export function printGather(
  name: string,
  { width, range }: Gather,
  table: Buffer,
  isFar: boolean,
): { readonly text: string; readonly bytes: number } {
  const values = table.values ?? []
  const rows = rowsOf(values, width)
  const array = flashArray("u8", `${name}_table`, rows.bytes, isFar, rows.width)
  const type = isN16(range) ? "n16" : "int32_t"
  const step = isFar || rows.bytes.length > 2 ** 15 ? "uint32_t" : "uint16_t"
  const head = `(${counter(values.length / width)} row, ${type} *sums) {
  ${step} at;
${rows.find}  at = (${step})row * ${rows.width}u;`
  const plain = `INLINE void ${name}_add${head}
  { ${counter(rows.width)} d; for (d = 0; d < ${rows.width}; ++d) { ${rows.add(array)} } }
}
#define ${name}_sum(sum, count) (sum)`
  const isAssembly = isN16(range) && rows.width <= 255
  const text = isAssembly
    ? `#ifdef __AVR__
static __attribute__((noinline)) void ${name}_add${head}
${assembly(rows, array)}
}
#define ${name}_sum(sum, count) (int16_t)((uint16_t)(sum) - ${rows.more}u * (uint16_t)(count))
#else
${plain}
#endif`
    : plain
  return { text: `${array.text}\n${text}`, bytes: rows.bytes.length }
}

/**
 * C of a table of u8 and of what adds one of its rows to sums in memory, whatever they are: `NAME_add(row, sums)`. It is stored as
 * narrow as a table with signs would be, and on AVR sums of 16 bits are added to in assembly.
 */
export function printRowAdder(
  name: string,
  { width, dtype }: RowAdder,
  table: Buffer,
  isFar: boolean,
): { readonly text: string; readonly bytes: number } {
  const { values, more } = shifted(table.values ?? [], width)
  const rows = rowsOf(values, width)
  const array = flashArray("u8", `${name}_table`, rows.bytes, isFar, rows.width)
  const step = isFar || rows.bytes.length > 2 ** 15 ? "uint32_t" : "uint16_t"
  const head = `(${counter(values.length / width)} row, in_${dtype} *sums) {
  ${step} at;
${rows.find}  at = (${step})row * ${rows.width}u;`
  const add = rows.add(array).replaceAll("+= ", `+= ${more} + `)
  const plain = `INLINE void ${name}_add${head}
  { ${counter(rows.width)} d; for (d = 0; d < ${rows.width}; ++d) { ${wrapped(dtype, add)} } }
}`
  const isAssembly = dtype === "i16" && rows.width <= 255
  const text = isAssembly
    ? `#ifdef __AVR__
static __attribute__((noinline)) void ${name}_add${head}
${assembly(rows, array)}
}
#else
${plain}
#endif`
    : plain
  return { text: `${array.text}\n${text}`, bytes: rows.bytes.length }
}
/** `sums[at] += more + value` for sums that wrap. */
const wrapped = (dtype: RowAdder["dtype"], text: string): string =>
  text.replace(
    /(sums\[[^\]]*\]) \+= ([^;]*);/g,
    dtype === "i16" ? "$1 = (int16_t)(uint16_t)($1 + ($2));" : "$1 = wrap((uint32_t)$1 + (uint32_t)(int32_t)($2));",
  )
/** The table with signs whose numbers are all less by the same, so that it is stored narrowest. */
function shifted(
  values: readonly number[],
  width: number,
): { readonly values: readonly number[]; readonly more: number } {
  const most = values.reduce((a, b) => Math.max(a, b), 0)
  const more = most <= 2 ? 1 : most <= 15 && width % 2 === 0 ? 8 : 128
  return { values: values.map((v) => v - more), more }
}
/** Bytes that a table takes of flash. */
export const rowBytes = (table: Buffer, width: number): number =>
  rowsOf(shifted(table.values ?? [], width).values, width).bytes.length

function rowsOf(values: readonly number[], width: number): Rows {
  if (values.every((v) => Math.abs(v) <= 1)) {
    const { bytes, height } = packTrits(values, width)
    return {
      ...{ bytes, width, more: 1 },
      find: `  uint8_t power = 1;\n  while (row >= ${height}) { row -= ${height}; power = (uint8_t)(power * 3u); }\n`,
      add: (array) => `sums[d] += ${tritOf(array.read(array.at("at + d")), "power")};`,
      assembly: (take) => ["mul %[b],%[power]", "mov %[b],r0", "mul %[b],%[three]", ...take("r1")],
    }
  }
  if (width % 2 === 0 && values.every((v) => v >= -8 && v <= 7))
    return {
      ...{ bytes: packNibbles(values), width: width / 2, more: 8, find: "" },
      add: (array) =>
        `const uint8_t b = ${array.read(array.at("at + d"))}; sums[2 * d] += (b & 15) - 8; sums[2 * d + 1] += (b >> 4) - 8;`,
      assembly: (take) => [
        ...["mov r0,%[b]", "andi %[b],15", ...take("%[b]")],
        ...["mov %[b],r0", "swap %[b]", "andi %[b],15", ...take("%[b]")],
      ],
    }
  return {
    ...{ bytes: values.map((v) => v + 128), width, more: 128, find: "" },
    add: (array) => `sums[d] += (n16)${array.read(array.at("at + d"))} - 128;`,
    assembly: (take) => take("%[b]"),
  }
}

function assembly({ width, assembly, find }: Rows, array: FlashArray): string {
  const take = (register: string): readonly string[] => [
    ...["ld %[l],X+", "ld %[h],X", `add %[l],${register}`, "adc %[h],%[z]"],
    ...["st X,%[h]", "st -X,%[l]", "adiw r26,2"],
  ]
  const one = [`${array.isFar ? "elpm" : "lpm"} %[b],Z+`, ...assembly(take)]
  const unroll = [2, 1].find((u) => width % u === 0 && u * one.length <= BRANCH_MAX) ?? 1
  const lines = [
    `ldi %[n],${width / unroll}`,
    "1:",
    ...Array.from({ length: unroll }, () => one).flat(),
    "dec %[n]",
    "brne 1b",
    "clr r1",
  ]
  const hasPower = find !== ""
  const start = array.isFar
    ? `const uint_farptr_t from = ${array.at("at")};\n    const uint8_t *w = (const uint8_t *)(uint16_t)from;\n    RAMPZ = (uint8_t)(from >> 16);`
    : `const uint8_t *w = ${array.at("at")};`
  return `  {
    ${start}
    uint8_t b, l, h, n;
    const uint8_t z = 0${hasPower ? ", three = 3" : ""};
    __asm__ volatile(${lines.map((line) => `"${line}\\n\\t"`).join("\n      ")}
      : [b] "=&d"(b), [l] "=&r"(l), [h] "=&r"(h), [n] "=&d"(n), "+z"(w), "+x"(sums)
      : [z] "r"(z)${hasPower ? `, [power] "r"(power), [three] "r"(three)` : ""} : "r0", "memory");
  }`
}
/** Words that a conditional branch reaches back over. */
const BRANCH_MAX = 60
