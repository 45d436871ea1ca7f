import { expect, test } from "vitest"
import { calibrationError, coverageCurve, reliability, scopeCurve, thinned } from "./calibration.ts"
import { operating, type Scored } from "./classification.ts"
import { costOf, thresholdByCost } from "./cost.ts"

const answer = (expected: string | undefined, guess: string, probability: number, evidence = 0): Scored => ({
  ...{ text: "", expected, guess, isSure: true, evidence, probability, probabilityOfExpected: 0 },
})
const times = (count: number, each: Scored): readonly Scored[] => Array.from({ length: count }, () => each)

test("the calibration error is the mean gap between what is said and what is right, by stretch, by hand", () => {
  const some = [
    ...times(6, answer("a", "a", 0.9)), // of ten answers said at 0.9, six are right: a gap of 0.3
    ...times(4, answer("a", "b", 0.9)),
    ...times(5, answer("a", "a", 0.5)), // half of ten, said at 0.5: none
    ...times(5, answer("a", "b", 0.5)),
    ...times(99, answer(undefined, "b", 0.9)), // fit no label: say nothing
  ]
  expect(calibrationError(some)).toBeCloseTo(0.15, 12)
  expect(calibrationError([])).toBeNaN()
  // Of 15 stretches the last is (14/15, 1], the first holds 0; an edge belongs below.
  const places = (probability: number): number =>
    reliability([answer("a", "a", probability)]).findIndex(({ count }) => count === 1)
  expect([0, 1 / 15, 0.067, 0.5, 14 / 15, 0.94, 1].map(places)).toEqual([0, 0, 1, 7, 13, 14, 14])
  const [bin] = reliability(some, 2).slice(1)
  expect(bin).toMatchObject({ from: 0.5, to: 1, count: 10, right: 0.6 })
  expect(bin!.said).toBeCloseTo(0.9, 12)
})

test("accuracy by coverage goes from the surest down; equal evidence is answered together", () => {
  const some = [answer("a", "a", 1, 9), answer("a", "b", 1, 5), answer("a", "a", 1, 5), answer("a", "b", 1, 1)]
  expect(coverageCurve([...some, answer(undefined, "a", 1, 99)])).toEqual([
    { coverage: 0.25, accuracy: 1 },
    { coverage: 0.75, accuracy: 2 / 3 },
    { coverage: 1, accuracy: 0.5 },
  ])
  expect(coverageCurve([])).toEqual([])
})

const MIXED = [
  ...[answer("a", "a", 1, 7), answer("a", "a", 1, 6), answer("a", "b", 1, 4), answer("a", "a", 1, 3)],
  ...[answer(undefined, "a", 1, 5), answer(undefined, "a", 1, 2)],
]
test("each threshold gives what the classifier would with it", () => {
  const curve = scopeCurve(MIXED)
  expect(curve.map(({ threshold }) => threshold)).toEqual([2, 3, 4, 5, 6, 7, 7 + 1 / 256])
  for (const { threshold, ...rest } of curve)
    expect(rest).toEqual(operating(MIXED.map((each) => ({ ...each, isSure: each.evidence >= threshold }))))
})

test("the threshold by cost is the cheapest of all, and the lowest of equals", () => {
  for (const wrongCosts of [0, 0.5, 1, 2, 5, 100]) {
    const all = Array.from({ length: 9 * 256 }, (_, units) => costOf(MIXED, units, wrongCosts))
    const best = thresholdByCost(MIXED, wrongCosts)
    expect(best.cost).toBe(Math.min(...all.map(({ cost }) => cost)))
    expect(best.threshold).toBe(
      Math.max(
        2 * 256,
        all.findIndex(({ cost }) => cost === best.cost),
      ),
    )
  }
  // Nothing is wrong above 5: two of six unsure in vain, where each wrong answer would cost a hundred.
  expect(thresholdByCost(MIXED, 100)).toEqual({ threshold: 5 * 256 + 1, cost: 1 / 3, wrong: 0, unsure: 1 / 3 })
  expect(thresholdByCost([], 5).threshold).toBe(0)
})

test("a curve is thinned evenly, and keeps its ends", () => {
  const many = Array.from({ length: 1000 }, (_, i) => i)
  expect(thinned(many, 5)).toEqual([0, 250, 500, 749, 999])
  expect(thinned([1, 2], 5)).toEqual([1, 2])
  expect(thinned([], 5)).toEqual([])
})
