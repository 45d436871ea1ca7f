import type { Digest } from "../base/digest.ts"
import { canonicalJson, type Json, type JsonObject } from "../base/json.ts"
import { OPERATION_SET } from "../graph/operations.ts"
import { ENVELOPE_LIMITS, type Envelope, type PublicKey, type Signer, seal } from "./envelope.ts"
import { type Hash, treeOfHashes } from "./merkle.ts"
import { isName, type ModuleName, readReference, repositoryOf } from "./reference.ts"
import { jsonOf, type Reading, readingOf } from "./shape.ts"
import type { AttestationStatement, WorkStatement } from "./statement.ts"
import { TYPES } from "./statement.ts"

/**
 * What a hub and those who work for it say to each other. A worker asks with a signed `WorkStatement` (`POST /api/v1/work`), gets a job,
 * and sends a signed result (`POST /api/v1/jobs/ID`). Several do each job; nobody trusts one of them.
 */
export type WorkRequest = WorkStatement

export const WORK_LIMITS = {
  items: 1024, // of a job
  benchmarks: 65, // 64 protected ones and a target
  lineLength: 1000,
  itemsOfBenchmark: 2 ** 32,
} as const

/** An artifact, and where at the hub it lies: `acme/intent`, `sha256:…`. */
export interface Place {
  readonly repository: string
  readonly artifact: Digest
}
/** The brain in which candidate and baseline are run in the place of a module. */
export interface WorkWithin {
  readonly brain: Place
  readonly module: ModuleName
}
export interface AskedBenchmark {
  readonly benchmark: Place
  readonly within?: WorkWithin
}
interface Compared {
  readonly id: number
  readonly candidate: Place
  readonly baseline: Place
  /** What the epoch began with, where that is not the baseline. */
  readonly anchor?: Place
}
/** Does the candidate fit where the baseline stands, and which benchmarks can ask it? Exact: no item is run. */
export interface CheckJob extends Compared {
  readonly kind: "check"
  /** It claims to be simpler: is it? */
  readonly isSimpler: boolean
  readonly benchmarks: readonly AskedBenchmark[]
}
/** Run all of them on these items. */
export interface ItemsJob extends Compared, AskedBenchmark {
  readonly kind: "items"
  readonly items: { readonly seed: number; readonly from: number; readonly count: number }
}
export type Job = CheckJob | ItemsJob
/** The answer to a request for work. */
export interface Leased {
  readonly job: Job
  readonly leaseUntil: number // milliseconds since 1970, by the clock of the hub
}

interface Answered {
  readonly job: number
  /** `digestOfJob` of what was asked: a result is about nothing else, whoever passes it on. */
  readonly asked: Digest
}
export interface CheckResult extends Answered {
  readonly kind: "check"
  readonly findings: Findings
}
/** What `compareResults` compares exactly: all but `because`, which is for a person. */
export interface Findings {
  /** OB755: its ports do not fit; OB757: it is not reproducible; OB756: it is not simpler. The first of them that is so, or null. */
  readonly refusal: "OB755" | "OB756" | "OB757" | null
  readonly because?: string
  /** Of each benchmark that was offered, in its order. */
  readonly benchmarks: readonly FoundBenchmark[]
}
export interface FoundBenchmark {
  /** Why it cannot ask, as a code (OB752, or that of opening it), or null. */
  readonly refusal: string | null
  readonly because?: string
  /** Of data; null of a generator, which has as many as anybody wants, and where it could not be opened. */
  readonly itemCount: number | null
}
export interface ItemsResult extends Answered {
  readonly kind: "items"
  /** RFC 9162 hashes of each answer, in the order of items. */
  readonly leaves: {
    readonly candidate: readonly Digest[]
    readonly baseline: readonly Digest[]
    readonly anchor?: readonly Digest[]
  }
  /** Score of the candidate less that of the other, in units of 2⁻³². */
  readonly differences: { readonly baseline: readonly number[]; readonly anchor?: readonly number[] }
  /** Texts of envelopes of an `AttestationStatement` each: the candidate beside the baseline, and beside the anchor. */
  readonly attestations: { readonly baseline: string; readonly anchor?: string }
}
/** It could not be done here. */
export interface FailureResult extends Answered {
  readonly kind: "failure"
  readonly code: string // OBnnn; OB754 where a generator gives no item
  readonly because: string
}
export type JobResult = CheckResult | ItemsResult | FailureResult

