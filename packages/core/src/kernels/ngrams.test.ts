import fc from "fast-check"
import { expect, test } from "vitest"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { type NgramOptions, ngrams, ngramsMax } from "./ngrams.ts"
import { decoded, plainNgrams, textWords } from "./testing/ngrams.ts"

const OPTIONS: NgramOptions = { bytesMax: 48, buckets: 4096, wordsMax: 3, charactersMin: 2, charactersMax: 5 }
type Kernel = (bytes: Uint8Array, length?: number) => readonly number[]
function kernelOn(engine: Engine, options: NgramOptions = OPTIONS): Kernel {
  const program = ngrams(options)
  expect(validate(program)).toEqual([])
  const { memory, run } = engine.instantiate(program)
  return (bytes, length = bytes.length) => {
    memory["text"]!.fill(0xbf) // continues what should be over
    memory["text"]!.set(bytes.subarray(0, options.bytesMax))
    memory["length"]![0] = length
    run()
    return [...memory["slots"]!.slice(0, memory["count"]![0]!)]
  }
}
const [judge, wasm] = [kernelOn(interpreterEngine), kernelOn(wasmEngine)]
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const gramsOf = (text: string): readonly number[] => wasm(bytesOf(text))
const same = (a: string, b: string): void => expect([a, gramsOf(a)]).toEqual([a, gramsOf(b)])
const differ = (a: string, b: string): void => expect(gramsOf(a)).not.toEqual(gramsOf(b))

/** Bytes near the edges of UTF-8 as often as any. */
const byte = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.constantFrom(
    ...[
      0x20, 0x41, 0x61, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xc3, 0xdf, 0xe0, 0xe4, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff,
    ],
  ),
)
const bytes = fc.array(byte, { maxLength: 60 }).map((all) => Uint8Array.from(all))

