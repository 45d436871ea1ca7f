import type { Digest } from "@open-brains/core/base/digest.ts"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { isDrawnFor, type Leased } from "@open-brains/core/commons/work.ts"
import { ownerOf } from "../api/namespaces.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestBytes } from "../hash.ts"
import type { HubKey } from "../keys.ts"
import { COLUMNS, findJob, jobOf } from "./jobs.ts"
import type { CandidateRecord } from "./record.ts"

const PRESENT_MAX = 1000 // who are drawn among
const OFFERED_MAX = 500 // jobs that are looked at for one request

/**
 * Workers that are there and were never found to be wrong; the referee is none of them. Of more than are drawn among those whose results stood: by their
 * keys alone whoever makes enough of them to come first would have all jobs.
 */
export async function presentWorkers(
  queries: Queries,
  { limits, clock, key }: Pick<Context, "limits" | "clock" | "key">,
  presentMax = PRESENT_MAX,
): Promise<readonly PublicKey[]> {
  const found = await queries
    .selectFrom("worker")
    .select("key")
    .where("seen_at", ">=", clock() - limits.presentMs)
    .where("marks", "=", 0)
    .where("key", "!=", key.key)
    .orderBy("results", "desc")
    .orderBy("key")
    .limit(presentMax)
    .execute()
  return found.map((each) => each.key as PublicKey)
}
/** Nobody measures for a namespace whose key is theirs, nor what they proposed. */
export async function ownKeysOf(queries: Queries, candidate: number): Promise<readonly string[]> {
  const found = await queries
    .selectFrom("candidate")
    .innerJoin("repository", "repository.id", "candidate.repository")
    .select(["repository.namespace", "candidate.state"])
    .where("candidate.id", "=", candidate)
    .executeTakeFirstOrThrow()
  const { proposer } = JSON.parse(found.state) as CandidateRecord
  const owner = await ownerOf(queries, found.namespace)
  return [...(owner?.keys ?? []), ...(proposer === undefined ? [] : [proposer])]
}

/** A job for this worker, or nothing: none is open, others were drawn, or too few are there to draw among. */
export async function leaseJob(context: Context, queries: Queries, worker: PublicKey): Promise<Leased | undefined> {
  const { clock, key } = context
  const kept = await queries
    .selectFrom("lease")
    .innerJoin("job", "job.id", "lease.job")
    .select(["lease.job", "lease.until"])
    .where("lease.worker", "=", worker)
    .where("lease.state", "=", "leased")
    .where("lease.until", ">", clock())
    .where("job.state", "=", "ready")
    .executeTakeFirst()
  // The answer was lost, or the worker was started again: it is the same lease.
  if (kept !== undefined) return { job: (await findJob(queries, kept.job))!.job, leaseUntil: kept.until }
  const isReferee = worker === key.key
  const found = await queries
    .selectFrom("job")
    .select(COLUMNS)
    .where("state", "=", "ready")
    .where("worker", isReferee ? "=" : "is", isReferee ? worker : null)
    .orderBy("priority")
    .orderBy("candidate")
    .orderBy("id")
    .limit(isReferee ? 1 : OFFERED_MAX)
    .execute()
  const row = isReferee ? found[0] : await drawn(context, queries, found, worker)
  if (row === undefined) return undefined
  const leaseUntil = clock() + context.limits.leaseMs
  const lease = { until: leaseUntil, state: "leased", code: null, result: null } as const
  await queries
    .insertInto("lease")
    .values({ job: row.id, worker, ...lease })
    .onConflict((conflict) => conflict.columns(["job", "worker"]).doUpdateSet(lease)) // of the referee alone, which nobody can replace
    .execute()
  return { job: jobOf(row).job, leaseUntil }
}
/** The first job for which the worker is drawn. */
async function drawn<Row extends { readonly id: number; readonly candidate: number }>(
  context: Context,
  queries: Queries,
  rows: readonly Row[],
  worker: PublicKey,
): Promise<Row | undefined> {
  if (rows.length === 0) return undefined
  const present = await presentWorkers(queries, context)
  const leases = await leasesOf(
    queries,
    rows.map(({ id }) => id),
  )
  const own = new Map<number, readonly string[]>()
  for (const row of rows) {
    if (!own.has(row.candidate)) own.set(row.candidate, await ownKeysOf(queries, row.candidate))
    const { open, eligible } = slotsOf(context, leases.get(row.id) ?? [], present, own.get(row.candidate)!)
    if (open === 0 || eligible.length < open || !eligible.includes(worker)) continue
    if (isDrawnFor(secretOf(context.key, "who is drawn"), row.id, worker, eligible, open, digestBytes)) return row
  }
  return undefined
}

interface LeaseRow {
  readonly job: number
  readonly worker: string
  readonly state: "leased" | "given" | "failed" | "void"
  readonly code: string | null
  readonly until: number
}
export async function leasesOf(
  queries: Queries,
  jobs: readonly number[],
): Promise<ReadonlyMap<number, readonly LeaseRow[]>> {
  if (jobs.length === 0) return new Map()
  const found = await queries
    .selectFrom("lease")
    .select(["job", "worker", "state", "code", "until"])
    .where("job", "in", jobs)
    .execute()
  return Map.groupBy(found, ({ job }) => job)
}
/** How many are still to do a job, and who of those that are there may: never one who had it, nor an owner of what it is about. */
export function slotsOf(
  { verifiers, clock }: Pick<Context, "verifiers" | "clock">,
  leases: readonly LeaseRow[],
  present: readonly PublicKey[],
  own: readonly string[],
): { readonly open: number; readonly eligible: readonly PublicKey[] } {
  const now = clock()
  // Of results and of failures for each reason so many must agree: those that are nearest are waited for.
  const alike = new Map<string | null, number>()
  for (const { state, code } of leases)
    if (state === "given" || state === "failed") alike.set(code, (alike.get(code) ?? 0) + 1)
  const busy = leases.filter(({ state, until }) => state === "leased" && until > now).length
  const taken = busy + Math.max(0, ...alike.values())
  const had = new Set(leases.map(({ worker }) => worker))
  const eligible = present.filter((each) => !had.has(each) && !own.includes(each))
  return { open: Math.max(0, verifiers - taken), eligible }
}

const secrets = new WeakMap<HubKey, Map<string, Digest>>()
/** Nobody else has it, and a hub that is started again has the same. */
export function secretOf(key: HubKey, purpose: "who is drawn" | "which item is run again"): Digest {
  const known = secrets.get(key) ?? new Map<string, Digest>()
  const secret = known.get(purpose) ?? digestBytes(key.sign(Buffer.from(`open-brains: ${purpose}`)))
  secrets.set(key, known.set(purpose, secret))
  return secret
}
