import { canonicalJson, isJsonObject, type Json } from "../base/json.ts"
import { type Problem, refuse } from "../base/problem.ts"
import { LIMITS } from "../module/values.ts"

/** What a person said of a text: the label that it should get, or `undefined` when it fits none. */
export interface Correction {
  readonly text: string
  readonly label: string | undefined
}

/** The part of a module that holds its corrections, oldest first; a module without any has no such part. */
export const LESSONS = "lessons.jsonl"
export const CORRECTION_LIMITS = { lessons: 10_000, textUnits: 65_536 } as const

/** One canonical JSON object a line. */
export const printCorrections = (corrections: readonly Correction[]): string =>
  corrections.map(({ text, label }) => `${canonicalJson({ text, label: label ?? null })}\n`).join("")

/** Errors: OB552 with the line that is none of what `printCorrections` prints. */
export function parseCorrections(source: string, file: string = LESSONS): readonly Correction[] {
  const corrections: Correction[] = []
  for (let start = 0; start < source.length; ) {
    const end = source.indexOf("\n", start)
    const line = source.slice(start, end < 0 ? source.length : end)
    const found = correctionOf(line)
    const damage =
      end < 0
        ? "its last line has no end"
        : corrections.length === CORRECTION_LIMITS.lessons
          ? `it has more than ${CORRECTION_LIMITS.lessons} lines`
          : found === undefined || printCorrections([found]) !== `${line}\n`
            ? "this line is no correction in canonical form"
            : (flawOf(found)?.seen ?? undefined)
    if (damage !== undefined || found === undefined)
      return refuse({
        code: "OB552",
        seen: `${file} is damaged: ${damage ?? "no correction"}.`,
        hint: "Take another copy of the module, or undo what was edited by hand.",
        span: { file, source, start, end: start + line.length },
      })
    corrections.push(found)
    start = end + 1
  }
  return corrections
}

function correctionOf(line: string): Correction | undefined {
  let json: Json
  try {
    json = JSON.parse(line) as Json
  } catch {
    return undefined
  }
  if (!isJsonObject(json)) return undefined
  const { text, label } = json
  if (typeof text !== "string" || (label !== null && typeof label !== "string")) return undefined
  return { text, label: label ?? undefined }
}

/** What no module would take as a correction. Errors: OB550. */
export function checkCorrection(correction: Correction): Correction {
  const flaw = flawOf(correction)
  return flaw ? refuse(flaw) : correction
}

function flawOf({ text, label }: Correction): Problem | undefined {
  const flaw = (seen: string, hint: string): Problem => ({ code: "OB550", seen, hint })
  if (text.trim() === "") return flaw("the text of a correction is empty", "Give the text that was answered wrongly.")
  if (text.length > CORRECTION_LIMITS.textUnits)
    return flaw(
      `the text of a correction has ${text.length} characters`,
      `Give the part that matters: ${CORRECTION_LIMITS.textUnits} are the limit.`,
    )
  if (label === undefined) return undefined
  if (
    label.trim() !== label ||
    label === "" ||
    label.length > LIMITS.label ||
    /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(label)
  )
    return flaw(
      "the label of a correction is no line of its own",
      `A label is one line of 1 to ${LIMITS.label} characters, without spaces around it; \`unsure\` says that none fits.`,
    )
  return undefined
}
