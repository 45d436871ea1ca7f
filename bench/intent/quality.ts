/** Quality of our classifier: taught from each seed, scored once. */
import { type Digest, digest } from "@open-brains/core/base/digest.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { type ClassifierParts, openClassifier } from "@open-brains/core/run/classifier.ts"
import { RECIPE, type Recipe } from "@open-brains/core/train/recipe.ts"
import type { Taught } from "@open-brains/core/train/teach.ts"
import { type Report, score } from "open-brains"
import { type Measure, mean, number, type Section, say } from "../shared/report.ts"
import { buildModule, type PlacedExample, splitsOf } from "./brain.testing.ts"

/** What `./brain teach clinc150` does: only the published training split is learnt from. */
export const TEACHING = { ...RECIPE, relearn: false }

export interface Lesson {
  readonly seed: number
  readonly parts: ClassifierParts
  /** Of weights.safetensors. */
  readonly digest: Digest
  readonly weightsBytes: number
  readonly seconds: number
  readonly coreSeconds: number
  readonly report: Report
}

/** `split` is what is scored: the test split, or for a quick run, which may be repeated, the validation split. */
export function lessonOf(
  examples: readonly PlacedExample[],
  seed: number,
  split: "test" | "validation",
  recipe: Recipe = TEACHING,
): Lesson {
  const [start, startOfUse] = [performance.now(), process.cpuUsage()]
  const { taught, parts } = buildModule(examples, [{ name: "scratch", recipe }], seed)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(startOfUse)
  const weights = parts["weights.safetensors"]!
  const classifier = openClassifier(partsOf(taught), wasmEngine)
  const lesson: Lesson = {
    seed,
    parts: partsOf(taught),
    digest: digest(weights),
    weightsBytes: weights.length,
    seconds,
    coreSeconds: (user + system) / 1e6,
    report: score(classifier, splitsOf(examples)[split]),
  }
  say(`seed ${seed}: taught in ${seconds.toFixed(1)} s, ${percent(lesson.report.accuracy)} % right`)
  return lesson
}
const partsOf = (taught: Taught): ClassifierParts => ({
  ...taught,
  weights: Object.fromEntries(Object.entries(taught.weights).map(([name, data]) => [name, { data }])),
})

const percent = (share: number | undefined): string | undefined =>
  number(share === undefined ? undefined : 100 * share, 2)

export interface Quality {
  readonly accuracies: readonly number[]
  readonly aurocs: readonly number[]
  readonly measures: readonly Measure[]
  readonly section: Section
}
export function qualityOf(
  lessons: readonly Lesson[],
  split: "test" | "validation",
  peer: { readonly accuracy: number | undefined; readonly auroc: number | undefined } | undefined,
): Quality {
  const all = (of: (report: Report) => number | undefined): readonly number[] =>
    lessons.map(({ report }) => of(report) ?? Number.NaN)
  const accuracies = all(({ accuracy }) => accuracy).map((share) => 100 * share)
  const aurocs = all(({ auroc }) => auroc)
  const bytes = Math.max(...lessons.map(({ weightsBytes }) => weightsBytes))
  const isTest = split === "test"
  const where = `${split}, ${lessons.length} ${lessons.length === 1 ? "seed" : "seeds"}`
  const fastText = (value: number | undefined): Pick<Measure, "peer"> =>
    peer ? { peer: { name: "fastText, tuned", value } } : {}
  const bars = (must: number, aim: number): Pick<Measure, "bars"> =>
    isTest ? { bars: { is: "at least", must, aim } } : {}
  const measures: readonly Measure[] = [
    {
      name: `in-scope accuracy, mean (${where})`,
      value: mean(accuracies),
      unit: "%",
      digits: 2,
      ...bars(91.5, 92.5),
      ...fastText(peer?.accuracy),
    },
    { name: `in-scope accuracy, minimum (${where})`, value: Math.min(...accuracies), unit: "%", digits: 2 },
    { name: "weights.safetensors", value: bytes, unit: "bytes", digits: 0, bars: { is: "at most", must: 288_000 } },
    {
      name: `out-of-scope AUROC, mean (${where})`,
      value: mean(aurocs),
      unit: "",
      digits: 4,
      ...bars(0.95, 0.96),
      ...fastText(peer?.auroc),
    },
    { name: `out-of-scope AUROC, minimum (${where})`, value: Math.min(...aurocs), unit: "", digits: 4 },
    {
      name: `bits an answer, mean (${where})`,
      value: mean(all(({ bitsPerAnswer }) => bitsPerAnswer)),
      unit: "bits",
      digits: 3,
    },
  ]
  const { epochs, dims, buckets } = TEACHING
  const section: Section = {
    title: `Quality on the ${split} split of CLINC150`,
    notes: [
      `Taught on train and oos_train (15,100 messages; ${epochs} epochs, ${buckets} x ${dims}), the threshold set on val and oos_val, then ${
        isTest ? "test and oos_test scored once for each seed" : "those two scored: a quick run leaves test alone"
      }.`,
    ],
    table: {
      heading: [
        "seed",
        "accuracy %",
        "AUROC",
        "bits an answer",
        "answered right %",
        "answered wrong %",
        "refused out of scope %",
        "weights bytes",
        "teaching s",
        "core s",
      ],
      rows: lessons.map(({ seed, report, weightsBytes, seconds, coreSeconds }) => [
        `${seed}`,
        percent(report.accuracy),
        number(report.auroc, 4),
        number(report.bitsPerAnswer, 3),
        percent(report.withThreshold.answeredRight),
        percent(report.withThreshold.answeredWrong),
        percent(report.withThreshold.refused),
        `${weightsBytes}`,
        number(seconds, 1),
        number(coreSeconds, 1),
      ]),
    },
  }
  return { accuracies, aurocs, measures, section }
}
