import { resolve } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { type Problem, Refusal, refuse, suggest } from "@open-brains/core/base/problem.ts"
import { parseReference, printReference, readReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { Composition } from "@open-brains/core/composition/composition.ts"
import type { OpenBenchmark } from "../benchmarks/benchmark.ts"
import { refuseNarrower } from "../benchmarks/compare.ts"
import { openBrain, refuseUnaskable, type Subject } from "../benchmarks/subject.ts"
import { openSuite, privateSuitesOf, suitesOf } from "../benchmarks/suites.ts"
import { type Trial, tryOut } from "../benchmarks/trial.ts"
import { gather } from "../brains/gather.ts"
import { lockPathOf, moveLock, readLock } from "../brains/lock.ts"
import type { Repin } from "../brains/names.ts"
import { needBrainFile } from "../brains/sources.ts"
import { openMine } from "../store/mine.ts"
import { type AddOptions, look, type Offer, take } from "./add.ts"
import type { OnBytes } from "./copy.ts"

export interface UpdateOptions extends Pick<AddOptions, "from" | "isInsecure"> {
  /** Only these: names of modules of the store (default: all that the lock pins). */
  readonly modules?: readonly string[]
  /** Benchmarks beside those that the brain names and its private ones. */
  readonly on?: readonly string[]
  /** Tries all, and pins nothing. */
  readonly isDryRun?: boolean
  /** Told of what is newer before any of it is fetched; nothing more happens when it says no. */
  readonly onNewer?: (newer: readonly Newer[]) => Promise<boolean>
  readonly onLook?: (source: string) => void
  readonly onBytes?: (source: string) => OnBytes
  readonly onItem?: (source: string, done: number, count: number) => void
  readonly onDecided?: (decided: Decided) => void
}
/** A module that the lock pins, and what its name stands for now at the place. */
export interface Newer {
  readonly source: string
  readonly from: Digest
  readonly offer: Offer
}
/** What became of a module that the lock pins. */
export interface Decided {
  readonly source: string
  readonly from: Digest
  readonly to?: Digest
  /** `absent`: the place does not have it; `declined`: whoever was asked did not want to try it. */
  readonly is: "same" | "absent" | "taken" | "refused" | "declined"
  readonly trial?: Trial
  /** Why it was refused without a trial, or none could be held. */
  readonly problem?: Problem
}
export interface Updated {
  readonly lock: string
  readonly suites: readonly string[]
  readonly modules: readonly Decided[]
}

/**
 * Looks for newer artifacts of the modules that the lock of a brain pins, and takes those with which the brain is at least as good, one after
 * the other: each is run within the brain as it then stands, on the benchmarks that the brain names, its private ones, and `on`. Nothing is sent
 * to anybody. One that was interrupted can be run again. Errors: OB728, OB780 where nothing is pinned, OB781 for a module that is not, OB782
 * where nothing tells what is good, those of the brain as it is, of benchmarks, and of the place.
 */
export async function update(brain: string, options: UpdateOptions = {}): Promise<Updated> {
  const main = resolve(needBrainFile(brain))
  const pinned = wanted(brain, await pinnedOf(brain, main), options.modules ?? [])
  const decided: Decided[] = []
  const newer: Newer[] = []
  const decide = (each: Decided): void => {
    decided.push(each)
    options.onDecided?.(each)
  }
  for (const { source, artifact } of pinned) {
    options.onLook?.(source)
    const found = await lookFor(source, options)
    if ("code" in found)
      decide({
        source,
        from: artifact,
        ...(found.code === "OB712" ? { is: "absent" } : { is: "refused", problem: found }),
      })
    else if (found.digest === artifact) decide({ source, from: artifact, is: "same" })
    else newer.push({ source, from: artifact, offer: found })
  }
  const composition = await composed(main)
  const suites = [...suitesOf(main, composition), ...(options.on ?? [])]
  const done = (): Updated => ({ lock: lockPathOf(needBrainFile(brain)), suites, modules: decided })
  if (newer.length === 0) return done()
  if (suites.length === 0)
    refuse({
      code: "OB782",
      seen: `There is a newer ${newer.map(({ source }) => source).join(", ")}, and nothing tells whether ${brain} is as good with it: it names no benchmark.`,
      hint: `Name one, --on BENCHMARK, or in its text: benchmark "…". Or put a CSV with a column for each input and one \`expected\` into ${privateSuitesOf(needBrainFile(brain))}: nobody else sees it.`,
    })
  if (options.onNewer !== undefined && !(await options.onNewer(newer))) {
    for (const { source, from, offer } of newer) decide({ source, from, to: offer.digest, is: "declined" })
    return done()
  }
  const benchmarks: OpenBenchmark[] = []
  try {
    for (const suite of new Set(suites)) benchmarks.push(await openSuite(suite, composition))
    for (const each of newer) decide(await tryNewer(main, each, benchmarks, options))
  } finally {
    await Promise.all(benchmarks.map((each) => each.close()))
  }
  return done()
}

interface Pinned {
  readonly source: string
  readonly artifact: Digest
}
/** Each name of the store that the brain's own files use and its lock pins, once. Errors: OB780, and those of the brain. */
async function pinnedOf(brain: string, main: string): Promise<readonly Pinned[]> {
  const { library, named } = await gather(main)
  const { problems } = checkBrains(library, main)
  if (problems.length > 0) refuse(...problems)
  const own = named.filter(({ isOwn, isLocked, source }) => isOwn && isLocked && !source.includes("@"))
  const each = new Map(own.map(({ source, artifact }) => [`${source} ${artifact}`, { source, artifact }]))
  if (each.size > 0) return [...each.values()].sort((a, b) => (a.source < b.source ? -1 : Number(a.source > b.source)))
  return refuse({
    code: "OB780",
    seen: readLock(main)
      ? `${lockPathOf(needBrainFile(brain))} pins no module of your store.`
      : `${brain} has no lock: it takes whatever the names stand for in your store.`,
    hint: `Let it use modules by name, use NAME from "acme/intent", and lock it: brain lock ${brain}`,
  })
}
/** Errors: OB781. */
function wanted(brain: string, pinned: readonly Pinned[], modules: readonly string[]): readonly Pinned[] {
  if (modules.length === 0) return pinned
  const isMeant = (source: string, name: string): boolean => {
    const [used, named] = [readReference(source), readReference(name)]
    return (
      source === name ||
      (used !== undefined &&
        named?.tag === undefined &&
        named !== undefined &&
        repositoryOf(used) === repositoryOf(named))
    )
  }
  for (const name of modules)
    if (!pinned.some(({ source }) => isMeant(source, name)))
      refuse({
        code: "OB781",
        seen: `The lock of ${brain} pins no \`${name.slice(0, 200)}\`.`,
        hint: suggest(
          name,
          pinned.map(({ source }) => source),
        ),
      })
  return pinned.filter(({ source }) => modules.some((name) => isMeant(source, name)))
}

/** Not here to be asked again, or a stranger's mistake: the other modules are looked at all the same. */
const OF_ONE_MODULE: readonly string[] = [
  "OB701",
  "OB702",
  "OB703",
  "OB712",
  "OB713",
  "OB724",
  "OB725",
  "OB726",
  "OB729",
]
async function lookFor(source: string, { from, isInsecure = false }: UpdateOptions): Promise<Offer | Problem> {
  try {
    return await look(source, { from, isInsecure })
  } catch (error) {
    return problemOf(error, (code) => OF_ONE_MODULE.includes(code))
  }
}
function problemOf(error: unknown, isMeant: (code: string) => boolean = () => true): Problem {
  const [problem] = error instanceof Refusal ? error.problems : []
  if (problem === undefined || !isMeant(problem.code)) throw error
  const { span: _, ...rest } = problem
  return rest
}

async function composed(main: string, repin?: Repin): Promise<Composition> {
  const { library } = await gather(main, repin ? { repin } : {})
  const { composition, problems } = checkBrains(library, main)
  return composition ?? refuse(...problems)
}
const opened = async (name: string, main: string, repin?: Repin): Promise<Subject> => ({
  ...(await openBrain(await composed(main, repin))),
  name,
  path: main,
})

/** Takes it into the store under a tag of its own, runs the brain with it, and pins it when it passes. */
async function tryNewer(
  main: string,
  newer: Newer,
  benchmarks: readonly OpenBenchmark[],
  { isDryRun = false, onBytes, onItem }: UpdateOptions,
): Promise<Decided> {
  const { source, from, offer } = newer
  const to = offer.digest
  const kept = `trial-${to.slice("sha256:".length, "sha256:".length + 12)}`
  const decided = { source, from, to }
  const closing: Subject[] = []
  try {
    await take(offer, onBytes?.(source), kept)
    const incumbent = await opened(printReference({ ...parseReference(source), digest: from }), main)
    closing.push(incumbent)
    for (const benchmark of benchmarks) refuseUnaskable(benchmark, incumbent)
    const trial = await ofCandidate(async () => {
      const repin: Repin = (each, locked) => (each === source && locked === from ? to : undefined)
      const candidate = await opened(printReference({ ...parseReference(source), digest: to }), main, repin)
      closing.push(candidate)
      refuseNarrower(candidate, incumbent)
      for (const benchmark of benchmarks) refuseUnaskable(benchmark, candidate)
      return tryOut(candidate, incumbent, benchmarks, {
        onItem: (done, count) => onItem?.(source, done, count),
      })
    })
    if ("code" in trial) return { ...decided, is: "refused", problem: trial }
    if (!trial.accepted) return { ...decided, is: "refused", trial }
    if (isDryRun || (await keep(main, newer))) return { ...decided, is: "taken", trial }
    const because = `It passed, but ${lockPathOf(main)} was changed meanwhile: run it again.`
    return { ...decided, is: "refused", trial: { ...trial, accepted: false, because } }
  } catch (error) {
    return { ...decided, is: "refused", problem: problemOf(error, (code) => OF_ONE_MODULE.includes(code)) }
  } finally {
    await Promise.all(closing.map((each) => each.close()))
    await (await openMine()).remove(repositoryOf(offer.reference), kept)
  }
}
async function ofCandidate(work: () => Promise<Trial>): Promise<Trial | Problem> {
  try {
    return await work()
  } catch (error) {
    return problemOf(error)
  }
}
/** The name stands for it in the store, then the lock names it: interrupted between, it is tried again. False when the lock was changed meanwhile. */
async function keep(main: string, { source, from, offer }: Newer): Promise<boolean> {
  await take(offer)
  return moveLock(main, source, from, offer.digest)
}
