import { mkdir, stat } from "node:fs/promises"
import { basename, join, resolve } from "node:path"
import { type Problem, Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { parseReference, printReference } from "@open-brains/core/commons/reference.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { Composition } from "@open-brains/core/composition/composition.ts"
import type { NamedDigest } from "@open-brains/core/module/manifest.ts"
import { jsonPart } from "@open-brains/core/run/module.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import { recipeFrom } from "@open-brains/core/train/recipe.ts"
import type { TeachProgress } from "@open-brains/core/train/teach.ts"
import type { OpenBenchmark } from "./benchmarks/benchmark.ts"
import { isSame, SAME, withOpened } from "./benchmarks/judge.ts"
import { heldOutBenchmark } from "./benchmarks/rows.ts"
import { placeOf, refuseUnaskable, type Within } from "./benchmarks/subject.ts"
import { openSuite, suitesOf } from "./benchmarks/suites.ts"
import { type Trial, tryOut } from "./benchmarks/trial.ts"
import { gather as gatherBrain } from "./brains/gather.ts"
import { storeName } from "./brains/names.ts"
import { brainFileAt } from "./brains/sources.ts"
import type { Fetching } from "./data/fetch.ts"
import type { PlacedExample } from "./data/split.ts"
import { findNet } from "./edit.ts"
import { gather, learntBy, ownExamples, type Sources, splitsOf } from "./examples.ts"
import { defaultBase } from "./services.ts"
import { standingAt } from "./sharing/passes.ts"
import { type ModuleFiles, readModule } from "./store/folder.ts"
import { openMine } from "./store/mine.ts"
import { teachModule } from "./teach.ts"

export interface RebuildOnOptions {
  /** The new data: a data set by name, folder or name of the store, or a file of examples. */
  readonly data: string
  /** Where candidates go: a net that was named alone is this folder, others are folders in it. */
  readonly into: string
  /** Benchmarks beside those of brains and what the data hold out. */
  readonly on?: readonly string[]
  readonly base?: string | undefined
  readonly fetching: Fetching
  readonly onTeach?: (name: string) => (progress: TeachProgress) => void
  readonly onItem?: (name: string, done: number, count: number) => void
  readonly onRebuilt?: (rebuilt: RebuiltOn) => void
}
/** What became of a net that was built again from other data. */
export interface RebuiltOn {
  readonly name: string
  /** Of the brain that it was tried in, if one. */
  readonly brain?: string
  /** The candidate; none where it could not be built. */
  readonly into?: string
  /** `same data`: it learnt from just these. `untried`: nothing tells whether it is as good. */
  readonly is: "accepted" | "refused" | "untried" | "same data"
  readonly trial?: Trial
  readonly problem?: Problem
}

/** A net to be built again, and where it stands. */
interface Dependent {
  readonly name: string
  readonly folder: string
  readonly files: ModuleFiles
  readonly within?: Within
  readonly suites: readonly string[]
  /** Of the brain, whose ports its suites have. */
  readonly composition?: Composition
}

/**
 * Builds nets again from other data, by their own recipes: the ones that are named, those that named brains use and that learnt from a set of that name,
 * or, where nothing is named, all of the person's store that did. Each is a candidate, compared with the old one on what the brain
 * lives by, on `on`, and on what the data hold out; nothing is replaced. The same data give the same bits. Errors: OB520 when a base is
 * not here, OB784 when nothing can be built so, and those of reading and teaching.
 */
export async function rebuildOn(modules: readonly string[], options: RebuildOnOptions): Promise<readonly RebuiltOn[]> {
  const source = await placeOf(options.data)
  const sources = await gather([source], undefined, undefined, options.fetching)
  const set = sources.data?.set.manifest.name
  const dependents: Dependent[] = []
  for (const module of modules) dependents.push(...(await dependentsAt(module, set)))
  if (modules.length === 0) dependents.push(...(await dependentsInStore(set)))
  if (dependents.length === 0)
    refuse({
      code: "OB784",
      seen: `Nothing of ${modules.length === 0 ? "your store" : modules.join(", ")} learnt from ${set === undefined ? "a data set" : `\`${set}\``}.`,
      hint: "Name the nets that are to be built again: brain rebuild NET --data SET --into FOLDER",
    })
  const isAlone = modules.length === 1 && dependents.length === 1 && dependents[0]!.within === undefined
  const into = (name: string): string =>
    isAlone ? options.into : join(options.into, storeName(name) ? name.replace(/[/:]/g, "-") : basename(name))
  refuseOverwriting(dependents.map(({ folder, name }) => [folder, into(name)]))
  if (!isAlone) await mkdir(options.into, { recursive: true })
  const found: RebuiltOn[] = []
  for (const each of dependents) {
    const rebuilt = await candidateOf(each, into(each.name), sources, options)
    found.push(rebuilt)
    options.onRebuilt?.(rebuilt)
  }
  return found
}

/** A net that is named, or those of a brain that learnt from the set. */
async function dependentsAt(name: string, set: string | undefined): Promise<readonly Dependent[]> {
  const folder = await placeOf(name)
  const main = brainFileAt(folder)
  if (main === undefined) return [{ name, folder, files: await readModule(folder), suites: [] }]
  const { library } = await gatherBrain(main)
  const { composition, problems } = checkBrains(library, main)
  if (composition === undefined) return refuse(...problems)
  const last = library.files.get(main)!.syntax.definitions.findLast((each) => each.kind === "brain")
  const found: Dependent[] = []
  for (const use of last?.uses ?? []) {
    const net = use.isString ? library.found(main, use.source.text) : undefined
    if (net?.kind !== "module" || net.module.isStepped) continue
    const files = await readModule(net.module.folder)
    if (learntFrom(files, set))
      found.push({
        name: storeName(use.source.text) ? use.source.text : net.module.folder,
        folder: net.module.folder,
        files,
        within: { brain: name, use: use.name.text },
        suites: suitesOf(main, composition),
        composition,
      })
  }
  return found
}
async function dependentsInStore(set: string | undefined): Promise<readonly Dependent[]> {
  const found: Dependent[] = []
  const seen = new Set<string>()
  for (const { repository, tag, digest, card } of await standingAt(await openMine())) {
    if (card.kind !== "net" || seen.has(`${repository} ${digest}`)) continue
    seen.add(`${repository} ${digest}`)
    const name = printReference({ ...parseReference(repository), tag })
    const folder = await placeOf(name)
    const files = await readModule(folder)
    if (learntFrom(files, set)) found.push({ name, folder, files, suites: [] })
  }
  return found
}
const learntFrom = ({ manifest }: ModuleFiles, set: string | undefined): boolean =>
  set !== undefined && manifest.built.data.some(({ name }) => name === set)

/** Errors: OB784 when a candidate would be what it is compared with, or two would be one. */
function refuseOverwriting(pairs: readonly (readonly [old: string, now: string])[]): void {
  const seen = new Set<string>()
  for (const [old, now] of pairs) {
    if (resolve(old) === resolve(now) || seen.has(resolve(now)))
      refuse({
        code: "OB784",
        seen: `${now} would be written over ${seen.has(resolve(now)) ? "by another net" : "while it is compared with"}.`,
        hint: "Name another folder: --into FOLDER. The old net stays, so that both can be compared.",
      })
    seen.add(resolve(now))
  }
}

async function candidateOf(
  dependent: Dependent,
  into: string,
  sources: Sources,
  options: RebuildOnOptions,
): Promise<RebuiltOn> {
  const { name, folder, within } = dependent
  const common = { name, ...(within ? { brain: within.brain } : {}) }
  try {
    if (isLearntFromJust(dependent.files, sources.data?.named)) return { ...common, is: "same data" }
    await teach(dependent, into, sources, options)
  } catch (error) {
    return { ...common, is: "refused", problem: problemOf(error) }
  }
  const built = { ...common, into }
  const own: OpenBenchmark[] = []
  try {
    return await withOpened(folder, into, options.on ?? [], within, async ({ candidate, incumbent, opened }) => {
      if (await isSame(candidate, incumbent))
        return {
          ...built,
          is: "accepted",
          trial: { accepted: true, because: SAME.because, items: 0, better: 0, broken: [] },
        }
      const held = within
        ? undefined
        : heldOutBenchmark(options.data, await heldOut(dependent.files, into, sources), candidate, incumbent)
      for (const suite of dependent.suites) own.push(await openSuite(suite, dependent.composition!))
      const benchmarks = [...own, ...opened, ...(held ? [held] : [])]
      if (benchmarks.length === 0) return { ...built, is: "untried" }
      for (const each of benchmarks) for (const subject of [candidate, incumbent]) refuseUnaskable(each, subject)
      const trial = await tryOut(candidate, incumbent, benchmarks, {
        onItem: (done, count) => options.onItem?.(name, done, count),
      })
      return { ...built, is: trial.accepted ? "accepted" : "refused", trial }
    })
  } catch (error) {
    return { ...built, is: "refused", problem: problemOf(error) }
  } finally {
    await Promise.all(own.map((each) => each.close()))
  }
}
/** What the old net is known to have learnt tells nothing. Of a file of examples the candidate carries them, each in its split. */
async function heldOut(old: ModuleFiles, candidate: string, { examples }: Sources): Promise<readonly Example[]> {
  const placed = ownExamples(await readModule(candidate)) ?? (examples as readonly PlacedExample[])
  const learnt = new Set(learntBy(old).map((text) => text.trim()))
  return splitsOf(placed).test.filter(({ text }) => !learnt.has(text.trim()))
}
const isLearntFromJust = ({ manifest }: ModuleFiles, named: NamedDigest | undefined): boolean =>
  named !== undefined && manifest.built.data.length === 1 && manifest.built.data[0]!.digest === named.digest
function problemOf(error: unknown): Problem {
  const [problem] = error instanceof Refusal ? error.problems : []
  if (problem === undefined) throw error
  const { span: _, ...rest } = problem
  return rest
}

/** By the recipe of the old one, on its base, with its seed. Errors: OB520, OB784, and those of `teachModule`. */
async function teach(
  { name, folder, files }: Dependent,
  into: string,
  sources: Sources,
  options: RebuildOnOptions,
): Promise<void> {
  const { built, name: called, about, licence } = files.manifest
  if (built.edited)
    refuse({
      code: "OB784",
      seen: `${name} was edited by hand: its recipe makes the net that it was, not what it is.`,
      hint: `Build \`${built.edited.name}\` again, and edit that.`,
    })
  const base = built.base && (await baseOf(built.base, folder, options.base))
  const { relearn: _, ...recipe } = recipeFrom(jsonPart(files, "recipe.json"))
  await teachModule({
    ...{ examples: sources.examples, isSetApart: sources.isSetApart, folded: sources.folded, into },
    ...{ name: called, about, licence, seed: built.seed, recipe, isOneRecipe: true },
    ...(base ? { base } : {}),
    ...(sources.data ? { data: sources.data.named } : {}),
    ...(options.onTeach ? { onProgress: options.onTeach(name) } : {}),
  })
}
async function baseOf(named: NamedDigest, beside: string, given: string | undefined): Promise<ModuleFiles> {
  const path = given ?? (await findNet(named.digest, beside)) ?? defaultBase()
  const base = path !== undefined && (await stat(path).catch(() => undefined)) ? await readModule(path) : undefined
  if (base?.digest === named.digest) return base
  return refuse({
    code: "OB520",
    seen: `${beside} was learnt on from \`${named.name}\` ${named.digest}, which is not here.`,
    hint: "Name the folder that holds it: --base FOLDER.",
  })
}
