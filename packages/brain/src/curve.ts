import { refuse } from "@open-brains/core/base/problem.ts"
import { type Contender, type CurveProgress, type CurveStep, learningCurve } from "@open-brains/core/train/curve.ts"
import type { Example, Splits } from "@open-brains/core/train/examples.ts"
import { type Recipe, recipeFor } from "@open-brains/core/train/recipe.ts"
import type { Start } from "@open-brains/core/train/teach.ts"
import { startFrom } from "./build.ts"
import type { Columns } from "./data/read.ts"
import { examplesBehind, learntBy, place, splitsOf } from "./examples.ts"
import { inTurns } from "./in_turns.ts"
import { chooseEngine } from "./native/choice.ts"
import type { EngineName } from "./native/engines.ts"
import type { ModuleFiles } from "./store/folder.ts"

export interface CurveOptions {
  /** A module, a file of examples, or a published data set by name. */
  readonly source: string
  /** A file of examples to score on, instead of those that are held out. */
  readonly test?: string
  readonly columns?: Columns
  readonly base?: ModuleFiles
  readonly seeds?: number
  readonly engine?: EngineName
  /** What to change in the recipe. */
  readonly recipe?: Partial<Recipe>
  readonly onProgress?: (progress: CurveProgress) => void
}
export interface MeasuredCurve {
  /** How many examples there were of each split. */
  readonly learnt: number
  readonly chosenOn: number
  readonly tested: number
  /** Whether a base was left out, since it has learnt from these very examples, or most of them. */
  readonly knowsIt: boolean
  readonly seeds: number
  readonly steps: readonly CurveStep[]
}

/** Step sizes that are tried, as factors of the recipe's. */
const RATES = [1, 1 / 3, 3]
const variants = (start: Start): readonly Start[] =>
  RATES.map((factor) => ({ ...start, recipe: { ...start.recipe, rate: start.recipe.rate * factor } }))

/** What learns on from a base, and what starts from scratch: the same step sizes are tried for both. */
export function contendersOf(base: ModuleFiles | undefined, change: Partial<Recipe> = {}): readonly Contender[] {
  const recipeOf = (examples: number): Recipe => ({ ...recipeFor(examples), ...change })
  return [
    ...(base ? [{ name: "base", variants: (n: number) => variants(startFrom(base, recipeOf(n))) }] : []),
    { name: "scratch", variants: (n) => variants({ name: "scratch", recipe: recipeOf(n) }) },
  ]
}

/**
 * How accuracy grows with examples, learning on from a base and from scratch, on the examples of a source. A base that
 * has learnt from them, or from most, is left out. Errors: OB513 when nothing is left to score on, OB403 when nothing to learn from.
 */
export async function measureCurve(options: CurveOptions): Promise<MeasuredCurve> {
  const { source, test, columns, base, seeds = 5, engine, recipe, onProgress } = options
  const { examples, from } = await examplesBehind(source, test, columns)
  const known = new Set(base ? learntBy(base).map((text) => text.trim()) : [])
  const whole = splitsOf(place(examples, 1, [...known]))
  const isUnknown = ({ text }: Example): boolean => !known.has(text.trim())
  const splits: Splits = { ...whole, test: whole.test.filter(isUnknown) }
  // What a base has seen a few of is another matter: those are learnt from by both, and nobody is scored on them.
  const share = splits.train.filter((example) => !isUnknown(example)).length / Math.max(1, splits.train.length)
  const knowsIt = share > 0.5 || (base?.manifest.built.data.some(({ digest }) => from.includes(digest)) ?? false)
  const tested = splits.test.filter(({ label }) => label !== undefined).length
  if (tested === 0)
    refuse({
      code: "OB513",
      seen: `${source} has no examples with a label to score on.`,
      hint: `Give a file of them: brain test ${source} FILE --curve.`,
    })
  if (splits.train.length === 0)
    refuse({
      code: "OB403",
      seen: `${source} has no examples to learn from.`,
      hint: "Give some without a split, or with the split `train`.",
    })
  const work = learningCurve(
    splits,
    contendersOf(knowsIt ? undefined : base, recipe),
    Array.from({ length: seeds }, (_, i) => i + 1),
    chooseEngine(engine, true).engine,
  )
  return {
    learnt: splits.train.length,
    chosenOn: splits.validation.length,
    tested,
    knowsIt,
    seeds,
    steps: await inTurns(work, onProgress),
  }
}
