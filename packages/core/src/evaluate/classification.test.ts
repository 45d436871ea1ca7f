import fc from "fast-check"
import { expect, test } from "vitest"
import { SEED } from "../ir/testing/hostile.ts"
import { accuracy, auroc, bits, confusions, operating, type Scored, unsureThreshold } from "./classification.ts"

const scored = (expected: string | undefined, guess: string, evidence = 0, more: Partial<Scored> = {}): Scored => ({
  ...{ text: "", expected, guess, isSure: true, evidence, probability: 0, probabilityOfExpected: 0 },
  ...more,
})

test(`auroc is the share of pairs in which the positive wins, ties half (SEED=${SEED})`, () => {
  const scores = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(Infinity, -Infinity)), {
    minLength: 1,
  })
  fc.assert(
    fc.property(scores, scores, (positives, negatives) => {
      const wins = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)))
      expect(auroc(positives, negatives)).toBeCloseTo(wins.reduce<number>((a, b) => a + b, 0) / wins.length, 12)
    }),
    { seed: SEED },
  )
  expect([auroc([2, 3], [0, 1]), auroc([0], [1]), auroc([1], [1])]).toEqual([1, 0, 0.5])
  expect([auroc([], [1]), auroc([1], [])]).toEqual([Number.NaN, Number.NaN])
})

const value = (all: readonly Scored[], threshold: number): number => {
  const outside = all.filter(({ expected }) => expected === undefined)
  const kept = all.filter(({ expected, guess, evidence }) => expected === guess && evidence * 256 >= threshold)
  const refused = outside.filter(({ evidence }) => evidence * 256 < threshold)
  return kept.length / Math.max(1, all.length - outside.length) + refused.length / outside.length
}
test(`the threshold is the best there is, and of equally good ones the lowest that evidence shows (SEED=${SEED})`, () => {
  const some = fc.tuple(
    fc.constantFrom("a", "b", undefined),
    fc.constantFrom("a", "b"),
    fc.integer({ min: -9, max: 9 }),
  )
  fc.assert(
    fc.property(fc.array(some, { maxLength: 20 }), fc.integer({ min: -9, max: 9 }), (parts, last) => {
      const all = [...parts, [undefined, "a", last] as const].map(([e, g, units]) => scored(e, g, units / 256))
      const candidates = Array.from({ length: 22 }, (_, i) => i - 10)
      const best = Math.max(...candidates.map((each) => value(all, each)))
      const found = unsureThreshold(all)
      expect(value(all, found)).toBe(best)
      const relevant = all.filter(({ expected, guess }) => expected === undefined || expected === guess)
      const lowest = Math.min(...relevant.map(({ evidence }) => evidence * 256))
      expect(found).toBe(Math.max(lowest, candidates.find((each) => value(all, each) === best)!))
    }),
    { seed: SEED, numRuns: 300 },
  )
})
test("texts that fit no label but look surer than the others make nothing unsure: right answers count as much", () => {
  expect(unsureThreshold([scored("a", "a", 1), scored(undefined, "a", 5)])).toBe(256)
})
test("without texts that fit no label, 2 % of the right answers fall below the threshold", () => {
  const all = Array.from({ length: 100 }, (_, i) => scored("a", "a", i / 256))
  expect(unsureThreshold([...all, scored("b", "a", -5)])).toBe(2)
  expect(unsureThreshold([])).toBe(0)
})

test("accuracy and bits look at texts with a label alone", () => {
  const all = [
    scored("a", "a", 0, { probabilityOfExpected: 0.5 }),
    scored("a", "b", 0, { probabilityOfExpected: 0.125, isSure: false }),
    scored(undefined, "a", 0, { isSure: false }),
  ]
  expect([accuracy(all), bits(all)]).toEqual([0.5, 2])
  expect(bits([scored("a", "b", 0, { probabilityOfExpected: 0 })])).toBe(17)
  expect([accuracy([]), bits([])]).toEqual([Number.NaN, Number.NaN])
  expect(operating(all)).toEqual({ answeredRight: 0.5, answeredWrong: 0, refused: 1 })
})

test("confusions come most often first, then by the names of the labels, with a few texts each", () => {
  const pairs = [
    ["b", "a"],
    ["ab", "c"],
    ["a", "bc"],
    ["a", "b"],
    ["b", "a"],
    ["a", "a"],
  ] as const
  const all = pairs.map(([expected, guess], i) => scored(expected, guess, 0, { text: `${i}` }))
  for (const order of [all, all.toReversed()])
    expect(confusions(order).map(({ expected, guess, count }) => `${expected}>${guess} ${count}`)).toEqual([
      "b>a 2",
      "a>b 1",
      "a>bc 1",
      "ab>c 1",
    ])
  expect(confusions(all, 1)[0]!.examples).toEqual(["0"])
  expect(confusions([scored(undefined, "a")])).toEqual([])
})
