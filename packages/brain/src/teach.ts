import { digest } from "@open-brains/core/base/digest.ts"
import { OPERATION_SET } from "@open-brains/core/graph/operations.ts"
import type { Manifest, NamedDigest } from "@open-brains/core/module/manifest.ts"
import { type Recipe, recipeFor } from "@open-brains/core/train/recipe.ts"
import type { Start, Taught, TeachProgress } from "@open-brains/core/train/teach.ts"
import { buildModule, encode, startFrom } from "./build.ts"
import { card } from "./card.ts"
import { EXAMPLES, type OpenExample, place, printExamples, splitsOf } from "./examples.ts"
import { type Brain, open } from "./load.ts"
import { type Report, score } from "./report.ts"
import { type ModuleFiles, readModule, writeModule } from "./store/folder.ts"

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
  /** What to change in the recipe. */
  readonly recipe?: Partial<Recipe>
  /** Where the examples come from, when they are a data set of their own: then the module does not carry them. */
  readonly data?: NamedDigest
  readonly onProgress?: (progress: TeachProgress) => void
}
export interface Lesson {
  readonly brain: Brain
  readonly taught: Taught
  /** Scores on the test split, or nothing when too few examples were given to hold any out. */
  readonly report: Report | undefined
}

/**
 * Teaches a module and writes it into a folder, whole or not at all. The weights are a pure function of examples, base,
 * recipe and seed. Errors: OB401 to OB405, and those of `writeModule`.
 */
export async function teachModule(options: TeachOptions): Promise<Lesson> {
  const { into, name, base, seed = 1, data, onProgress } = options
  const examples = place(options.examples, seed)
  const splits = splitsOf(examples)
  const isSetApart = options.isSetApart ?? options.examples.some(({ split }) => split === "validation")
  const recipe: Recipe = { ...recipeFor(splits.train.length), relearn: !isSetApart, ...options.recipe }
  const scratch: Start = { name: "scratch", recipe }
  const starts = base ? [startFrom(base, recipe), scratch] : [scratch]
  const { taught, parts: built } = buildModule(examples, starts, seed, onProgress)

  const source = printExamples(examples)
  const manifest: Omit<Manifest, "parts"> = {
    kind: "net",
    name,
    about: options.about ?? `Tells apart ${taught.labels.length} kinds of message`,
    licence: options.licence ?? "LicenseRef-unstated",
    takes: { name: "text", type: "text", bytesMax: taught.kept.recipe.bytesMax },
    gives: { name: "label", type: "label", labels: taught.labels },
    unsureBelow: taught.unsureBelow,
    built: {
      operations: OPERATION_SET,
      seed,
      data: [data ?? { name: EXAMPLES, digest: digest(source) }],
      ...(taught.kept.table && base ? { base: { name: base.manifest.name, digest: base.digest } } : {}),
    },
  }
  const parts = { ...built, ...(data ? {} : { [EXAMPLES]: encode(source) }) }
  const draft = open({ path: into, manifest: { ...manifest, parts: {} }, digest: digest(""), parts })
  const report = splits.test.length > 0 ? score(draft, splits.test) : undefined
  await writeModule(into, manifest, { ...parts, "README.md": encode(card(manifest, taught, splits, report)) })
  return { brain: open(await readModule(into)), taught, report }
}
