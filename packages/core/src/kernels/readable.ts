import { CLASS, type Class, RANGES } from "./letters.ts"
import { CLOSE, MALFORMED, type NgramOptions, OPEN, POWER, seedOf } from "./ngrams.ts"

/** A stretch of a text in bytes, from `start` up to `end`. */
export interface Stretch {
  readonly start: number
  readonly end: number
}
/** One n-gram of a text: what it is, where it stands, and the slot that it falls into. */
export interface Gram extends Stretch {
  readonly slot: number
  /** A run of words, or a run of characters of one word. */
  readonly kind: "words" | "characters"
  /**
   * As the kernel sees it: folded, what is ignored left out. `<` and `>` are the ends of a word, `^` and `$` those of the
   * text: all four part words, so no word contains them. A byte that belongs to no character is written `\xNN`.
   */
  readonly text: string
  /** The words that it touches, by place: from `firstWord` to `lastWord`. */
  readonly firstWord: number
  readonly lastWord: number
}
export interface ReadText {
  readonly words: readonly Stretch[]
  /** In the order of the kernel, equal ones as often as they occur there. */
  readonly grams: readonly Gram[]
}

/**
 * The n-grams of a text with their places: what kernels/ngrams.ts computes, again, to be read by people. It says nothing
 * that the kernel does not: whoever uses it compares its slots with those that the kernel gave (run/contributions.ts).
 */
export function readNgrams(bytes: Uint8Array, options: NgramOptions): ReadText {
  const words = wordsOf(bytes.subarray(0, options.bytesMax))
  const grams: Gram[] = []
  const opening = words[0]?.[0]?.start ?? 0
  const passed: Passed[] = [{ hash: OPEN, text: "^", start: opening, end: opening, place: 0 }]
  const endWord = (word: Passed, least: number): void => {
    passed.push(word)
    for (let n = least; n <= Math.min(options.wordsMax, passed.length); n++)
      grams.push(...Array<Gram>(options.wordTimes ?? 1).fill(wordGram(passed.slice(-n), options)))
  }
  words.forEach((word, place) => {
    const [first, last] = [word[0]!, word.at(-1)!]
    const symbols = [{ ...first, code: OPEN, end: first.start }, ...word, { ...last, code: CLOSE, start: last.end }]
    symbols.forEach((_, at) => {
      for (let n = options.charactersMin; n <= Math.min(options.charactersMax, at + 1); n++)
        grams.push(characterGram(symbols.slice(at + 1 - n, at + 1), place, options))
    })
    const hash = polynomial([OPEN, ...word.map(({ code }) => code)])
    endWord({ hash, text: word.map(characterOf).join(""), start: first.start, end: last.end, place }, 1)
  })
  const { end } = passed.at(-1)!
  if (words.length > 0) endWord({ hash: CLOSE, text: "$", start: end, end, place: words.length - 1 }, 2)
  return { words: words.map((word) => ({ start: word[0]!.start, end: word.at(-1)!.end })), grams }
}

/** A code point, folded, or a byte that begins none. */
interface Symbol extends Stretch {
  readonly code: number
}
/** A word that has been read, or an end of the text. */
interface Passed extends Stretch {
  readonly hash: number
  readonly text: string
  readonly place: number
}

function wordGram(run: readonly Passed[], options: NgramOptions): Gram {
  const [first, last] = [run[0]!, run.at(-1)!]
  return {
    slot: slotOf(
      run.map(({ hash }) => hash),
      1,
      options,
    ),
    kind: "words",
    text: run.map(({ text }) => text).join(" "),
    start: first.start,
    end: last.end,
    firstWord: first.place,
    lastWord: last.place,
  }
}
function characterGram(run: readonly Symbol[], place: number, options: NgramOptions): Gram {
  return {
    slot: slotOf(
      run.map(({ code }) => code),
      2,
      options,
    ),
    kind: "characters",
    text: run.map(characterOf).join(""),
    start: run[0]!.start,
    end: run.at(-1)!.end,
    firstWord: place,
    lastWord: place,
  }
}

function characterOf({ code }: Symbol): string {
  if (code === OPEN) return "<"
  if (code === CLOSE) return ">"
  return code < MALFORMED ? String.fromCodePoint(code) : `\\x${(code - MALFORMED).toString(16)}`
}

const polynomial = (codes: readonly number[]): number =>
  codes.reduce((sum, code) => (Math.imul(sum, POWER) + code) | 0, 0)
function slotOf(codes: readonly number[], kind: 1 | 2, { buckets }: NgramOptions): number {
  let h = polynomial(codes) ^ seedOf(kind, codes.length)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return Math.imul(h >>> 16, buckets) >>> 16
}

/** The words of a text as folded symbols. */
function wordsOf(bytes: Uint8Array): readonly (readonly Symbol[])[] {
  const words: Symbol[][] = [[]]
  for (let at = 0; at < bytes.length; ) {
    const [point, length] = sequenceAt(bytes, at)
    const [code, kind] = classed(point)
    const symbol = { code, start: at, end: at + length }
    if (kind === CLASS.letter) words.at(-1)!.push(symbol)
    else if (kind === CLASS.separator) words.push([])
    else if (kind === CLASS.alone) words.push([symbol], [])
    at += length
  }
  return words.filter(({ length }) => length > 0)
}

/** The code point that begins at a byte, and how many it takes; a byte at which none does is a symbol of its own. */
function sequenceAt(bytes: Uint8Array, at: number): readonly [point: number, length: number] {
  const lead = bytes[at]!
  if (lead < 0x80) return [lead, 1]
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  const tail = bytes.subarray(at + 1, at + length)
  const point = tail.reduce((sum, byte) => (sum << 6) | (byte & 0x3f), lead & (0x7f >> length))
  const isWhole = tail.length === length - 1 && tail.every((byte) => (byte & 0xc0) === 0x80)
  const isShortest = point >= [0x80, 0x800, 0x10000][length - 2]! && lead >= 0xc2
  const isScalar = point <= 0x10ffff && lead <= 0xf4 && (point < 0xd800 || point > 0xdfff)
  return isWhole && isShortest && isScalar ? [point, length] : [MALFORMED + lead, 1]
}

function classed(point: number): readonly [code: number, kind: Class] {
  if (point < 0x80) {
    const folded = point >= 0x41 && point <= 0x5a ? point + 32 : point
    const isLetter = (folded >= 0x61 && folded <= 0x7a) || (point >= 0x30 && point <= 0x39) || point === 0x27
    return [folded, isLetter ? CLASS.letter : CLASS.separator]
  }
  const range = RANGES.find(({ first, last }) => first <= point && point <= last)
  if (range === undefined) return [point, CLASS.letter]
  const folds = !range.alternate || (point - range.first) % 2 === 0
  return [folds ? point + range.fold : point, range.class]
}
