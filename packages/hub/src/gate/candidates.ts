import { type PublicKey, signersOf } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import type { PushStatement } from "@open-brains/core/commons/statement.ts"
import { itemSeedOf, type Place } from "@open-brains/core/commons/work.ts"
import { refuseWith } from "../api/errors.ts"
import { isOpenTo, isSignedBy, ownerOf } from "../api/namespaces.ts"
import { documentOf, type Module, moveTag, readModule, tagOf } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestBytes, digestFrom, type Hash, hashOf } from "../hash.ts"
import { verifyEd25519 } from "../keys.ts"
import { printCheckpoint, readLog } from "../log.ts"
import { countersign, proposalOf } from "./countersign.ts"
import { endJobs } from "./jobs.ts"
import {
  type Candidate,
  type CandidateRecord,
  type Epoch,
  openCandidatesOf,
  printRecord,
  writeRecord,
} from "./record.ts"

/** A push to a `stable` that others build on. */
export interface NewCandidate {
  readonly id: number // index of its push in the log
  readonly repository: number
  readonly artifact: Hash
  readonly baseline: Hash
  /** Its key, where it is none of the owners'. */
  readonly proposer: PublicKey | undefined
  readonly at: number
}
/**
 * Keeps it, for the gate to decide about it: the tag stays as it is. Its items follow from the log as the hub signs it now, and nobody
 * without the hub's key knows that signature before. Errors: OB741 when too many of the module wait.
 */
export async function openCandidate(
  { key, limits }: Pick<Context, "key" | "limits">,
  queries: Queries,
  { proposer, ...candidate }: NewCandidate,
  { artifact, tag, serial, target, isSimpler, module }: PushStatement,
): Promise<void> {
  const waiting = (await openCandidatesOf(queries, candidate.repository)).map(({ record }) => record.proposer)
  // So that strangers do not stand in the way of the owners, nor one of them of all others.
  const alike = waiting.filter((each) => (each === undefined) === (proposer === undefined))
  const isTwice = proposer !== undefined && waiting.includes(proposer)
  if (isTwice || alike.length >= limits.candidates)
    refuseWith({
      code: "OB741",
      seen: isTwice
        ? `A candidate of ${repositoryOf(module)} by this key waits for its verdict already.`
        : `${alike.length} candidates of ${repositoryOf(module)} wait for their verdict, and more are not taken.`,
      hint: "Wait until one is decided, and push what is best then.",
    })
  const checkpoint = printCheckpoint(await readLog(queries), key)
  const record: CandidateRecord = {
    state: "waiting",
    target: target ?? null,
    isSimpler: isSimpler === true,
    ...(proposer === undefined ? {} : { proposer }),
    checkpoint,
    seed: itemSeedOf(artifact, digestBytes(Buffer.from(checkpoint)), digestBytes),
    benchmarks: [],
    leftOut: [],
    standing: [],
    needed: null,
    verdict: null,
  }
  await queries
    .insertInto("candidate")
    .values({ ...candidate, tag, serial, is_open: 1, state: printRecord(record) })
    .execute()
}

/** The epoch of the module that its newest candidate was in, or a new one that begins with this one. */
export async function epochOf(queries: Queries, candidate: Candidate, { epochMs }: Context["limits"]): Promise<Epoch> {
  const before = await queries
    .selectFrom("candidate")
    .select(["state"])
    .where("repository", "=", candidate.repository)
    .where("tag", "=", candidate.tag)
    .where("id", "<", candidate.id)
    .where("at", ">", candidate.at - epochMs)
    .orderBy("id")
    .execute()
  const earlier = before.map(({ state }) => JSON.parse(state) as CandidateRecord)
  const last = earlier.findLast(({ epoch }) => epoch !== undefined)?.epoch
  if (last === undefined || candidate.at >= last.began + epochMs)
    return { began: candidate.at, anchor: candidate.baseline, attempt: 1, accepted: 0 }
  // Of which nothing was measured, overtaken or unfit, has cost no chance: else strangers could make all tries dear by what never fits.
  const tried = earlier.filter(({ epoch, verdict }) => epoch?.began === last.began && verdict?.items !== 0)
  const accepted = tried.filter(({ state }) => state === "accepted").length
  return { began: last.began, anchor: last.anchor, attempt: tried.length + 1, accepted }
}

