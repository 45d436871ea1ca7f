import type { Digest } from "@open-brains/core/base/digest.ts"
import { messageOf, Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { counted } from "@open-brains/core/base/words.ts"
import { type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import { shown } from "@open-brains/core/commons/shape.ts"
import { printStatement } from "@open-brains/core/commons/statement.ts"
import {
  type AskedBenchmark,
  attestedFor,
  type CheckJob,
  type CheckResult,
  digestOfJob,
  type Findings,
  type FoundBenchmark,
  type ItemsJob,
  type ItemsResult,
  type Job,
  type JobResult,
  type Place,
  WORK_LIMITS,
} from "@open-brains/core/commons/work.ts"
import { attestationOf, leavesOf, refuseIrreproducible, sha256 } from "../benchmarks/attest.ts"
import { type OpenBenchmark, openBenchmark } from "../benchmarks/benchmark.ts"
import { refuseNarrower } from "../benchmarks/compare.ts"
import { refuseNotSimpler } from "../benchmarks/resources.ts"
import { answersOf, differencesOf, runItems, tallyOf } from "../benchmarks/run.ts"
import { openSubject, refuseUnaskable, type Subject, type Within } from "../benchmarks/subject.ts"
import { shortDigest } from "../sharing/describe.ts"
import type { Folders } from "./fetch.ts"

export interface Doing {
  readonly folders: Folders
  readonly signer: Signer
  /** Throws its reason between two items. */
  readonly signal: AbortSignal
  readonly onItem?: (done: number, count: number) => void
}

/**
 * Does a job. What a module does wrong, refused or unforeseen, is a result of its own, which others find too; what is wrong with
 * this machine is thrown. Errors: OB155 to OB158, and the reason of the signal.
 */
export async function runJob(job: Job, doing: Doing): Promise<JobResult> {
  try {
    return job.kind === "check" ? await check(job, doing) : await runOn(job, doing)
  } catch (error) {
    return failureOf(job, error, doing.folders, doing.signal)
  }
}

/** The result that says that a job cannot be done, by anybody. Rethrows what says nothing of the job. */
export function failureOf(job: Job, error: unknown, folders: Folders, signal: AbortSignal): JobResult {
  if (signal.aborted && error === signal.reason) throw error
  if (isOfThisMachine(error)) throw error
  const { code, because } = told(error, job, folders)
  return { kind: "failure", ...answering(job), code, because }
}
/** Of the disk: they say nothing of a module. */
const MACHINE = ["OB155", "OB156", "OB157", "OB158"]
const isOfThisMachine = (error: unknown): boolean =>
  error instanceof Refusal && MACHINE.includes(error.problems[0]!.code)

const answering = (job: Job): { readonly job: number; readonly asked: Digest } => ({
  job: job.id,
  asked: digestOfJob(job, sha256),
})
/** A code, and a sentence for a person, in which no folder of this machine is named. */
function told(error: unknown, job: Job, folders: Folders): { readonly code: string; readonly because: string } {
  const problem = error instanceof Refusal ? error.problems[0]! : unforeseen(error)
  const names = new Map(namedIn(job).map(({ artifact, repository }) => [artifact, repository]))
  let because = problem.seen
  for (const [artifact, folder] of folders) because = because.replaceAll(folder, names.get(artifact) ?? artifact)
  return { code: problem.code, because: shown(because, WORK_LIMITS.lineLength) }
}
const unforeseen = (error: unknown) => ({
  code: "OB768",
  seen: `It could not be run to an end, and nobody foresaw why: ${messageOf(error)}`,
})
function namedIn(job: Job): readonly Place[] {
  const asked = job.kind === "items" ? [job] : job.benchmarks
  const benchmarks = asked.flatMap(({ benchmark, within }) => (within ? [benchmark, within.brain] : [benchmark]))
  return [job.candidate, job.baseline, ...(job.anchor ? [job.anchor] : []), ...benchmarks]
}

/** What was opened for a job, closed at its end. */
interface Openings {
  subject(place: Place, within?: Within): Promise<Subject>
  benchmark(place: Place): Promise<OpenBenchmark>
}
async function withOpenings<T>(folders: Folders, work: (open: Openings) => Promise<T>): Promise<T> {
  const closing: (() => Promise<void>)[] = []
  const kept = <Each extends { readonly name: string; close(): Promise<void> }>(each: Each, name: string): Each => {
    closing.push(() => each.close())
    return { ...each, name }
  }
  try {
    return await work({
      subject: async (place, within) => kept(await openSubject(folderOf(place, folders), within), versionOf(place)),
      benchmark: async (place) => kept(await openBenchmark(folderOf(place, folders)), place.repository),
    })
  } finally {
    await Promise.all(closing.map((close) => close()))
  }
}
const versionOf = ({ repository, artifact }: Place): string => `${repository}@${shortDigest(artifact)}`
const folderOf = ({ artifact }: Place, folders: Folders): string => {
  const folder = folders.get(artifact)
  if (folder === undefined) throw new Error(`bug: ${artifact} was not fetched`)
  return folder
}
const withinOf = ({ within }: AskedBenchmark, folders: Folders): Within | undefined =>
  within && { brain: folderOf(within.brain, folders), use: repositoryOf(within.module) }

const runOn = (job: ItemsJob, doing: Doing): Promise<ItemsResult> =>
  withOpenings(doing.folders, async (open) => {
    const within = withinOf(job, doing.folders)
    const candidate = await open.subject(job.candidate, within)
    const baseline = await open.subject(job.baseline, within)
    const anchor = job.anchor && (await open.subject(job.anchor, within))
    const benchmark = await open.benchmark(job.benchmark)
    for (const subject of anchor ? [candidate, baseline, anchor] : [candidate, baseline]) {
      refuseIrreproducible(subject)
      refuseUnaskable(benchmark, subject)
    }
    refuseBeyond(benchmark, job)
    const contest = { benchmark, candidate, baseline, ...(anchor ? { anchor } : {}) }
    const { signal, onItem } = doing
    const said = await runItems(contest, job.items, { signal, ...(onItem ? { onItem } : {}) })
    const leaves = leavesOf(answersOf(said.candidate))
    const beside = (side: "baseline" | "anchor") => {
      const others = said[side]!
      const [differences, theirs] = [differencesOf(said.candidate, others), leavesOf(answersOf(others))]
      const both = { candidate: leaves, baseline: theirs }
      const statement = attestationOf(attestedFor(job, side), tallyOf(differences), both)
      const envelope = new TextDecoder().decode(seal(printStatement(statement), [doing.signer]))
      return { leaves: theirs, differences, envelope }
    }
    const [one, other] = [beside("baseline"), anchor && beside("anchor")]
    return {
      kind: "items",
      ...answering(job),
      leaves: { candidate: leaves, baseline: one.leaves, ...(other ? { anchor: other.leaves } : {}) },
      differences: { baseline: one.differences, ...(other ? { anchor: other.differences } : {}) },
      attestations: { baseline: one.envelope, ...(other ? { anchor: other.envelope } : {}) },
    }
  })

function refuseBeyond({ name, itemCount = WORK_LIMITS.itemsOfBenchmark }: OpenBenchmark, { items }: ItemsJob): void {
  if (items.from + items.count > itemCount)
    refuse({
      code: "OB766",
      seen: `The job asks for items ${items.from} to ${items.from + items.count - 1} of ${name}, which has ${counted(itemCount, "item")}.`,
      hint: "Ask for items that there are: whoever runs the hub can look at why it does not.",
    })
}

/** Exact: no item is run. */
const check = (job: CheckJob, doing: Doing): Promise<CheckResult> =>
  withOpenings(doing.folders, async (open) => {
    const [candidate, baseline] = [await open.subject(job.candidate), await open.subject(job.baseline)]
    const anchor = job.anchor && (await open.subject(job.anchor))
    let refusal = await codeIn(["OB755", "OB757"], job, doing, async () => {
      refuseNarrower(candidate, baseline)
      for (const subject of [candidate, baseline]) refuseIrreproducible(subject)
    })
    if (refusal === undefined && job.isSimpler)
      refusal = await codeIn(["OB756"], job, doing, () => refuseNotSimpler(candidate, baseline))
    const benchmarks: FoundBenchmark[] = []
    for (const asked of job.benchmarks) {
      doing.signal.throwIfAborted()
      const { misfit, found } = await checkBenchmark(asked, { candidate, baseline, anchor }, job, doing, open)
      benchmarks.push(found)
      refusal ??= misfit
    }
    const findings: Findings = {
      refusal: (refusal?.code ?? null) as Findings["refusal"],
      ...(refusal ? { because: refusal.because } : {}),
      benchmarks,
    }
    return { kind: "check", ...answering(job), findings }
  })

type Told = ReturnType<typeof told>
/** What a check refuses, by its code; anything else is the whole job's. */
async function codeIn(
  codes: readonly string[],
  job: Job,
  { folders }: Doing,
  work: () => Promise<unknown>,
): Promise<Told | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal) || !codes.includes(error.problems[0]!.code)) throw error
    return told(error, job, folders)
  }
}

