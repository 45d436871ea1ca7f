/** Part 1: accuracy by the number of examples, from the base, from scratch, and as `brain teach` decides by itself. */
import { join } from "node:path"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { CURVE_SIZES, type CurveStep, learningCurve, summary } from "@open-brains/core/train/curve.ts"
import { drawExamples } from "@open-brains/core/train/examples.ts"
import { teach } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, number, type Section, say } from "../shared/report.ts"
import { contendersOf, readModule } from "./brain.testing.ts"
import { readSnips, readTrec, type TestSet } from "./sets.ts"

type Summary = ReturnType<typeof summary>
interface Own {
  readonly summary: Summary
  /** Which start each seed kept. */
  readonly kept: readonly string[]
}

/** So few examples that a base is to be of use. */
const FEW = 30
/** How much worse than the better of base and scratch what `teach` decides may be, in points. */
const LOST_MAX = 1

export async function measureCurves({ isQuick, folder }: PartOptions): Promise<Part> {
  const seeds = isQuick ? [1, 2] : [1, 2, 3, 4, 5]
  const sizes = isQuick ? [10, 30] : CURVE_SIZES
  const measures: Measure[] = []
  const sections: Section[] = []
  for (const read of [readSnips, readTrec]) {
    const set = scoredOn(read(), isQuick)
    const steps = await curveOf(set, seeds, sizes)
    const own: Own[] = []
    for (const size of sizes) own.push(await ownChoice(set, size, seeds, folder))
    measures.push(...measuresOf(set, steps, own))
    sections.push(sectionOf(set, steps, own, seeds.length))
  }
  return { measures, sections, isSame: true }
}

/** A quick run may be repeated, so it leaves the test split alone. */
const scoredOn = (set: TestSet, isQuick: boolean): TestSet =>
  isQuick ? { ...set, name: `${set.name} (validation)`, splits: { ...set.splits, test: set.splits.validation } } : set

const readBase = () => readModule(join(repository, "modules/intent"))

async function curveOf(
  set: TestSet,
  seeds: readonly number[],
  sizes: readonly number[],
): Promise<readonly CurveStep[]> {
  const work = learningCurve(set.splits, contendersOf(await readBase()), seeds, wasmEngine, sizes)
  let said = ""
  let next = work.next()
  for (; !next.done; next = work.next()) {
    const { phase, trainings, of } = next.value
    if (phase !== said && trainings % 10 === 0) say(`${set.name}: ${phase}, ${trainings} of ${of}`)
    said = phase
  }
  return next.value
}

/** What `brain teach FILE --test FILE` makes of so many examples. */
async function ownChoice(set: TestSet, size: number, seeds: readonly number[], folder: string): Promise<Own> {
  const base = await readBase()
  const accuracies: number[] = []
  const kept: string[] = []
  for (const seed of seeds) {
    const drawn = drawExamples(set.splits.train, size, seed)
    const tests = set.splits.test.map((example) => ({ ...example, split: "test" as const }))
    const examples = [...drawn, ...tests]
    const lesson = await teach({ examples, into: join(folder, "own"), name: "own", base, seed, engine: "wasm" })
    accuracies.push(lesson.report!.accuracy!)
    kept.push(lesson.taught.kept.name)
  }
  say(`${set.name}: ${size} examples, kept ${kept.join("; ")}`)
  return { summary: summary(accuracies), kept }
}

const better = ({ scores }: CurveStep): number => scores.reduce((most, { mean }) => Math.max(most, mean), 0)

function measuresOf({ name }: TestSet, steps: readonly CurveStep[], own: readonly Own[]): readonly Measure[] {
  const few = steps.filter(({ examples }) => examples <= FEW)
  const lost = steps.map((step, i) => 100 * (better(step) - own[i]!.summary.mean))
  return [
    ...few.flatMap(({ examples, differences }): readonly Measure[] => [
      {
        name: `base - scratch, ${name}, ${examples} examples, mean`,
        value: 100 * differences[0]!.mean,
        unit: "points",
        digits: 2,
        bars: { is: "at least", aim: 0 },
      },
      {
        name: `base - scratch, ${name}, ${examples} examples, upper end of the 95 % interval`,
        value: 100 * differences[0]!.high,
        unit: "points",
        digits: 2,
        bars: { is: "at least", must: 0 },
      },
    ]),
    {
      name: `what teach decides, ${name}, below the better of base and scratch, the most of all sizes`,
      value: Math.max(...lost),
      unit: "points",
      digits: 2,
      bars: { is: "at most", must: LOST_MAX },
    },
  ]
}

function sectionOf(
  { name, source, splits }: TestSet,
  steps: readonly CurveStep[],
  own: readonly Own[],
  seeds: number,
): Section {
  const percent = (share: number): string => number(100 * share, 1)!
  const band = ({ mean, least, most }: Summary): string => `${percent(mean)} (${percent(least)} to ${percent(most)})`
  const rate = (step: CurveStep, i: number): string => number(step.scores[i]!.kept.recipe.rate, 3)!
  return {
    title: `Learning curve, ${name}`,
    notes: [
      `${source}. Accuracy in % on ${splits.test.length} messages; mean, least and most of ${seeds} draws of examples, each label in its share. Base is modules/intent, learnt from CLINC150. The step size of base and of scratch is chosen on ${splits.validation.length} validation messages, separately for each size; \`teach\` has nothing but the examples themselves. The difference is the mean over the same messages, with its 95 % interval (paired bootstrap, 2000 draws of messages).`,
    ],
    table: {
      heading: [
        "examples",
        "base",
        "step size",
        "scratch",
        "step size",
        "base - scratch, points",
        "what teach decides",
        "kept",
      ],
      rows: steps.map((step, i) => {
        const { mean, low, high } = step.differences[0]!
        return [
          `${step.examples}`,
          band(step.scores[0]!),
          rate(step, 0),
          band(step.scores[1]!),
          rate(step, 1),
          `${percent(mean)} (${percent(low)} to ${percent(high)})`,
          band(own[i]!.summary),
          tally(own[i]!.kept),
        ]
      }),
    },
  }
}

function tally(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${count} x ${name}`).join("; ")
}
