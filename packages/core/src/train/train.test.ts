import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { bytesOf } from "../base/dtype.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { TEMPERATURE_ONE } from "../graph/temperature.ts"
import { LEVELS, levelOf, mostOf, stepOf } from "../quantise/coarse.ts"
import { openClassifier } from "../run/classifier.ts"
import { type Bags, bagSize, bagsOf, largestBag } from "./bags.ts"
import type { Example } from "./examples.ts"
import { asJson, RECIPE, type Recipe, recipeFor, recipeFrom } from "./recipe.ts"
import { openTaught, scoreAll, teach } from "./teach.ts"
import { type FloatWeights, type Progress, scaleOf, train } from "./train.ts"

const TEXTS = ["red apple", "green apple", "ripe pear", "sweet plum", "fast car", "old truck", "red bus", "slow train"]
const LABELS = Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1)
const TINY: Recipe = {
  ...RECIPE,
  ...{ bytesMax: 16, buckets: 64, charactersMax: 3, dims: 4, batch: 3, epochs: 12, rate: 0.05, featureDropout: 0.2 },
}
const BAGS = bagsOf(TEXTS, TINY, wasmEngine)

interface Trained {
  readonly weights: FloatWeights
  readonly progress: readonly Progress[]
}
function trained(
  recipe: Recipe,
  seed = 1,
  engine: Engine = wasmEngine,
  labels = LABELS,
  bags = BAGS,
  base?: Float32Array,
): Trained {
  const run = train({ bags, labels, labelCount: 2 }, recipe, seed, engine, base)
  const progress: Progress[] = []
  for (let next = run.next(); ; next = run.next()) {
    if (next.done) return { weights: next.value, progress }
    progress.push(next.value)
  }
}
const digestOf = ({ weights: { table, linear, bias } }: Trained): string =>
  [table, linear, bias].map((array) => digest(bytesOf(array))).join()
/** The likelier label of each text, in f64. */
function guesses({ weights: { table, linear, bias } }: Trained, { dims }: Recipe): readonly number[] {
  return TEXTS.map((_, t) => {
    const pooled = Array.from({ length: dims }, (_, d) => {
      let sum = 0
      for (let at = BAGS.starts[t]!; at < BAGS.starts[t + 1]!; at++) sum += table[BAGS.slots[at]! * dims + d]!
      return sum * scaleOf(bagSize(BAGS, t))
    })
    const [a, b] = [0, 1].map((c) => pooled.reduce((sum, v, d) => sum + v * linear[d * 2 + c]!, bias[c]!))
    return a! > b! ? 0 : 1
  })
}