interface Compared {
  readonly candidate: Subject
  readonly baseline: Subject
  readonly anchor: Subject | undefined
}
/**
 * Whether a benchmark can ask. What the baseline cannot be asked is left out; what the baseline can and the candidate cannot is a place
 * where it does not fit.
 */
async function checkBenchmark(
  asked: AskedBenchmark,
  alone: Compared,
  job: CheckJob,
  doing: Doing,
  open: Openings,
): Promise<{ readonly found: FoundBenchmark; readonly misfit?: Told }> {
  const leftOut = (error: unknown): { readonly found: FoundBenchmark } => {
    if (isOfThisMachine(error) || (doing.signal.aborted && error === doing.signal.reason)) throw error
    const { code, because } = told(error, job, doing.folders)
    return { found: { refusal: code, because, itemCount: null } }
  }
  const within = withinOf(asked, doing.folders)
  const askable = async (subject: Subject, place: Place): Promise<Subject> => {
    const inside = within ? await open.subject(place, within) : subject
    refuseIrreproducible(inside)
    refuseUnaskable(benchmark, inside)
    return inside
  }
  let benchmark: OpenBenchmark
  let baseline: Subject
  try {
    benchmark = await open.benchmark(asked.benchmark)
    baseline = await askable(alone.baseline, job.baseline)
    if (alone.anchor) await askable(alone.anchor, job.anchor!)
  } catch (error) {
    return leftOut(error)
  }
  const found: FoundBenchmark = { refusal: null, itemCount: benchmark.itemCount ?? null }
  try {
    refuseNarrower(await askable(alone.candidate, job.candidate), baseline)
    return { found }
  } catch (error) {
    const left = leftOut(error)
    const because = left.found.because ?? ""
    return { ...left, misfit: { code: "OB755", because } }
  }
}