test(`wasm, the judge and a plain reimplementation agree on 2,000 random byte strings, longer ones too (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const wanted = plainNgrams(text, OPTIONS)
      expect(wasm(text)).toEqual(wanted)
      expect(judge(text)).toEqual(wanted)
    }),
    { seed: SEED, numRuns: 2000 },
  )
})
test(`they agree on texts of many scripts and with every option (SEED=${SEED})`, () => {
  const text = fc.string({ unit: "binary", maxLength: 20 })
  for (const wordsMax of [1, 2, 3])
    for (const [charactersMin, charactersMax] of [
      [2, 5],
      [3, 4],
      [5, 5],
      [2, 2],
    ] as const)
      for (const buckets of [1, 97, 65536]) {
        const options = { ...OPTIONS, buckets, wordsMax, charactersMin, charactersMax }
        const kernel = kernelOn(wasmEngine, options)
        fc.assert(
          fc.property(text, (each) => {
            expect(kernel(bytesOf(each))).toEqual(plainNgrams(bytesOf(each), options))
          }),
          { seed: SEED, numRuns: 20 },
        )
      }
})

test("every sampled scalar value is decoded as WHATWG does, the ends of every length among them", () => {
  const ends = [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff]
  const comb = Array.from({ length: 1100 }, (_, i) => (i * 1013) % 0x110000)
  for (const point of [...ends, ...comb].filter((p) => p < 0xd800 || p > 0xdfff)) {
    const text = bytesOf(String.fromCodePoint(point, 0x61))
    expect(decoded(text)).toEqual([point, 0x61]) // so the oracle is right
    expect(wasm(text)).toEqual(plainNgrams(text, OPTIONS))
  }
})
test("each byte at which no whole sequence starts is a letter of its own", () => {
  const broken = [
    [0xe2, 0x82],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xe0, 0x9f, 0xbf],
    [0xff],
    [0x80],
    [0xc3],
    [0xf0, 0x9f, 0x98],
  ]
  for (const each of broken) {
    expect(decoded(Uint8Array.from(each))).toEqual(each.map((b) => 0x110000 + b))
    expect(wasm(Uint8Array.from(each))).toEqual(plainNgrams(Uint8Array.from(each), OPTIONS))
    expect(wasm(Uint8Array.from(each)).length).toBe(plainNgrams(bytesOf("x".repeat(each.length)), OPTIONS).length)
  }
  expect(decoded(Uint8Array.of(0xe2, 0x82, 0x41))).toEqual([0x1100e2, 0x110082, 0x41]) // WHATWG makes one U+FFFD of two
})
test("bytes after `length` are never read, and a length out of range is clamped", () => {
  const cut = bytesOf("ab\u20ac").subarray(0, 4) // the third byte of the sign is missing, and 0xbf lies behind
  expect(wasm(cut)).toEqual(plainNgrams(cut, OPTIONS))
  const full = bytesOf(`${"x".repeat(46)}é`).subarray(0, 48)
  expect(wasm(full, 47)).toEqual(plainNgrams(full.subarray(0, 47), OPTIONS))
  expect([wasm(full, 0), wasm(full, -5), wasm(full, -(2 ** 31))]).toEqual([[], [], []])
  expect(wasm(full, 2 ** 31 - 1)).toEqual(wasm(full, 48))
})
test("a text beyond bytesMax is cut there; half a character at the cut is letters of its own", () => {
  const long = bytesOf(`${"a".repeat(47)}é and more`)
  expect(wasm(long)).toEqual(plainNgrams(Uint8Array.of(...bytesOf("a".repeat(47)), 0xc3), OPTIONS))
})

test("capitals fold in Latin, Vietnamese, Greek, Cyrillic, Armenian and full width", () => {
  const pairs = [
    ["É", "é"],
    ["Я", "я"],
    ["Σ", "σ"],
    ["ς", "σ"],
    ["Ŵ", "ŵ"],
    ["Ÿ", "ÿ"],
    ["ẞ", "ß"],
    ["Ơ", "ơ"],
    ["Ư", "ư"],
    ["Ộ", "ộ"],
    ["Ə", "ə"],
    ["Ә", "ә"],
    ["Ӏ", "ӏ"],
    ["Ё", "ё"],
    ["Ա", "ա"],
    ["Ａ", "a"],
    ["９", "9"],
    ["Ș", "ș"],
    ["Ά", "ά"],
  ]
  for (const [a, b] of pairs) same(a!, b!)
  same("HELLO", "hello")
  for (const [a, b] of [
    ["é", "e"],
    ["ı", "i"],
    ["ß", "ss"],
    ["ё", "е"],
  ])
    differ(a!, b!)
})
test("a typographic apostrophe is the plain one, and belongs to its word", () => {
  same("don’t", "don't")
  expect(textWords("don’t rock'n'roll")).toEqual(["don't", "rock'n'roll"])
})
test("words end where a script says so", () => {
  expect(textWords("one,two;three—four…five  six\nseven")).toEqual([
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
  ])
  expect(textWords("привет,мир! «как» дела?")).toEqual(["привет", "мир", "как", "дела"])
  expect(textWords("مرحبا، كيف؟")).toEqual(["مرحبا", "كيف"])
  expect(textWords("नमस्ते। दुनिया")).toEqual(["नमस्ते", "दुनिया"])
  expect(textWords("γεια; τι·κάνεις")).toEqual(["γεια", "τι", "κάνεισ"])
  expect(textWords("¿qué? a×b ½")).toEqual(["qué", "a", "b"])
})
test("ideographs and emoji are words of their own; kana and hangul are letters", () => {
  expect(textWords("中文a字")).toEqual(["中", "文", "a", "字"])
  expect(textWords("hi😀😀there☀")).toEqual(["hi", "😀", "😀", "there", "☀"])
  expect(textWords("ひらがな、カタカナ")).toEqual(["ひらがな", "カタカナ"])
  expect(textWords("안녕 세계")).toEqual(["안녕", "세계"])
})
test("what has no width is ignored: joiners, variation selectors, accents that stand alone, a byte order mark", () => {
  same("he\u200bllo", "hello")
  same("a\u00adb", "ab")
  same("\ufeffhello", "hello")
  same("❤\ufe0f", "❤")
  same("e\u0301", "e") // decomposed accents are dropped, composed ones are letters
})
test("a text without words has no n-grams", () => {
  for (const empty of ["", " ", "?!…", "\u200b", "—"]) expect(gramsOf(empty)).toEqual([])
})
test("the order of words counts, white space and case do not", () => {
  differ("dog bites man", "man bites dog")
  same("Dog  bites\tMAN!", "dog bites man")
})

test(`runs of words count as often as they are told to, runs of characters once (SEED=${SEED})`, () => {
  const once = kernelOn(wasmEngine, { ...OPTIONS, bytesMax: 12, wordsMax: 1, charactersMin: 5 })
  const thrice = kernelOn(wasmEngine, { ...OPTIONS, bytesMax: 12, wordsMax: 1, charactersMin: 5, wordTimes: 3 })
  const [characters, word] = once(bytesOf("old")) as [number, number] // `<old>` and the word
  expect(thrice(bytesOf("old"))).toEqual([characters, word, word, word])
  for (const wordTimes of [1, 2, 3, 4]) {
    const options = { ...OPTIONS, wordTimes }
    const [kernel, judge] = [kernelOn(wasmEngine, options), kernelOn(interpreterEngine, options)]
    fc.assert(
      fc.property(bytes, (text) => {
        const wanted = plainNgrams(text, options)
        expect(kernel(text)).toEqual(wanted)
        expect(judge(text)).toEqual(wanted)
      }),
      { seed: SEED, numRuns: 200 },
    )
  }
  expect(ngrams({ ...OPTIONS, wordTimes: 1 })).toEqual(ngrams(OPTIONS))
})
test("where words count more than once, no text has as many n-grams as ngramsMax says, and many short words come near", () => {
  const pieces = ["a", " ", "é", "字", "😀"].map(bytesOf)
  for (const wordTimes of [2, 3, 4]) {
    const kernel = kernelOn(wasmEngine, { ...OPTIONS, bytesMax: 400, wordTimes })
    const within = (text: readonly number[]): void =>
      expect(kernel(Uint8Array.from(text)).length).toBeLessThan(ngramsMax(text.length, wordTimes))
    const search = (text: readonly number[], left: number): void => {
      within(text)
      if (left > 0) for (const piece of pieces) search([...text, ...piece], left - 1)
    }
    search([], 4)
    for (let words = 0; words < 2 ** 10; words++)
      within(Array.from({ length: 10 }, (_, i) => ((words >> i) & 1 ? 0x61 : 0x20))) // every way to part ten bytes
    expect(kernel(bytesOf("a ".repeat(10).trim())).length).toBe(ngramsMax(19, wordTimes) - 1)
  }
})

test("no text has as many n-grams as ngramsMax says, and one long word comes within two of it", () => {
  const bytesMax = 12
  const kernel = kernelOn(wasmEngine, { ...OPTIONS, bytesMax })
  const pieces = ["a", " ", "é", "字", "😀"].map(bytesOf)
  let most = 0
  const search = (text: readonly number[], left: number): void => {
    const { length } = kernel(Uint8Array.from(text))
    most = Math.max(most, length)
    expect(length).toBeLessThan(ngramsMax(text.length))
    if (left > 0)
      for (const piece of pieces) search([...text, ...piece], left - piece.length >= 0 ? left - piece.length : 0)
  }
  for (let words = 0; words < 2 ** 10; words++) {
    const text = Array.from({ length: 10 }, (_, i) => ((words >> i) & 1 ? 0x61 : 0x20)) // every way to part ten bytes
    most = Math.max(most, kernel(Uint8Array.from(text)).length)
    expect(kernel(Uint8Array.from(text)).length).toBeLessThanOrEqual(ngramsMax(10) - 2)
  }
  search([], 5)
  for (const letter of [0x61, 0xff, 0x80])
    expect(kernel(new Uint8Array(bytesMax).fill(letter)).length).toBe(ngramsMax(bytesMax) - 2)
  expect(most).toBe(ngramsMax(10) - 2)
})

test("published slots stay: weights are for them", () => {
  const texts = ["hi", "Where is my parcel?", "Où est mon colis ?", "我的包裹在哪里", "😀 \u00ff"]
  expect(texts.map((text) => gramsOf(text).join(" "))).toMatchInlineSnapshot(`
    [
      "761 2991 2113 2593 591 1748 4068 3534 3676 395",
      "3820 3927 3690 3757 1116 3421 2358 3569 2548 3214 2762 2678 1727 3466 2003 526 1542 2204 1797 673 1996 2984 961 1435 3263 1074 424 3019 1579 1721 1487 2210 1196 362 3614 1198 2796 1772 932 731 2103 1658 3256 2371 1321 1615 3042 3550 4090 1686 3896 2373 1451 2311 2631 2886 1181 2421 169 3781 2665 822 4005 3823 2709",
      "2186 2598 2760 141 852 1320 3721 1230 1281 17 423 3227 1685 2672 1519 643 2389 3710 132 1705 563 1721 2468 3456 2581 2412 4015 3288 2345 1104 2435 962 474 2479 1091 3062 3068 666 347 2458 3128 1328 1391 3315 2984 1908 144 1939 1435 3263 527 1166 916 777 429 36 3223",
      "1337 1798 143 1727 1199 735 1587 3165 3053 2128 4085 2324 2258 2193 1156 3829 2565 3335 2351 2967 460 365 438 4089 1882 295 2456 1718 196 1666 96 3952 2967 1602 325 384 248 4052 1346 861 3240 3460 4028",
      "69 1383 3933 93 584 3506 242 725 1340 2823 3381 3094 962",
    ]
  `)
})
