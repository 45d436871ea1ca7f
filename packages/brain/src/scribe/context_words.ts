import type { Predictor } from "@open-brains/core/run/predictor.ts"

/** The last bytes that a predictor has read, as many as asked for and known. */
export function lastBytesOf({ instance: { memory } }: Predictor, count: number, before = 0): Uint8Array {
  const history = memory["history"]! as Uint8Array
  const end = memory["position"]![0]! - before
  const length = Math.max(0, Math.min(count, end, history.length - before))
  return Uint8Array.from({ length }, (_, i) => history[(end - length + i) & (history.length - 1)]!)
}

/**
 * What an expert looks at now, as text; nothing where its name does not tell. Experts of core/kernels/contexts.ts: `order4` looks
 * at the last four bytes, `skip13` at those one and three back, `word2` at the word so far and the one before.
 */
export function lookedAt(predictor: Predictor, name: string): string | undefined {
  const [, kind = "", digits = ""] = /^(?:after_)?(order|skip|word_skip|word)(\d*)$/.exec(name) ?? []
  switch (kind) {
    case "order":
      return digits === "" ? undefined : quoted(lastBytesOf(predictor, Number(digits)))
    case "skip": {
      const backs = [...digits].map(Number)
      const bytes = [...lastBytesOf(predictor, Math.max(...backs))].reverse()
      const seen = bytes.map((byte, i) => (backs.includes(i + 1) ? shownBytes(Uint8Array.of(byte)) : "·"))
      return `“${seen.reverse().join("")}”`
    }
    case "word_skip": // the word so far and the one before the last, and what stands between them
      return quoted(lastWords(lastBytesOf(predictor, WORDS_MAX), 3))
    case "word":
      return quoted(lastWords(lastBytesOf(predictor, WORDS_MAX), digits === "" ? 1 : Number(digits)))
    default:
      return undefined
  }
}
const WORDS_MAX = 80

const isLetter = (byte: number): boolean =>
  (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 39 || byte >= 128
/** The end of a text from where the word so far begins, or so many words before. */
function lastWords(bytes: Uint8Array, words: number): Uint8Array {
  let from = bytes.length
  const back = (while_: (byte: number) => boolean): void => {
    while (from > 0 && while_(bytes[from - 1]!)) from--
  }
  for (let word = 0; word < words; word++) {
    if (word > 0) back((byte) => !isLetter(byte))
    back(isLetter)
  }
  // Between two words it looks at what stands there.
  return bytes.subarray(from === bytes.length ? Math.max(0, from - 1) : from)
}

/** Where the match model's same text stands: how many bytes back what followed it, and how many bytes are the same. */
export interface MatchedText {
  readonly back: number
  readonly length: number
  /** The text that is the same, its end, and what came after it there. */
  readonly same: Uint8Array
  readonly next: Uint8Array
}
export function matchedBy(predictor: Predictor, name: string): MatchedText | undefined {
  const where = predictor.instance.memory[`${name}_where`]
  if (where === undefined || where.length < 2 || where[1]! <= 0) return undefined
  const back = predictor.instance.memory["position"]![0]! - where[0]!
  if (back <= 0 || back > predictor.instance.memory["history"]!.length) return undefined
  const length = where[1]!
  return {
    ...{ back, length },
    same: lastBytesOf(predictor, Math.min(length, SAME_MAX), back),
    next: lastBytesOf(predictor, Math.min(back, NEXT_MAX), Math.max(0, back - NEXT_MAX)),
  }
}
const [SAME_MAX, NEXT_MAX] = [40, 16]

/** Bytes as a text on one line: line breaks and tabs are seen, and nothing moves the cursor. */
export const shownBytes = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(bytes)
    .replaceAll("\n", "⏎")
    .replaceAll("\t", "⇥")
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "�")
export const quoted = (bytes: Uint8Array): string => `“${shownBytes(bytes)}”`

/** A byte for a person. */
export const nameOfByte = (byte: number): string =>
  byte === 10
    ? "line break"
    : byte === 32
      ? "space"
      : byte > 32 && byte < 127
        ? `“${String.fromCharCode(byte)}”`
        : `0x${byte.toString(16).padStart(2, "0")}`