/** What ran it: whoever runs it again may use a newer version, but no other operations. */
export const RUNNER = `open-brains; operations ${OPERATION_SET}`

const HINT = "Take a hub and a worker of the same version."
export const digestOfJob = (job: Job, hash: Hash): Digest =>
  hash(new TextEncoder().encode(canonicalJson(JSON.parse(JSON.stringify(job)) as JsonObject)))

/** What a worker of the hub signs: DSSE, with a payload type of its own. */
export const RESULT_TYPE = "application/vnd.openbrains.job-result.v1+json"
export const sealResult = (result: JobResult, signer: Signer): Uint8Array =>
  seal(new TextEncoder().encode(canonicalJson(JSON.parse(JSON.stringify(result)) as JsonObject)), [signer], RESULT_TYPE)

/** Errors: OB743. Says nothing of whether it fits the job: `misfitOfItems` does. */
export function resultOf({ payloadType, payload }: Envelope): JobResult {
  const reading = readingOf("The result of a job", "OB743", HINT)
  if (payloadType !== RESULT_TYPE) reading.fail("payloadType", RESULT_TYPE)
  const json = reading.object(jsonOf(payload, reading), "")
  const answered: Answered = { job: reading.whole(json["job"], "job"), asked: reading.digest(json["asked"], "asked") }
  switch (json["kind"]) {
    case "check":
      return { kind: "check", ...answered, findings: readFindings(json["findings"], reading) }
    case "items":
      return { kind: "items", ...answered, ...readAnswers(json, reading) }
    case "failure":
      return {
        kind: "failure",
        ...answered,
        code: readCode(json["code"], "code", reading),
        because: reading.line(json["because"], "because", WORK_LIMITS.lineLength),
      }
    default:
      return reading.fail("kind", "kind: check, items, failure")
  }
}
function readCode(json: Json | undefined, path: string, reading: Reading): string {
  const code = reading.text(json, path, 5)
  return /^OB[0-9]{3}$/.test(code) ? code : reading.fail(path, "code such as OB752")
}
function readFindings(json: Json | undefined, reading: Reading): Findings {
  const findings = reading.object(json, "findings")
  const because = (from: JsonObject, path: string): { readonly because?: string } =>
    from["because"] === undefined
      ? {}
      : { because: reading.line(from["because"], `${path}.because`, WORK_LIMITS.lineLength) }
  const { refusal } = findings
  if (refusal !== null && refusal !== "OB755" && refusal !== "OB756" && refusal !== "OB757")
    return reading.fail("findings.refusal", "refusal: OB755, OB756, OB757 or null")
  return {
    refusal,
    ...because(findings, "findings"),
    benchmarks: reading.list(findings["benchmarks"], "findings.benchmarks", WORK_LIMITS.benchmarks).map((each, i) => {
      const path = `findings.benchmarks[${i}]`
      const found = reading.object(each, path)
      return {
        refusal: found["refusal"] === null ? null : readCode(found["refusal"], `${path}.refusal`, reading),
        ...because(found, path),
        itemCount:
          found["itemCount"] === null
            ? null
            : reading.whole(found["itemCount"], `${path}.itemCount`, WORK_LIMITS.itemsOfBenchmark),
      }
    }),
  }
}
const SCORE_ONE = 2 ** 32
function readAnswers(json: JsonObject, reading: Reading): Pick<ItemsResult, "leaves" | "differences" | "attestations"> {
  const [leaves, differences, attestations] = (["leaves", "differences", "attestations"] as const).map((name) =>
    reading.object(json[name], name),
  ) as [JsonObject, JsonObject, JsonObject]
  const listOf = <T>(from: JsonObject, path: string, read: (each: Json, path: string) => T): readonly T[] =>
    reading.list(from[path.split(".")[1]!], path, WORK_LIMITS.items).map((each, i) => read(each, `${path}[${i}]`))
  const difference = (each: Json, path: string): number =>
    typeof each === "number" && Number.isSafeInteger(each) && Math.abs(each) <= SCORE_ONE
      ? each + 0
      : reading.fail(path, "difference of two scores in units of 2⁻³²")
  const envelope = (each: Json | undefined, path: string): string => reading.text(each, path, ENVELOPE_LIMITS.bytes)
  const hasAnchor = [leaves, differences, attestations].map((each) => each["anchor"] !== undefined)
  if (hasAnchor[0] !== hasAnchor[1] || hasAnchor[0] !== hasAnchor[2])
    reading.fail("anchor", "whole: its leaves, differences and attestation come together")
  const isAnchored = hasAnchor[0] === true
  return {
    leaves: {
      candidate: listOf(leaves, "leaves.candidate", reading.digest),
      baseline: listOf(leaves, "leaves.baseline", reading.digest),
      ...(isAnchored ? { anchor: listOf(leaves, "leaves.anchor", reading.digest) } : {}),
    },
    differences: {
      baseline: listOf(differences, "differences.baseline", difference),
      ...(isAnchored ? { anchor: listOf(differences, "differences.anchor", difference) } : {}),
    },
    attestations: {
      baseline: envelope(attestations["baseline"], "attestations.baseline"),
      ...(isAnchored ? { anchor: envelope(attestations["anchor"], "attestations.anchor") } : {}),
    },
  }
}

