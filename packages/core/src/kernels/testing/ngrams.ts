import { CLASS, RANGES } from "../letters.ts"
import type { NgramOptions } from "../ngrams.ts"

const [OPEN, CLOSE] = [-1, -2]
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The code point of the one whole sequence at the start of `bytes`, by the host's decoder, and its length. */
function sequenceAt(bytes: Uint8Array): readonly [point: number, length: number] | undefined {
  for (let length = 1; length <= Math.min(4, bytes.length); length++)
    try {
      return [strict.decode(bytes.subarray(0, length)).codePointAt(0)!, length]
    } catch {} // not whole yet, or never
  return undefined
}
/** Code points; a byte at which no sequence starts is 0x110000 and itself. */
export function decoded(bytes: Uint8Array): readonly number[] {
  const points: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const [point, length] = sequenceAt(bytes.subarray(at)) ?? [0x110000 + bytes[at]!, 1]
    points.push(point)
    at += length
  }
  return points
}
function classed(point: number): readonly [folded: number, kind: number] {
  if (point < 128) {
    const character = String.fromCodePoint(point)
    return [character.toLowerCase().codePointAt(0)!, /[a-z0-9']/i.test(character) ? CLASS.letter : CLASS.separator]
  }
  const range = RANGES.find(({ first, last }) => first <= point && point <= last)
  if (!range) return [point, CLASS.letter]
  const folds = !range.alternate || (point - range.first) % 2 === 0
  return [folds ? point + range.fold : point, range.class]
}
/** Words as folded code points. */
export function wordsOf(bytes: Uint8Array): readonly (readonly number[])[] {
  const words: number[][] = [[]]
  for (const point of decoded(bytes)) {
    const [folded, kind] = classed(point)
    if (kind === CLASS.letter) words.at(-1)!.push(folded)
    else if (kind === CLASS.separator) words.push([])
    else if (kind === CLASS.alone) words.push([folded], [])
  }
  return words.filter(({ length }) => length > 0)
}
export const textWords = (text: string): readonly string[] =>
  wordsOf(new TextEncoder().encode(text)).map((word) => String.fromCodePoint(...word))

/** Σ symbols[last − i] pⁱ, mixed as MurmurHash3 ends, then a share of the buckets. */
function slotOf(symbols: readonly number[], kind: number, buckets: number): number {
  let h = symbols.reduce((sum, symbol) => (Math.imul(sum, 0x01000193) + symbol) | 0, 0)
  h ^= Math.imul(8 * kind + symbols.length, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return Math.floor(((h >>> 16) * buckets) / 65536)
}

/** The n-grams again, from lists of words: what the kernel is judged by. */
export function plainNgrams(bytes: Uint8Array, options: NgramOptions): readonly number[] {
  const { buckets, wordsMax, charactersMin, charactersMax, wordTimes = 1 } = options
  const slots: number[] = []
  const passed: number[] = [OPEN] // of each word, and of the start of the text
  const endWord = (word: number, from: number): void => {
    passed.push(word)
    for (let n = from; n <= Math.min(wordsMax, passed.length); n++)
      for (let time = 0; time < wordTimes; time++) slots.push(slotOf(passed.slice(-n), 1, buckets))
  }
  const words = wordsOf(bytes.subarray(0, options.bytesMax))
  for (const word of words) {
    const symbols = [OPEN, ...word, CLOSE]
    symbols.forEach((_, at) => {
      for (let n = charactersMin; n <= Math.min(charactersMax, at + 1); n++)
        slots.push(slotOf(symbols.slice(at + 1 - n, at + 1), 2, buckets))
    })
    endWord(
      symbols.slice(0, -1).reduce((sum, symbol) => (Math.imul(sum, 0x01000193) + symbol) | 0, 0),
      1,
    )
  }
  if (words.length > 0) endWord(CLOSE, 2)
  return slots
}
