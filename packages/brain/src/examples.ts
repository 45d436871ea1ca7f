import { readdir, stat } from "node:fs/promises"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { refuse, suggest } from "@open-brains/core/base/problem.ts"
import { soundEngine } from "@open-brains/core/engine/sound.ts"
import type { Correction } from "@open-brains/core/memory/corrections.ts"
import { memoryGrams } from "@open-brains/core/memory/grams.ts"
import type { NamedDigest } from "@open-brains/core/module/manifest.ts"
import { correctionsOf, jsonPart } from "@open-brains/core/run/module.ts"
import { bagsOf } from "@open-brains/core/train/bags.ts"
import { type Example, holdOut, type Splits } from "@open-brains/core/train/examples.ts"
import { RECIPE, recipeFrom } from "@open-brains/core/train/recipe.ts"
import { type Fetching, fetchingFrom } from "./data/fetch.ts"
import { type Columns, holdsExamples, parseExamples, readExamples } from "./data/read.ts"
import { asData, type DataSet, dataBehind, findDataSet, isSetApart, readDataSet } from "./data/sets.ts"
import type { OpenExample, PlacedExample, SplitName } from "./data/split.ts"
import { type ModuleFiles, readModule } from "./store/folder.ts"
import { MANIFEST } from "./store/whole.ts"

export const HELD_OUT = 0.15
/** How much of each label is held out, and by which draw. */
export type Held = Readonly<Record<"validation" | "test", { readonly share: number; readonly seed: number }>>

/**
 * Puts every example in a split. What a file says stays; else a share of each label is held out to be scored once
 * at the end, and as much of what is left to choose on. Texts are the same when the n-gram kernel sees no difference,
 * such as one of case: of the same ones with a label the first is kept, and a test that somebody gave takes its own
 * out of the rest. Nothing is scored on what a base has `learnt`, nor on a text with two labels: those are learnt from.
 */
export function place(
  examples: readonly OpenExample[],
  seed: number,
  learnt: readonly string[] = [],
  held: Held = { validation: { share: HELD_OUT, seed }, test: { share: HELD_OUT, seed } },
): readonly PlacedExample[] {
  const keys = keysOf([...examples.map(({ text }) => text), ...learnt])
  const keyed = examples.map((example, i) => ({ ...example, key: keys[i]! }))
  const own = keyed.filter(({ split }) => split !== undefined)
  const has = (name: SplitName): boolean => own.some(({ split }) => split === name)
  const tested = new Set(own.filter(({ split }) => split === "test").map(({ key }) => key))
  const labels = new Map<string, Set<string | undefined>>()
  const free = keyed.filter(({ split, key, label }) => {
    if (split !== undefined || tested.has(key) || labels.get(key)?.has(label)) return false
    labels.set(key, (labels.get(key) ?? new Set()).add(label))
    return true
  })
  const known = new Set(keys.slice(examples.length))
  const isScored = ({ key }: { readonly key: string }): boolean => !known.has(key) && labels.get(key)!.size === 1
  const open = free.filter(isScored)
  const [rest, test] = has("test") ? [open, []] : holdOut(open, held.test.share, held.test.seed, 0)
  const validation = has("validation") ? [] : holdOut(rest, held.validation.share, held.validation.seed, 1)[1]
  const apart = new Set<Example>([...test, ...validation])
  const train = free.filter((example) => !apart.has(example))
  const named = (part: readonly OpenExample[], split: SplitName): readonly PlacedExample[] =>
    part.map(({ text, label, lesson }) => ({ text, label, split, ...(lesson ? { lesson } : {}) }))
  const given = own.flatMap((each) => named([each], each.split!))
  return [...given, ...named(train, "train"), ...named(validation, "validation"), ...named(test, "test")]
}

/** For each text what a classifier can tell of it: its n-grams. */
export function keysOf(texts: readonly string[], bytesMax: number = RECIPE.bytesMax): readonly string[] {
  const { slots, starts } = bagsOf(texts, memoryGrams(bytesMax), soundEngine().engine)
  return texts.map((_, i) => slots.subarray(starts[i], starts[i + 1]).join())
}

export const splitsOf = (examples: readonly PlacedExample[]): Splits => {
  const of = (name: SplitName): readonly Example[] => examples.filter(({ split }) => split === name)
  return { train: of("train"), validation: of("validation"), test: of("test") }
}

/** One canonical JSON object a line: the examples as a module keeps them. */
export const printExamples = (examples: readonly PlacedExample[]): string =>
  examples
    .map(({ text, label, split, lesson }) => {
      const mark = lesson ? { lesson } : {}
      return `${canonicalJson({ text, label: label ?? null, split, ...mark })}\n`
    })
    .join("")

/** The part of a module that holds its examples. */
export const EXAMPLES = "examples.jsonl"

/** What a lesson learns from. */
export interface Sources {
  readonly examples: readonly OpenExample[]
  /** The data set, when the examples are just that. */
  readonly data?: { readonly set: DataSet; readonly named: NamedDigest }
  /** The corrections that modules among the sources carried: they are among the examples, to be learnt from. */
  readonly folded: readonly Correction[]
  /** Whether the held-out examples were set apart by a person, and not by an earlier lesson of the same module. */
  readonly isSetApart: boolean
}

/**
 * Examples of several sources, one after the other: files, modules that carry theirs, published data sets by name.
 * Those of `test` are for the final score alone.
 */
