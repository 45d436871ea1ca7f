import { digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { OPERATION_SET } from "@open-brains/core/graph/operations.ts"
import type { Correction } from "@open-brains/core/memory/corrections.ts"
import type { Manifest, NamedDigest } from "@open-brains/core/module/manifest.ts"
import { correctionsOf } from "@open-brains/core/run/module.ts"
import { labelsOf } from "@open-brains/core/train/examples.ts"
import { type Recipe, recipeFor, wideFor } from "@open-brains/core/train/recipe.ts"
import type { Taught, TeachProgress } from "@open-brains/core/train/teach.ts"
import { buildInTurns, encode, startsOf } from "./build.ts"
import { card } from "./card.ts"
import type { OpenExample } from "./data/split.ts"
import { EXAMPLES, learntBy, place, printExamples, splitsOf } from "./examples.ts"
import { withCorrections } from "./lessons.ts"
import { type Brain, open } from "./load.ts"
import { chooseEngine } from "./native/choice.ts"
import type { EngineName } from "./native/engines.ts"
import { preflight } from "./preflight.ts"
import { type Remarks, remarksOn } from "./remarks.ts"
import { type Report, score } from "./report.ts"
import { finishSearch, type Plan, type Search, shortlistWithin } from "./search.ts"
import { type ModuleFiles, readModule, rewriteModule } from "./store/folder.ts"

export interface TeachOptions {
  readonly examples: readonly OpenExample[]
  /** Whether the examples for validation are never to be learnt from (default: when there are some). */
  readonly isSetApart?: boolean
  /** The folder that is written. */
  readonly into: string
  readonly name: string
  readonly about?: string
  readonly licence?: string
  /** A module to start from; scratch is tried beside it. */
  readonly base?: ModuleFiles
  readonly seed?: number
  readonly engine?: EngineName
  /** Bytes of weights.safetensors at most: the best net within them is looked for. */
  readonly bytesMax?: number
  /** Called before that search begins: among how many nets, and how long it will take. */
  readonly onPlan?: (plan: Plan) => void
  /** What to change in the recipe. */
  readonly recipe?: Partial<Recipe>
  /** Nothing but this recipe is tried: from the base, where there is one, else from scratch. */
  readonly isOneRecipe?: boolean
  /** Where the examples come from, when they are a data set of their own: then the module does not carry them. */
  readonly data?: NamedDigest
  /** The corrections that are among the examples: they leave the memory of the module that is written over. */
  readonly folded?: readonly Correction[]
  /** Whether the other corrections of that module go too (default: they are kept, as nobody took them back). */
  readonly forgets?: boolean
  readonly onProgress?: (progress: TeachProgress) => void
  /** Called when all is learnt and nothing is left but to write it. */
  readonly onWrite?: () => void
}
export interface Lesson {
  readonly brain: Brain
  readonly taught: Taught
  /** Scores on the test split, or nothing when too few examples were given to hold any out. */
  readonly report: Report | undefined
  readonly remarks: Remarks
  /** What was found on the way to the best net within a size, if one was named. */
  readonly search?: Search
}

/**
 * Teaches a module and writes it into a folder, whole or not at all. The weights are a pure function of examples, base,
 * recipe and seed. Errors: OB401 to OB405, OB570 when no
 * net is small enough, and those of `writeModule`; what can be known beforehand is refused before training.
 */
export async function teachModule(options: TeachOptions): Promise<Lesson> {
  const { into, name, base, seed = 1, data, onProgress, bytesMax } = options
  const examples = place(options.examples, seed, base ? learntBy(base) : [])
  const splits = splitsOf(examples)
  if (splits.train.length === 0)
    refuse({
      code: "OB403",
      seen: `Of ${options.examples.length} examples none is left to learn from: all are for validation or test.`,
      hint: "Give some that do not stand in the test file, or with the split `train`.",
    })
  const isSetApart = options.isSetApart ?? options.examples.some(({ split }) => split === "validation")
  const recipe: Recipe = { ...recipeFor(splits.train.length), relearn: !isSetApart, ...options.recipe }
  const source = printExamples(examples)
  const labels = labelsOf([...splits.train, ...splits.validation])
  const wide = options.recipe ? undefined : wideFor(splits.train.length, labels.length)
  const draft: Omit<Manifest, "parts"> = {
    kind: "net",
    name,
    about: options.about ?? `Tells apart ${labels.length} kinds of message`,
    licence: options.licence ?? "LicenseRef-unstated",
    takes: { name: "text", type: "text", bytesMax: recipe.bytesMax },
    gives: { name: "label", type: "label", labels },
    unsureBelow: 0,
    built: { operations: OPERATION_SET, seed, data: [data ?? { name: EXAMPLES, digest: digest(source) }] },
  }
  await preflight(into, draft)

  const { engine, asides } = chooseEngine(options.engine, true)
  const places = { splits, recipe, labels: labels.length, seed, engine, ...(base ? { base } : {}) }
  const shortlist = bytesMax === undefined ? undefined : await shortlistWithin(bytesMax, places, options)
  const starts = shortlist?.starts ?? startsOf(base, recipe, wide).slice(0, options.isOneRecipe ? 1 : undefined)
  const { taught, parts: built } = await buildInTurns(examples, starts, seed, onProgress, engine)
  const bytesRead = taught.kept.recipe.bytesMax
  const from = taught.kept.table && base ? { base: { name: base.manifest.name, digest: base.digest } } : {}
  const manifest: Omit<Manifest, "parts"> = {
    ...draft,
    takes: { ...draft.takes, bytesMax: bytesRead },
    unsureBelow: taught.unsureBelow,
    built: { ...draft.built, ...from },
  }
  const parts = { ...built, ...(data ? {} : { [EXAMPLES]: encode(source) }) }
  const brain = open({ path: into, manifest: { ...manifest, parts: {} }, digest: digest(""), parts }, engine)
  const report = splits.test.length > 0 ? score(brain, splits.test) : undefined
  options.onWrite?.()
  const own = { ...parts, "README.md": encode(card(manifest, taught, splits, report)) }
  await rewriteModule(into, async (read) => {
    const left = options.forgets ? [] : without(await correctionsIn(read), options.folded ?? [])
    return { manifest, parts: withCorrections(own, left) }
  })
  return {
    brain: { ...open(await readModule(into), engine), asides },
    taught,
    report,
    remarks: remarksOn(options.examples, examples, bytesRead),
    ...(shortlist ? { search: finishSearch(shortlist, taught) } : {}),
  }
}

/** What the module carries by now that is written over; one that cannot be read carries nothing any more. */
async function correctionsIn(read: () => Promise<ModuleFiles>): Promise<readonly Correction[]> {
  try {
    return correctionsOf(await read())
  } catch (error) {
    if (error instanceof Refusal) return []
    throw error
  }
}

/** Those that are left when each of `gone` has taken one of its kind away, the oldest first. */
function without(corrections: readonly Correction[], gone: readonly Correction[]): readonly Correction[] {
  const keyOf = ({ text, label }: Correction): string => JSON.stringify([text, label])
  const counts = new Map<string, number>()
  for (const each of gone) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1)
  return corrections.filter((each) => {
    const count = counts.get(keyOf(each)) ?? 0
    if (count > 0) counts.set(keyOf(each), count - 1)
    return count === 0
  })
}
