import { refuse } from "@open-brains/core/base/problem.ts"

/** The text that a scribe reads first, as it is: any version of the experts reads it. */
export const PRIMER = "primer.txt"
export const PRIMER_BYTES_MAX = 2 ** 20

/** The primer among the parts of a module; nothing where it has none. Errors: OB805 when it is larger than one may be. */
export function primerIn(parts: Readonly<Record<string, Uint8Array>>, shown: string): Uint8Array {
  const text = parts[PRIMER] ?? new Uint8Array()
  if (text.length <= PRIMER_BYTES_MAX) return text
  return refuse({
    code: "OB805",
    seen: `${shown}/${PRIMER} has ${text.length} bytes; at most ${PRIMER_BYTES_MAX} are read.`,
    hint: "Make it shorter, or teach the rest as a lesson: brain teach FOLDER TEXT",
  })
}