export async function gather(
  sources: readonly string[],
  test: string | undefined,
  columns?: Columns,
  fetching: Fetching = fetchingFrom(),
): Promise<Sources> {
  const parts: Sources[] = []
  const sets = (await Promise.all(sources.map(findDataSet))).flatMap((set) => set?.manifest.name ?? [])
  for (const source of sources) parts.push(await sourceOf(source, sets, columns, fetching))
  const tests = test === undefined ? [] : await readExamples(test, columns)
  const folded = parts.flatMap((part) => part.folded)
  const examples = fold(
    [...parts.flatMap((part) => part.examples), ...tests.map((each) => ({ ...each, split: "test" as const }))],
    folded,
  )
  const only = parts.length === 1 && test === undefined ? parts[0]?.data : undefined
  return { examples, folded, isSetApart: parts.some((part) => part.isSetApart), ...(only ? { data: only } : {}) }
}

/** `sets`: the names of the data sets among the sources. */
async function sourceOf(
  source: string,
  sets: readonly string[],
  columns: Columns | undefined,
  fetching: Fetching,
): Promise<Sources> {
  const kind = await stat(source).catch(() => undefined)
  const set = await findDataSet(source)
  if (set) {
    const examples = await readDataSet(set, fetching)
    return { examples, folded: [], data: { set, named: asData(set, examples) }, isSetApart: isSetApart(set) }
  }
  if (kind?.isDirectory()) {
    const inside = await readdir(source)
    if (!inside.includes(MANIFEST))
      refuse({
        code: "OB501",
        seen: `${source} is a folder, and no module.`,
        hint: `Name a file of examples in it. ${suggest("messages.csv", inside.filter(holdsExamples))}`,
      })
    const files = await readModule(source)
    const isSetApart = !recipeFrom(jsonPart(files, "recipe.json")).relearn
    const [own, folded] = [ownExamples(files), correctionsOf(files)]
    const behind = files.manifest.built.data.find(({ name }) => name !== EXAMPLES)?.name
    // What it learnt from stands beside it among the sources: only its corrections are wanted of it.
    if (own === undefined && folded.length > 0 && behind !== undefined && sets.includes(behind))
      return { examples: [], folded, isSetApart }
    const hint = `Name ${behind ?? "the file that it was taught from"}, beside or instead of ${source}.`
    const examples = own ?? refuse({ code: "OB514", seen: `${source} does not carry its examples.`, hint })
    return { examples, folded, isSetApart }
  }
  const examples = await readExamples(source, columns)
  return { examples, folded: [], isSetApart: examples.some(({ split }) => split === "validation") }
}

/**
 * Corrections become examples to learn from. Of several of one text the last counts; what an example that has a split says
 * of that text counts no more, and no test asks it.
 */
function fold(examples: readonly OpenExample[], corrections: readonly Correction[]): readonly OpenExample[] {
  if (corrections.length === 0) return examples
  const keys = keysOf([...corrections, ...examples].map(({ text }) => text))
  const last = new Map(corrections.map((correction, i) => [keys[i]!, correction]))
  const rest = examples.filter(({ split }, i) => split === undefined || !last.has(keys[corrections.length + i]!))
  const lessons = [...last.values()].map(({ text, label }) => ({
    text,
    label,
    split: "train" as const,
    lesson: true as const,
  }))
  return [...rest, ...lessons]
}

/**
 * The examples that a module was taught from, or those of a file or a published data set, with the digests of the data
 * that they are; `test` takes the place of those that are for the score. Errors: OB514, and those of `gather`.
 */
export async function examplesBehind(
  source: string,
  test: string | undefined,
  columns?: Columns,
  fetching: Fetching = fetchingFrom(),
): Promise<{ readonly examples: readonly OpenExample[]; readonly from: readonly string[] }> {
  const files = (await isNet(source)) ? await readModule(source) : undefined
  const found = files ? undefined : await gather([source], undefined, columns, fetching)
  const behind = files && (ownExamples(files) ?? (await dataBehind(files.manifest.built.data, undefined, fetching)))
  const examples =
    found?.examples ??
    behind ??
    refuse({
      code: "OB514",
      seen: `${source} does not carry its examples.`,
      hint: `Name the file that it was taught from instead of ${source}.`,
    })
  const from = files?.manifest.built.data ?? (found?.data ? [found.data.named] : [])
  const tests = test === undefined ? undefined : await readExamples(test, columns)
  return {
    examples: tests
      ? [
          ...examples.filter(({ split }) => split !== "test"),
          ...tests.map((each) => ({ ...each, split: "test" as const })),
        ]
      : examples,
    from: from.map(({ digest }) => digest),
  }
}
/** Whether a folder is a module that answers: a data set is one too, and does not. */
async function isNet(source: string): Promise<boolean> {
  const kind = await stat(source).catch(() => undefined)
  if (!kind?.isDirectory() || (await findDataSet(source))) return false
  return (await readdir(source)).includes(MANIFEST)
}

/** The examples that a module carries, if it does. */
export function ownExamples(files: ModuleFiles): readonly PlacedExample[] | undefined {
  const bytes = files.parts[EXAMPLES]
  return (
    bytes && (parseExamples(`${files.path}/${EXAMPLES}`, new TextDecoder().decode(bytes)) as readonly PlacedExample[])
  )
}

/** The examples that a module has learnt from, as far as it carries them. */
export function learntExamples(files: ModuleFiles): readonly PlacedExample[] {
  const own = ownExamples(files)
  if (own === undefined) return []
  const { relearn } = recipeFrom(jsonPart(files, "recipe.json"))
  return own.filter(({ split }) => split === "train" || (relearn && split === "validation"))
}
/** Their texts. */
export const learntBy = (files: ModuleFiles): readonly string[] => learntExamples(files).map(({ text }) => text)