/** What a hub answered to a request for work. Errors: OB743. */
export function readLeased(bytes: Uint8Array): Leased {
  const reading = readingOf("The job", "OB743", HINT)
  if (bytes.length > 2 ** 20) reading.fail("", "job of at most a mebibyte")
  const json = reading.object(jsonOf(bytes, reading), "")
  return { job: readJob(json["job"], reading), leaseUntil: reading.whole(json["leaseUntil"], "leaseUntil") }
}
export function readJob(json: Json | undefined, reading = readingOf("The job", "OB743", HINT)): Job {
  const job = reading.object(json, "job")
  const compared: Compared = {
    id: reading.whole(job["id"], "job.id"),
    candidate: readPlace(job["candidate"], "job.candidate", reading),
    baseline: readPlace(job["baseline"], "job.baseline", reading),
    ...(job["anchor"] === undefined ? {} : { anchor: readPlace(job["anchor"], "job.anchor", reading) }),
  }
  switch (job["kind"]) {
    case "check": {
      const { isSimpler } = job
      if (typeof isSimpler !== "boolean") return reading.fail("job.isSimpler", "yes or no")
      const benchmarks = reading
        .list(job["benchmarks"], "job.benchmarks", WORK_LIMITS.benchmarks)
        .map((each, i) => readAsked(reading.object(each, `job.benchmarks[${i}]`), `job.benchmarks[${i}]`, reading))
      return { kind: "check", ...compared, isSimpler, benchmarks }
    }
    case "items": {
      const items = reading.object(job["items"], "job.items")
      const count = reading.whole(items["count"], "job.items.count", WORK_LIMITS.items)
      if (count === 0) reading.fail("job.items.count", "number of items")
      return {
        kind: "items",
        ...compared,
        ...readAsked(job, "job", reading),
        items: {
          seed: reading.whole(items["seed"], "job.items.seed", 2 ** 32 - 1),
          from: reading.whole(items["from"], "job.items.from", WORK_LIMITS.itemsOfBenchmark - WORK_LIMITS.items),
          count,
        },
      }
    }
    default:
      return reading.fail("job.kind", "kind: check, items")
  }
}
function readAsked(json: JsonObject, path: string, reading: Reading): AskedBenchmark {
  const benchmark = readPlace(json["benchmark"], `${path}.benchmark`, reading)
  if (json["within"] === undefined) return { benchmark }
  const within = reading.object(json["within"], `${path}.within`)
  const brain = readPlace(within["brain"], `${path}.within.brain`, reading)
  const { namespace, name } = reading.object(within["module"], `${path}.within.module`)
  if (typeof namespace !== "string" || typeof name !== "string" || !isName(namespace) || !isName(name))
    return reading.fail(`${path}.within.module`, "name of a module")
  return { benchmark, within: { brain, module: { namespace, name } } }
}
function readPlace(json: Json | undefined, path: string, reading: Reading): Place {
  const place = reading.object(json, path)
  const repository = reading.text(place["repository"], `${path}.repository`, 130)
  const reference = readReference(repository)
  if (reference === undefined || repositoryOf(reference) !== repository)
    reading.fail(`${path}.repository`, "name such as acme/intent")
  return { repository, artifact: reading.digest(place["artifact"], `${path}.artifact`) }
}

