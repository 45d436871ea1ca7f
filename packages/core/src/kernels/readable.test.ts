import fc from "fast-check"
import { expect, test } from "vitest"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { type NgramOptions, ngrams } from "./ngrams.ts"
import { readNgrams } from "./readable.ts"
import { ngramOptionsOf } from "./recognise.ts"
import { wordsOf } from "./testing/ngrams.ts"

const OPTIONS: NgramOptions = { bytesMax: 48, buckets: 4096, wordsMax: 3, charactersMin: 2, charactersMax: 5 }
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

function kernelOf(options: NgramOptions): (bytes: Uint8Array) => readonly number[] {
  const { memory, run } = wasmEngine.instantiate(ngrams(options))
  return (bytes) => {
    memory["text"]!.fill(0xbf) // continues what should be over
    memory["text"]!.set(bytes.subarray(0, options.bytesMax))
    memory["length"]![0] = bytes.length
    run()
    return [...memory["slots"]!.slice(0, memory["count"]![0]!)]
  }
}
const slotsOf = (bytes: Uint8Array, options = OPTIONS): readonly number[] =>
  readNgrams(bytes, options).grams.map(({ slot }) => slot)

/** Bytes near the edges of UTF-8 as often as any. */
const EDGES = [
  0x20, 0x41, 0x61, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3, 0xdf, 0xe0, 0xe4, 0xed, 0xef, 0xf0, 0xf4,
  0xf5, 0xff,
]
const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...EDGES))
const hostile = fc.array(byte, { maxLength: 60 }).map((all) => Uint8Array.from(all))
const written = fc.string({ unit: "binary", maxLength: 24 }).map(bytesOf)
const pasted = fc
  .array(
    fc.constantFrom(
      "where ",
      "Is",
      "É",
      "don’t ",
      "字",
      "😀",
      "\u200b",
      "e\u0301",
      "\u00ad",
      "ß",
      ",",
      "Ά",
      "　",
      "ｗ",
    ),
    { maxLength: 16 },
  )
  .map((all) => bytesOf(all.join("")))

test(`n-grams read for people fall into the kernel's slots, in its order: 6,000 random and hostile texts (SEED=${SEED})`, () => {
  const kernel = kernelOf(OPTIONS)
  fc.assert(
    fc.property(fc.oneof(hostile, written, pasted), (bytes) => {
      expect(slotsOf(bytes)).toEqual(kernel(bytes))
    }),
    { seed: SEED, numRuns: 6000 },
  )
})
test(`with every option too (SEED=${SEED})`, () => {
  for (const wordsMax of [1, 2, 3])
    for (const [charactersMin, charactersMax] of [
      [2, 5],
      [3, 4],
      [5, 5],
      [2, 2],
    ] as const)
      for (const [buckets, wordTimes] of [
        [1, 1],
        [97, 4],
        [65536, 3],
      ] as const) {
        const options = { ...OPTIONS, buckets, wordsMax, charactersMin, charactersMax, wordTimes }
        const kernel = kernelOf(options)
        fc.assert(
          fc.property(fc.oneof(hostile, written), (bytes) => {
            expect(slotsOf(bytes, options)).toEqual(kernel(bytes))
          }),
          { seed: SEED, numRuns: 20 },
        )
      }
})
test("every scalar value of the first planes' comb, and the ends of every length", () => {
  const kernel = kernelOf(OPTIONS)
  const ends = [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff]
  const comb = Array.from({ length: 1500 }, (_, i) => (i * 743) % 0x110000)
  for (const point of [...ends, ...comb].filter((p) => p < 0xd800 || p > 0xdfff)) {
    const bytes = bytesOf(String.fromCodePoint(point, 0x61))
    expect(slotsOf(bytes)).toEqual(kernel(bytes))
  }
})

test(`an n-gram stands where its characters stand (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.oneof(written, pasted, hostile), (bytes) => {
      const { grams, words } = readNgrams(bytes, OPTIONS)
      for (const { text, start, end, firstWord, lastWord } of grams) {
        const there = wordsOf(bytes.subarray(0, OPTIONS.bytesMax).subarray(start, end)).flat()
        const letters = there.map((p) => (p < 0x110000 ? String.fromCodePoint(p) : `\\x${(p - 0x110000).toString(16)}`))
        expect(text.replace(/[<>^$ ]/g, "")).toBe(letters.join(""))
        expect(start >= words[firstWord]!.start && end <= words[lastWord]!.end).toBe(true)
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
})
test("what n-grams there are, as they are written", () => {
  const { grams, words } = readNgrams(bytesOf("Où IS, it"), {
    ...OPTIONS,
    wordsMax: 2,
    charactersMin: 3,
    charactersMax: 4,
  })
  expect(words).toEqual([
    { start: 0, end: 3 },
    { start: 4, end: 6 },
    { start: 8, end: 10 },
  ])
  expect(grams.map(({ text, start, end }) => `${text} ${start}-${end}`)).toEqual([
    ...["<où 0-3", "où> 0-3", "<où> 0-3", "où 0-3", "^ où 0-3"],
    ...["<is 4-6", "is> 4-6", "<is> 4-6", "is 4-6", "où is 0-6"],
    ...["<it 8-10", "it> 8-10", "<it> 8-10", "it 8-10", "is it 4-10", "it $ 8-10"],
  ])
  expect(readNgrams(Uint8Array.of(0x61, 0xff), OPTIONS).grams[0]!.text).toBe("<a")
  expect(readNgrams(Uint8Array.of(0x61, 0xff), OPTIONS).grams.some(({ text }) => text === "a\\xff>")).toBe(true)
})

test("the options of a kernel are found from its program, and those of another program are not", () => {
  const other = { bytesMax: 7, buckets: 97, wordsMax: 1, charactersMin: 5, charactersMax: 5 }
  const counted = [2, 3, 4].flatMap((wordTimes) => [
    { ...OPTIONS, wordTimes },
    { ...other, bytesMax: 1, wordTimes },
  ])
  for (const options of [OPTIONS, other, ...counted])
    expect(ngramOptionsOf(ngrams(options), options.buckets)).toEqual(options)
  const program = ngrams(OPTIONS)
  expect(ngramOptionsOf(program, 4095)).toBeUndefined()
  expect(ngramOptionsOf({ ...program, body: program.body.slice(1) }, 4096)).toBeUndefined()
  expect(ngramOptionsOf({ ...program, buffers: [] }, 4096)).toBeUndefined()
})
