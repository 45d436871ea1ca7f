import {
  add,
  and,
  belowU,
  buffer,
  clamp,
  equal,
  i32,
  less,
  lessOrEqual,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  min,
  mul,
  or,
  select,
  set,
  shl,
  shrU,
  store,
  sub,
  table,
  total,
  when,
  xor,
} from "../ir/build.ts"
import type { Block, Buffer, Expression, Program, Statement } from "../ir/program.ts"
import { CLASS, RANGES } from "./letters.ts"

export interface NgramOptions {
  /** Bytes of text that are read; what lies beyond counts as absent. */
  readonly bytesMax: number
  /** Slots of the table, 1 … 65536. */
  readonly buckets: number
  /** Runs of one word up to this many, 1 … 3. */
  readonly wordsMax: number
  /** Runs of characters from this many, 2 … 5, */
  readonly charactersMin: number
  /** to this many, 2 … 5. */
  readonly charactersMax: number
  /** How often each run of words counts, 1 … 4 (absent: once), since there are about four of characters to a letter. */
  readonly wordTimes?: number
}
export const WORD_TIMES_MAX = 4
/**
 * No text of n bytes has as many n-grams as this. A word of k letters takes k bytes, and all but the last one more that
 * parts it from the next; an ideograph takes three alone. `<word>` has k + 2 symbols, so at most 4k − 1 runs of 2 to 5 of
 * them: w words have at most 4(n + 1) − 5w. They have at most 3w + 1 runs of words, each of which counts t times: in all
 * 4n + 4 + t + (3t − 5)w at most. Once each, that is most for a single word, 4n + 3; more often it grows with w, and as a
 * word takes two bytes with what parts it from the next, w is at most (n + 1) / 2.
 */
export function ngramsMax(bytesMax: number, wordTimes = 1): number {
  if (wordTimes === 1) return 4 * bytesMax + 4
  return 4 * bytesMax + 5 + wordTimes + (3 * wordTimes - 5) * Math.floor((bytesMax + 1) / 2)
}

/**
 * The hashed n-grams of a text: words, and pairs and triples of neighbouring words (the ends of the text count as
 * words), and runs of 2 to 5 characters of `<word>`, each as a slot of a table; equal n-grams as often as they occur, runs
 * of words `wordTimes` as often, one after the other.
 *
 * Shapes: text u8 [bytesMax], length i32 [1] → slots u16 [ngramsMax], count i32 [1].
 * Numbers: integers only. UTF-8 is decoded strictly; each byte at which no whole sequence starts is a letter of its
 * own (where WHATWG's decoder makes one U+FFFD of several), so any bytes have n-grams, also those of a character that
 * `length` or `bytesMax` cuts. Capitals are folded and words told apart by letters.ts, never by the host.
 * Source: Joulin et al. 2017 and Bojanowski et al. 2017 for the features, Appleby's MurmurHash3 for the finaliser.
 */
export function ngrams(options: NgramOptions): Program {
  const { bytesMax } = options
  const most = ngramsMax(bytesMax, options.wordTimes)
  const [text, length] = [buffer("input", "u8", "text", bytesMax), buffer("input", "i32", "length", 1)]
  const [slots, count] = [buffer("output", "u16", "slots", most), buffer("output", "i32", "count", 1)]
  const symbols = buffer("scratch", "i32", "symbols", 2 * bytesMax + 2)
  const ranges = rangesTable()
  return {
    name: "ngrams",
    buffers: [text, length, slots, count, symbols, ranges],
    body: [...spell(text, length, symbols, ranges, bytesMax), ...hash(symbols, slots, count, options)],
  }
}

export const rangesTable = (): Buffer =>
  table(
    "i32",
    "ranges",
    RANGES.flatMap((r) => [r.first, r.last, r.fold, r.class, r.alternate ? 1 : 0]),
  )

/** Symbols beside code points: none of them is one. A byte that fits no sequence follows the last code point. */
export const OPEN = -1,
  CLOSE = -2,
  MALFORMED = 0x110000

const v = local
const at = (row: Expression, column: number): Expression => add(mul(row, i32(5)), i32(column))
const between = (value: Expression, low: number, high: number): Expression =>
  belowU(sub(value, i32(low)), i32(high - low + 1))

/** First pass: the text as folded code points, each word between OPEN and CLOSE; `symbol_count` says how many. */
function spell(text: Buffer, length: Buffer, symbols: Buffer, ranges: Buffer, bytesMax: number): Block {
  const { bytes, before, step, close } = spelling(text, length, symbols, ranges, bytesMax)
  return [bytes, ...before, loopUpTo("i", v("bytes"), bytesMax, [step]), close]
}