/** Which statement is signed about an items job, whatever the answers were. */
export const attestedFor = (
  { candidate, baseline, anchor, benchmark, within, items }: ItemsJob,
  side: "baseline" | "anchor",
): Pick<AttestationStatement, "type" | "candidate" | "baseline" | "benchmark" | "within" | "items"> => ({
  type: TYPES.attestation,
  candidate: candidate.artifact,
  baseline: (side === "anchor" ? (anchor ?? baseline) : baseline).artifact,
  benchmark: benchmark.artifact,
  ...(within ? { within: { brain: within.brain.artifact, module: within.module } } : {}),
  items,
})
/** Of differences of scores, in units of 2⁻³². */
export function countsOf(differences: readonly number[]): AttestationStatement["counts"] {
  const counts = { better: 0, equal: 0, worse: 0 }
  for (const d of differences) counts[d > 0 ? "better" : d < 0 ? "worse" : "equal"]++
  return counts
}
export const sumOf = (differences: readonly number[]): number => differences.reduce((sum, d) => sum + d, 0)

/**
 * Why a result of an items job is none of it, or nothing: so many answers as were asked for, and signed statements that say what leaves and
 * differences say. `operations` is the runner that the hub takes: other operations may say something else. Whether the
 * answers are right only running them tells.
 */
export function misfitOfItems(
  job: ItemsJob,
  { leaves, differences }: ItemsResult,
  statements: { readonly baseline: AttestationStatement; readonly anchor?: AttestationStatement },
  runner: string,
  hash: Hash,
): string | undefined {
  const sides = job.anchor === undefined ? (["baseline"] as const) : (["baseline", "anchor"] as const)
  if ((leaves.anchor !== undefined) !== (job.anchor !== undefined))
    return job.anchor ? "it says nothing of the anchor" : "nobody asked about an anchor"
  if (leaves.candidate.length !== job.items.count)
    return `it has ${leaves.candidate.length} answers, and ${job.items.count} were asked for`
  const candidate = treeOfHashes(leaves.candidate, hash).root
  for (const side of sides) {
    const [own, found, statement] = [leaves[side] ?? [], differences[side] ?? [], statements[side]]
    if (statement === undefined) return `nothing is signed about the ${side}`
    if (own.length !== job.items.count || found.length !== job.items.count)
      return `it has ${own.length} answers of the ${side} and ${found.length} differences, and ${job.items.count} were asked for`
    const unlike = unlikeJob(statement, attestedFor(job, side))
    if (unlike !== undefined) return `its statement is about another ${unlike}`
    if (statement.runner !== runner) return `it was run by “${statement.runner}”, not by “${runner}”`
    if (statement.answers.candidate !== candidate) return "the root of the candidate's answers is another one"
    if (statement.answers.baseline !== treeOfHashes(own, hash).root)
      return `the root of the ${side}'s answers is another one`
    const counts = countsOf(found)
    for (const each of ["better", "equal", "worse"] as const)
      if (statement.counts[each] !== counts[each])
        return `it says ${statement.counts[each]} ${each} than the ${side}, and its differences say ${counts[each]}`
    if (statement.sum !== sumOf(found)) return `its differences from the ${side} sum up to ${sumOf(found)}`
    // Who says the same scores the same: without that a score could be made up beside answers that are true.
    const made = found.findIndex((d, i) => d !== 0 && own[i] === leaves.candidate[i])
    if (made >= 0) return `item ${job.items.from + made} has equal answers, and a difference`
  }
  return undefined
}
function unlikeJob(statement: AttestationStatement, wanted: ReturnType<typeof attestedFor>): string | undefined {
  const text = (value: unknown): string =>
    value === undefined ? "" : canonicalJson(JSON.parse(JSON.stringify(value)) as Json)
  return (["candidate", "baseline", "benchmark", "within", "items"] as const).find(
    (name) => text(statement[name]) !== text(wanted[name]),
  )
}

