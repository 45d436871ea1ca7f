import { refuse } from "@open-brains/core/base/problem.ts"
import { MEMORY_MAX, MEMORY_MIN } from "@open-brains/core/mix/scribe.ts"

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }

/** Bytes of tables that a person named: 16KB is 16384, since tables are powers of two. Errors: OB800. */
export function memorySize(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,10})\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const bytes = Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN)
  if (number !== "" && Number.isInteger(Math.log2(bytes)) && bytes >= MEMORY_MIN && bytes <= MEMORY_MAX) return bytes
  return refuse({
    code: "OB800",
    seen: `A scribe cannot have ${text.slice(0, 40)} of memory.`,
    hint: "Give a power of two from 1KB to 1GB, such as 16MB.",
  })
}
/** The same in the other direction. */
export const printMemory = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GB` : bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MB` : `${bytes / 2 ** 10} KB`