test("a bag holds the n-grams of its text, by the kernel that also answers", () => {
  const { slots, starts } = bagsOf(["hi", "", "hi there"], TINY, interpreterEngine)
  expect(starts[0]).toBe(0)
  expect(starts[1]).toBe(starts[2]) // no n-grams in an empty text
  expect([...slots.subarray(0, 5)]).toEqual([...bagsOf(["hi"], TINY, wasmEngine).slots.subarray(0, 5)])
  expect(largestBag({ slots, starts })).toBe(starts[3]! - starts[2]!)
  expect(largestBag(bagsOf([], TINY, wasmEngine))).toBe(0)
})
test("it learns a toy set, and tells of each step", () => {
  const { weights, progress } = trained(TINY)
  expect(guesses({ weights, progress }, TINY)).toEqual([...LABELS])
  expect(progress.map(({ step }) => step)).toEqual(Array.from({ length: 3 * 12 }, (_, i) => i + 1))
  expect(progress.at(-1)!.bits).toBeLessThan(progress[0]!.bits)
  expect(progress[0]!.bits).toBeGreaterThan(0.8) // a coin at first
  expect(progress[0]!.bits).toBeLessThan(1.2)
})
test("the same arguments give the same bits, again and on another engine; another seed gives others", () => {
  const [once, again, judged] = [trained(TINY), trained(TINY), trained({ ...TINY, epochs: 3 }, 1, interpreterEngine)]
  expect(digestOf(again)).toBe(digestOf(once))
  expect(digestOf(judged)).toBe(digestOf(trained({ ...TINY, epochs: 3 })))
  expect(digestOf(trained(TINY, 2))).not.toBe(digestOf(once))
})
test("a coarse table is learnt on its grid: the same bits on another engine, others than without, and the toy set all the same", () => {
  for (const levels of LEVELS) {
    const recipe: Recipe = { ...TINY, levels }
    const once = trained(recipe)
    expect(digestOf(trained({ ...recipe, epochs: 3 }, 1, interpreterEngine))).toBe(
      digestOf(trained({ ...recipe, epochs: 3 })),
    )
    expect(digestOf(once)).not.toBe(digestOf(trained(TINY)))
    const step = stepOf(once.weights.table, mostOf(levels))
    const table = once.weights.table.map((v) => step * levelOf(v, step, mostOf(levels)))
    expect(guesses({ ...once, weights: { ...once.weights, table } }, recipe)).toEqual([...LABELS])
  }
})
test("published weights stay: modules are rebuilt from them", () => {
  expect(digestOf(trained(TINY)).slice(7, 23)).toMatchInlineSnapshot(`"9aba4822aaf9052c"`)
})
test("training goes on from the rows of a base", () => {
  const base = new Float32Array(TINY.buckets * TINY.dims).fill(0.01)
  const none = { ...TINY, epochs: 1, rate: 0 }
  expect(new Set(trained(none, 1, wasmEngine, LABELS, BAGS, base).weights.table)).toEqual(new Set([Math.fround(0.01)]))
})
test("a rate that throws the weights out of the numbers is refused, with the step, counted from 1", () => {
  expect(() => trained({ ...TINY, rate: 1e30 })).toThrow(/OB401.*at step [2-9]\b/s)
})
test("it can be given up half-way, and another training is none the worse", () => {
  const run = train({ bags: BAGS, labels: LABELS, labelCount: 2 }, TINY, 1, wasmEngine)
  run.next()
  run.next()
  expect(run.return({} as FloatWeights).done).toBe(true)
  expect(run.next().done).toBe(true)
  expect(digestOf(trained(TINY))).toBe(digestOf(trained(TINY)))
})
test("rows that fill up a batch change nothing: a batch as large as the data, or twice", () => {
  // Without dropout, whose draws go by the row; one batch an epoch either way.
  const still = { ...TINY, featureDropout: 0, epochs: 10 }
  expect(digestOf(trained({ ...still, batch: 8 }))).toBe(digestOf(trained({ ...still, batch: 20 })))
})
test("texts that fit no label are shown as often as the recipe says, and pull towards no label", () => {
  const labels = LABELS.map((label, i) => (i % 4 === 0 ? -1 : label))
  const once = trained({ ...TINY, unsureWeight: 1, batch: 4 }, 1, wasmEngine, labels)
  const often = trained({ ...TINY, unsureWeight: 5, batch: 4 }, 1, wasmEngine, labels)
  expect([once.progress[0]!.steps, often.progress[0]!.steps]).toEqual([(8 / 4) * 12, (16 / 4) * 12])
  const lone = trained({ ...TINY, epochs: 60, unsureWeight: 1 }, 1, wasmEngine, new Int32Array(8).fill(-1))
  expect(lone.progress.at(-1)!.bits).toBeCloseTo(1, 2) // both labels alike cost one bit
})
test("a text without n-grams, and no text at all", () => {
  const empty: Bags = bagsOf(["", "apple"], TINY, wasmEngine)
  expect(trained(TINY, 1, wasmEngine, Int32Array.of(0, 1), empty).weights.bias.every(Number.isFinite)).toBe(true)
  expect(trained(TINY, 1, wasmEngine, new Int32Array(0), bagsOf([], TINY, wasmEngine)).progress).toEqual([])
})