/** What spelling is made of: what is known before the first byte, what is done with the byte `i`, and after the last one. */
interface Spelling {
  readonly bytes: Statement
  readonly before: Block
  readonly step: Statement
  readonly close: Statement
}
/** Symbols are put behind each other from `symbol_count` on: for one byte SYMBOLS_OF_BYTE at most. */
export function spelling(text: Buffer, length: Buffer, symbols: Buffer, ranges: Buffer, bytesMax: number): Spelling {
  const put = (symbol: Expression): Block => [
    store(symbols, clamp(v("symbol_count"), 0, symbols.length - 1), symbol),
    set("symbol_count", add(v("symbol_count"), i32(1))),
  ]
  const open = when(equal(v("in_word"), 0), [...put(i32(OPEN)), set("in_word", i32(1))])
  const close = when(v("in_word"), [...put(i32(CLOSE)), set("in_word", i32(0))])
  /** The byte that lies `ahead`, or 0, which continues nothing. */
  const next = (ahead: number): Expression => {
    const index = add(v("i"), i32(ahead))
    return select(less(index, v("bytes")), load(text, min(index, i32(bytesMax - 1))), i32(0))
  }
  const continues = (byte: string): Expression => equal(and(v(byte), 0xc0), 0x80)
  const bits = (byte: string, shift: number): Expression => shl(and(v(byte), 0x3f), shift)
  const decode: Block = [
    let_("byte1", next(1)),
    let_("byte2", next(2)),
    let_("byte3", next(3)),
    let_("two", or(shl(and(v("byte0"), 0x1f), 6), bits("byte1", 0))),
    let_("three", or(or(shl(and(v("byte0"), 0x0f), 12), bits("byte1", 6)), bits("byte2", 0))),
    let_("four", or(or(shl(and(v("byte0"), 0x07), 18), bits("byte1", 12)), or(bits("byte2", 6), bits("byte3", 0)))),
    let_("is_two", and(between(v("byte0"), 0xc2, 0xdf), continues("byte1"))),
    let_("tail2", and(continues("byte1"), continues("byte2"))),
    let_("is_scalar", and(lessOrEqual(i32(0x800), v("three")), equal(between(v("three"), 0xd800, 0xdfff), 0))),
    let_("is_three", and(and(between(v("byte0"), 0xe0, 0xef), v("tail2")), v("is_scalar"))),
    let_("in_planes", between(v("four"), 0x10000, 0x10ffff)),
    let_("is_four", and(and(between(v("byte0"), 0xf0, 0xf4), and(v("tail2"), continues("byte3"))), v("in_planes"))),
    set(
      "symbol",
      select(
        v("is_two"),
        v("two"),
        select(v("is_three"), v("three"), select(v("is_four"), v("four"), add(v("byte0"), i32(MALFORMED)))),
      ),
    ),
    set("skip", select(v("is_two"), i32(1), select(v("is_three"), i32(2), select(v("is_four"), i32(3), i32(0))))),
    set("class", i32(CLASS.letter)),
    let_("code_point", v("symbol")),
    loop("r", RANGES.length, [
      let_("first", load(ranges, at(v("r"), 0))),
      let_(
        "hits",
        and(lessOrEqual(v("first"), v("code_point")), lessOrEqual(v("code_point"), load(ranges, at(v("r"), 1)))),
      ),
      let_("folds", equal(and(load(ranges, at(v("r"), 4)), sub(v("code_point"), v("first"))), 0)),
      when(v("hits"), [
        set("class", load(ranges, at(v("r"), 3))),
        set("symbol", add(v("code_point"), select(v("folds"), load(ranges, at(v("r"), 2)), i32(0)))),
      ]),
    ]),
  ]
  const ascii: Block = [
    let_("is_capital", between(v("byte0"), 0x41, 0x5a)),
    set("symbol", add(v("byte0"), select(v("is_capital"), i32(32), i32(0)))),
    let_(
      "is_letter",
      or(or(between(v("symbol"), 0x61, 0x7a), between(v("byte0"), 0x30, 0x39)), equal(v("byte0"), 0x27)),
    ),
    set("class", select(v("is_letter"), i32(CLASS.letter), i32(CLASS.separator))),
  ]
  const step = when(
    v("skip"),
    [set("skip", sub(v("skip"), i32(1)))],
    [
      let_("byte0", load(text, v("i"))),
      when(less(v("byte0"), i32(0x80)), ascii, decode),
      when(equal(v("class"), CLASS.letter), [open, ...put(v("symbol"))]),
      when(equal(v("class"), CLASS.separator), [close]),
      when(equal(v("class"), CLASS.alone), [close, open, ...put(v("symbol")), close]),
    ],
  )
  return {
    bytes: let_("bytes", clamp(load(length, i32(0)), 0, bytesMax)),
    before: ["symbol_count", "in_word", "skip", "symbol", "class"].map((name) => let_(name, i32(0))),
    ...{ step, close },
  }
}
/** An ideograph that ends a word and begins and ends one of its own. */
export const SYMBOLS_OF_BYTE = 4