export const candidatePlace = ({ namespace, name, artifact }: Candidate): Place => ({
  repository: `${namespace}/${name}`,
  artifact,
})
/** Both, and the anchor where it is another one. */
export function comparedPlaces(candidate: Candidate): {
  readonly candidate: Place
  readonly baseline: Place
  readonly anchor?: Place
} {
  const { repository } = candidatePlace(candidate)
  const { baseline, record } = candidate
  const anchor = record.epoch?.anchor ?? baseline
  return {
    candidate: candidatePlace(candidate),
    baseline: { repository, artifact: baseline },
    ...(anchor === baseline ? {} : { anchor: { repository, artifact: anchor } }),
  }
}

/** Manifest and card, which do not change: they may be read before the transaction. */
export async function moduleOfCandidate(context: Context, { artifact }: Candidate): Promise<Module> {
  const manifest = await documentOf(context.database.read, hashOf(artifact))
  const module = manifest && (await readModule(context, manifest))
  if (module === undefined) throw new Error(`bug: the manifest or card of candidate ${artifact} is gone`)
  return module
}
/** Whether the tag stands where it stood when the candidate was pushed. */
export async function isStillNext(
  queries: Queries,
  { repository, tag, serial, baseline }: Candidate,
): Promise<boolean> {
  const now = await tagOf(queries, repository, tag)
  return now.serial === serial && now.artifact !== null && digestFrom(now.artifact) === baseline
}

/** The verdict stands, and where it is a good one the tag moves, or neither: somebody may have moved it since. */
export async function decide(
  context: Context,
  queries: Queries,
  candidate: Candidate,
  given: CandidateRecord,
  module: Module,
): Promise<void> {
  const { database, clock, metrics } = context
  const isNext = await isStillNext(queries, candidate)
  const found = await unlessDisowned(context, queries, candidate, given)
  const { proposer, verdict } = found
  const state = !isNext ? "overtaken" : isGood(found) ? "accepted" : "refused"
  if (state === "accepted") {
    const { repository, tag, artifact } = candidate
    const before = await tagOf(queries, repository, tag)
    if (proposer !== undefined) await countersign(context, queries, candidate)
    await moveTag(
      database,
      queries,
      { id: repository, name: candidate.name },
      tag,
      before,
      hashOf(artifact),
      module,
      clock(),
    )
  }
  await endJobs(queries, candidate.id)
  await writeRecord(queries, candidate.id, { ...found, state })
  metrics.verdicts.inc({ kind: state === "overtaken" ? state : (verdict?.kind ?? "none") })
}
const isGood = ({ verdict }: CandidateRecord): boolean => verdict?.kind === "better" || verdict?.kind === "not worse"

/** A trial takes hours: whoever spoke for the namespace when it was pushed may have been taken off its keys since. */
async function unlessDisowned(
  { key }: Context,
  queries: Queries,
  { id, namespace }: Candidate,
  record: CandidateRecord,
): Promise<CandidateRecord> {
  if (!isGood(record)) return record
  const owner = await ownerOf(queries, namespace)
  const isTheirs =
    owner !== undefined &&
    (record.proposer === undefined
      ? isSignedBy(owner, signersOf((await proposalOf(queries, id)).envelope, verifyEd25519))
      : isOpenTo(owner, key.key))
  if (isTheirs) return record
  const because = `Whoever signed it speaks no longer for ${namespace}: its keys were changed while it was measured.`
  return { ...record, verdict: { kind: "unfit", because, benchmark: null, items: record.verdict?.items ?? 0 } }
}
