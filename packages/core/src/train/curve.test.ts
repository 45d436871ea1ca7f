import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { type Contender, type CurveProgress, type CurveStep, learningCurve, sizesFor } from "./curve.ts"
import type { Example, Splits } from "./examples.ts"
import { RECIPE, type Recipe } from "./recipe.ts"

const TINY: Recipe = {
  ...RECIPE,
  ...{ bytesMax: 16, buckets: 64, charactersMax: 3, dims: 4, batch: 4, epochs: 10, rate: 0.05, featureDropout: 0 },
}
const WORDS = ["apple", "pear", "plum", "fig", "car", "bus", "train", "van"]
const all: readonly Example[] = ["red", "old", "my", "a"].flatMap((first) =>
  WORDS.map((word, i) => ({ text: `${first} ${word}`, label: i < 4 ? "fruit" : "vehicle" })),
)
const SPLITS: Splits = {
  train: all.slice(0, 16),
  validation: all.slice(16, 24),
  test: [...all.slice(24), { text: "hello", label: undefined }],
}
const learner = (name: string, ...rates: readonly number[]): Contender => ({
  name,
  variants: () => rates.map((rate) => ({ name, recipe: { ...TINY, rate } })),
})
function measured(contenders: readonly Contender[], splits = SPLITS, engine = wasmEngine, sizes?: readonly number[]) {
  const work = learningCurve(splits, contenders, [1, 2], engine, sizes)
  const progress: CurveProgress[] = []
  for (let next = work.next(); ; next = work.next()) {
    if (next.done) return { steps: next.value, progress }
    progress.push(next.value)
  }
}
const ratesKept = (steps: readonly CurveStep[]): readonly number[] =>
  steps.flatMap(({ scores }) => scores.map(({ kept }) => kept.recipe.rate))

test("a curve has a step for each size, with a score for each contender and seed", () => {
  const { steps, progress } = measured([learner("good", 0.05), learner("still", 0)])
  expect(steps.map(({ examples }) => examples)).toEqual([10, 16])
  const last = steps[1]!
  const [good, still] = last.scores
  expect(good!.accuracies).toHaveLength(2)
  expect(good!.mean).toBeGreaterThan(still!.mean)
  expect([good!.least, good!.most]).toEqual([Math.min(...good!.accuracies), Math.max(...good!.accuracies)])
  const [difference] = last.differences
  expect(difference!.minus).toBe("still")
  expect(difference!.mean).toBeCloseTo(good!.mean - still!.mean, 12) // of messages with a label alone
  expect(progress.at(-1)).toMatchObject({ trainings: 7, of: 8 })
})
test("of the variants that one is kept that has the fewest bits on validation, whatever the test says", () => {
  expect(ratesKept(measured([learner("it", 0, 0.05)]).steps)).toEqual([0.05, 0.05])
  const misled = {
    ...SPLITS,
    validation: SPLITS.validation.map((each) => ({ ...each, label: each.label === "fruit" ? "vehicle" : "fruit" })),
  }
  expect(ratesKept(measured([learner("it", 0, 0.05)], misled).steps)).toEqual([0, 0])
  expect(ratesKept(measured([learner("it", 0, 0.05)], { ...SPLITS, validation: [] }).steps)).toEqual([0, 0]) // the first
})
test("exactly so many examples are learnt from as the step says", () => {
  const relearns: Contender = { name: "it", variants: () => [{ name: "it", recipe: { ...TINY, relearn: true } }] }
  const { progress } = measured([relearns], SPLITS, wasmEngine, [12])
  expect(new Set(progress.map(({ steps }) => steps))).toEqual(new Set([(12 / 4) * 10]))
})
test("the same curve again, and on another engine", () => {
  const of = (engine: typeof wasmEngine) => JSON.stringify(measured([learner("it", 0.05)], SPLITS, engine, [4]).steps)
  expect(of(wasmEngine)).toBe(of(wasmEngine))
  expect(of(interpreterEngine)).toBe(of(wasmEngine))
})
test("sizes: as many as there are, and all where they are fewer than a thousand", () => {
  expect([0, 7, 10, 250, 1000, 5000].map(sizesFor)).toEqual([
    [],
    [7],
    [10],
    [10, 30, 100, 250],
    [10, 30, 100, 300, 1000],
    [10, 30, 100, 300, 1000],
  ])
})