const EXAMPLES: readonly Example[] = TEXTS.map((text, i) => ({ text, label: i < 4 ? "fruit" : "vehicle" }))
function taught(recipes: readonly Recipe[], seed = 1) {
  const starts = recipes.map((recipe, i) => ({ name: `start ${i}`, recipe }))
  const validation = Array.from({ length: 13 }, () => EXAMPLES).flat() // enough of them, so that no others take turns
  const run = teach({ train: EXAMPLES, validation }, starts, seed, wasmEngine)
  for (let next = run.next(); ; next = run.next()) if (next.done) return next.value
}
test("teaching keeps the start that predicts the held-out examples best, and gives a classifier that knows them", () => {
  const result = taught([
    { ...TINY, rate: 0 },
    { ...TINY, epochs: 30 },
  ])
  expect(result.kept.name).toBe("start 1")
  expect(result.trials[1]!.bits).toBeLessThan(result.trials[0]!.bits)
  const weights = Object.fromEntries(Object.entries(result.weights).map(([name, data]) => [name, { data }]))
  const scored = scoreAll(openClassifier({ ...result, weights }, interpreterEngine), EXAMPLES)
  expect(scored.filter(({ expected, guess }) => expected !== guess)).toEqual([])
})
test("taught twice, the same integers", () => {
  expect(taught([TINY]).weights).toEqual(taught([TINY]).weights)
})
test("a recipe survives its file; a member that is missing, negative or of another kind is named", () => {
  expect(recipeFrom(asJson(RECIPE))).toEqual(RECIPE)
  for (const levels of LEVELS) expect(recipeFrom(asJson({ ...RECIPE, levels }))).toEqual({ ...RECIPE, levels })
  for (const levels of [4, 255, "3", null]) expect(() => recipeFrom({ ...RECIPE, levels } as never)).toThrow("`levels`")
  for (const broken of [{ ...RECIPE, dims: "64" }, { ...RECIPE, dims: -1 }, { ...RECIPE, dims: null }, [], null, 5])
    expect(() => recipeFrom(broken as never)).toThrow("OB404")
  expect([recipeFor(5000), recipeFor(500).batch, recipeFor(50).epochs, recipeFor(10).epochs]).toEqual([
    RECIPE,
    64,
    30,
    100,
  ])
})
test("a recipe may say what a wrong answer costs, within its range, and may leave it out", () => {
  expect(recipeFrom(asJson({ ...RECIPE, wrongCosts: 5 }))).toEqual({ ...RECIPE, wrongCosts: 5 })
  for (const wrongCosts of [-1, 1e7, "5", null])
    expect(() => recipeFrom({ ...RECIPE, wrongCosts } as never)).toThrow("OB404")
})
test("a recipe may say how often words count, as far as the n-grams of a text can be drawn for", () => {
  for (const wordTimes of [1, 2, 3, 4])
    expect(recipeFrom(asJson({ ...RECIPE, wordTimes }))).toEqual({ ...RECIPE, wordTimes })
  for (const wordTimes of [0, 5, 1.5, "3", null])
    expect(() => recipeFrom({ ...RECIPE, wordTimes } as never)).toThrow("OB404")
  expect(recipeFrom(asJson({ ...RECIPE, bytesMax: 16_383 })).bytesMax).toBe(16_383)
  expect(() => recipeFrom(asJson({ ...RECIPE, bytesMax: 16_383, wordTimes: 2 }))).toThrow("OB404")
})
test("the temperature changes what a probability claims, and no label, evidence or threshold", () => {
  const result = taught([{ ...TINY, epochs: 30 }])
  expect(result.weights["temperature"]![0]).not.toBe(TEMPERATURE_ONE)
  const ask = (temperature: number) => {
    const weights = { ...result.weights, temperature: Int32Array.of(temperature) }
    return EXAMPLES.map(({ text }) => openTaught({ ...result, weights }, wasmEngine).ask(text))
  }
  const without = (answers: ReturnType<typeof ask>) => answers.map(({ probability: _, ...rest }) => rest)
  expect(without(ask(20_000))).toEqual(without(ask(TEMPERATURE_ONE)))
  expect(ask(20_000).map(({ probability }) => probability)).not.toEqual(
    ask(TEMPERATURE_ONE).map(({ probability }) => probability),
  )
})