export const POWER = 0x01000193 // FNV's prime: an n-gram is a polynomial in it
const POWERS = [1, POWER, Math.imul(POWER, POWER), Math.imul(POWER, Math.imul(POWER, POWER))]
POWERS.push(Math.imul(POWERS[3]!, POWER))
const GOLDEN = 0x9e3779b1
/** Words and characters, of each length, get seeds of their own, so that they do not meet. */
export const seedOf = (kind: 1 | 2, n: number): number => Math.imul(8 * kind + n, GOLDEN)
/** newest + older[0] · p + older[1] · p² + … */
const polynomial = (newest: Expression, older: readonly string[]): Expression =>
  total(newest, ...older.map((name, i) => mul(v(name), i32(POWERS[i + 1]!))))

/** Second pass: every n-gram of the symbols becomes a slot. */
function hash(symbols: Buffer, slots: Buffer, count: Buffer, options: NgramOptions): Block {
  const { before, step, end } = hashing(slots, options)
  return [
    ...before,
    loopUpTo("s", v("symbol_count"), symbols.length, [let_("now", load(symbols, v("s"))), ...step]),
    when(v("symbol_count"), end),
    store(count, i32(0), min(v("slot_count"), i32(slots.length))),
  ]
}

/** What hashing is made of: what is known before the first symbol, what is done with the symbol `now`, and after the last one. */
interface Hashing {
  readonly before: Block
  readonly step: Block
  readonly end: Block
}
/** Slots are put behind each other from `slot_count` on: for one symbol `slotsOfSymbol` at most. */
export function hashing(slots: Buffer, options: NgramOptions): Hashing {
  const most = slots.length
  let serial = 0
  const emit = (value: Expression, seed: number, times = 1): Block => {
    const [a, b, c] = ["a", "b", "c"].map((stem) => `mix_${stem}${serial}`) as [string, string, string]
    const put: Block = [
      store(slots, clamp(v("slot_count"), 0, most - 1), shrU(mul(shrU(v(c), 16), i32(options.buckets)), 16)),
      set("slot_count", add(v("slot_count"), i32(1))),
    ]
    const all = times === 1 ? put : [loop(`time${serial}`, times, put)]
    serial++
    return [
      let_(a, xor(value, i32(seed))),
      let_(b, mul(xor(v(a), shrU(v(a), 16)), i32(0x85ebca6b))),
      let_(c, mul(xor(v(b), shrU(v(b), 13)), i32(0xc2b2ae35))),
      ...all,
    ]
  }
  const before = ["before1", "before2"]
  const last = ["last1", "last2", "last3", "last4"]
  const shift = (names: readonly string[], newest: Expression): Block =>
    names.map((name, i) => set(name, i === 0 ? newest : v(names[i - 1]!))).toReversed()
  /** n-grams of words that end in `newest`; the first word of a text has only its OPEN before it. */
  const wordRuns = (newest: Expression, from: number): Block =>
    [1, 2, 3]
      .filter((n) => n >= from && n <= options.wordsMax)
      .flatMap((n) => {
        const run = emit(polynomial(newest, before.slice(0, n - 1)), seedOf(1, n), options.wordTimes)
        return n < 3 ? run : [when(less(i32(0), v("word_count")), run)]
      })
  const characterRuns = [2, 3, 4, 5]
    .filter((n) => n >= options.charactersMin && n <= options.charactersMax)
    .map((n) => when(less(i32(n - 1), v("place")), emit(polynomial(v("now"), last.slice(0, n - 1)), seedOf(2, n))))
  const endWord = [
    ...wordRuns(v("word"), 1),
    ...shift(before, v("word")),
    set("word_count", add(v("word_count"), i32(1))),
  ]
  const end = wordRuns(i32(CLOSE), 2)
  return {
    before: [
      ...["slot_count", "word_count", "word", "place"].map((name) => let_(name, i32(0))),
      let_("before1", i32(OPEN)),
      let_("before2", i32(0)),
      ...last.map((name) => let_(name, i32(0))),
    ],
    step: [
      when(equal(v("now"), OPEN), [set("place", i32(0)), set("word", i32(0))]),
      set("place", add(v("place"), i32(1))),
      ...characterRuns,
      ...shift(last, v("now")),
      when(equal(v("now"), CLOSE), endWord, [set("word", polynomial(v("now"), ["word"]))]),
    ],
    end,
  }
}
/** Runs of characters that end in a symbol, and of words, as often as each of them counts. */
export const slotsOfSymbol = ({ wordsMax, charactersMin, charactersMax, wordTimes = 1 }: NgramOptions): number =>
  Math.max(0, charactersMax - charactersMin + 1) + wordsMax * wordTimes