/** The first item, from 0 in the job, about which two say something else; -1 where they say the same. Both are as long as the job. */
export function firstUnlike(one: ItemsResult, other: ItemsResult): number {
  const lists = (each: ItemsResult): readonly (readonly (string | number)[])[] => [
    each.leaves.candidate,
    each.leaves.baseline,
    each.leaves.anchor ?? [],
    each.differences.baseline,
    each.differences.anchor ?? [],
  ]
  const theirs = lists(other)
  const found = lists(one).map((list, k) => list.findIndex((value, i) => value !== theirs[k]![i]))
  const places = found.filter((index) => index >= 0)
  return places.length === 0 ? -1 : Math.min(...places)
}
/** Whether they say the same about one item of the first and one of the second, by their places from 0. */
export function isSameItem(one: ItemsResult, at: number, other: ItemsResult, otherAt: number): boolean {
  const item = ({ leaves, differences }: ItemsResult, i: number): string =>
    canonicalJson([
      leaves.candidate[i] ?? null,
      leaves.baseline[i] ?? null,
      leaves.anchor?.[i] ?? null,
      differences.baseline[i] ?? null,
      differences.anchor?.[i] ?? null,
    ])
  return item(one, at) === item(other, otherAt)
}
/** What two checks must have in common. */
export const factsOf = ({ refusal, benchmarks }: Findings): string =>
  canonicalJson({
    refusal,
    benchmarks: benchmarks.map(({ refusal, itemCount }) => ({ refusal, itemCount })),
  })

/** Items of the next round of a benchmark after so many: looking often ends early what is clear early. */
export const roundAfter = (count: number): number => (count < 64 ? 16 : count < 256 ? 64 : 256)
/** Both say the same to so many items of each benchmark: they behave alike. */
export const ALIKE_ITEMS = 256

/** The seed of items: first 32 bits of SHA-256(candidate ‖ root of the first checkpoint of the log after its push), which nobody knows before. */
export function itemSeedOf(candidate: Digest, root: Digest, hash: Hash): number {
  const text = new TextEncoder().encode(`${candidate}\n${root}`)
  return Number.parseInt(hash(text).slice("sha256:".length, "sha256:".length + 8), 16)
}

/**
 * Of those who could do a job the ones who are drawn: the first by SHA-256(secret ‖ job ‖ key). Nobody who does not know the secret can
 * choose what to get; where one leaves the next comes, and the others stay. Source: Thaler & Ravishankar 1998, rendezvous hashing.
 */
export function drawnFor(
  secret: Digest,
  job: number,
  workers: readonly PublicKey[],
  count: number,
  hash: Hash,
): readonly PublicKey[] {
  const rank = rankOf(secret, job, hash)
  return workers
    .map((key) => [rank(key), key] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .slice(0, count)
    .map(([, key]) => key)
}
/** Whether this one is among them: it mostly takes few hashes to find as many who come before it. */
export function isDrawnFor(
  secret: Digest,
  job: number,
  worker: PublicKey,
  workers: readonly PublicKey[],
  count: number,
  hash: Hash,
): boolean {
  const rank = rankOf(secret, job, hash)
  const own = rank(worker)
  let before = 0
  for (const key of workers) if (key !== worker && rank(key) < own && ++before >= count) return false
  return before < count
}
const rankOf =
  (secret: Digest, job: number, hash: Hash) =>
  (key: PublicKey): Digest =>
    hash(new TextEncoder().encode(`${secret}\n${job}\n${key}`))
