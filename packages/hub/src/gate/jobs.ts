import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { parseEnvelope } from "@open-brains/core/commons/envelope.ts"
import { drawnFor, type Job, type JobResult, type Leased, resultOf } from "@open-brains/core/commons/work.ts"
import { ownerOf } from "../api/namespaces.ts"
import { documentOf } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestBytes, type Hash } from "../hash.ts"

export interface JobRow {
  readonly id: number
  readonly candidate: number
  readonly state: "ready" | "done" | "failed" | "void"
  readonly job: Job
  readonly result: Hash | null
  /** Of a job of the referee: about which one it decides. */
  readonly parent: number | null
}
const PRIORITY = { referee: 0, workers: 1 } as const
const PRESENT_MAX = 1000 // who are drawn among
const OFFERED_MAX = 500 // jobs that are looked at for one request

type Unnumbered = Job extends infer Each ? (Each extends Job ? Omit<Each, "id"> : never) : never
export async function makeJob(
  queries: Queries,
  candidate: number,
  job: Unnumbered,
  referee?: { readonly key: PublicKey; readonly parent: number },
): Promise<void> {
  await queries
    .insertInto("job")
    .values({
      candidate,
      kind: job.kind,
      payload: JSON.stringify(job),
      state: "ready",
      priority: referee ? PRIORITY.referee : PRIORITY.workers,
      lease_until: 0,
      worker: referee?.key ?? null,
      never: "[]",
      result: null,
      parent: referee?.parent ?? null,
    })
    .execute()
}
const COLUMNS = ["id", "candidate", "payload", "state", "result", "parent"] as const
interface Row extends Omit<JobRow, "job"> {
  readonly payload: string
}
const jobOf = ({ payload, ...row }: Row): JobRow => {
  const id = Number(row.id)
  return { ...row, id, job: { ...(JSON.parse(payload) as Job), id } }
}
export async function findJob(queries: Queries, id: number): Promise<JobRow | undefined> {
  const found = await queries.selectFrom("job").select(COLUMNS).where("id", "=", id).executeTakeFirst()
  return found && jobOf(found)
}
/** Those of a candidate that workers do, in their order; those of the referee are between hub and referee. */
export const jobsOf = async (queries: Queries, candidate: number, after = 0): Promise<readonly JobRow[]> =>
  (
    await queries
      .selectFrom("job")
      .select(COLUMNS)
      .where("candidate", "=", candidate)
      .where("parent", "is", null)
      .where("id", ">", after)
      .orderBy("id")
      .execute()
  ).map(jobOf)
export const refereeJobOf = async (queries: Queries, parent: number): Promise<JobRow | undefined> => {
  const found = await queries
    .selectFrom("job")
    .select(COLUMNS)
    .where("parent", "=", parent)
    .where("state", "=", "ready")
    .executeTakeFirst()
  return found && jobOf(found)
}
export async function closeJob(
  queries: Queries,
  id: number,
  state: "done" | "failed",
  result: Hash | null,
): Promise<void> {
  await queries.updateTable("job").set({ state, result }).where("id", "=", id).execute()
}
/** Nobody needs to do what is still open of it. */
export async function voidJobs(queries: Queries, candidate: number): Promise<void> {
  await queries
    .updateTable("job")
    .set({ state: "void" })
    .where("candidate", "=", candidate)
    .where("state", "=", "ready")
    .execute()
}
/** What was given, as its worker signed it. It was read when it came. */
export async function resultAt(queries: Queries, hash: Hash): Promise<JobResult> {
  const bytes = await documentOf(queries, hash)
  if (bytes === undefined) throw new Error("bug: a result is gone")
  return resultOf(parseEnvelope(bytes))
}

/** Workers that are there and were never found to be wrong; the referee is none of them. */
export async function presentWorkers(
  queries: Queries,
  { limits, clock, key }: Pick<Context, "limits" | "clock" | "key">,
): Promise<readonly PublicKey[]> {
  const found = await queries
    .selectFrom("worker")
    .select("key")
    .where("seen_at", ">=", clock() - limits.presentMs)
    .where("marks", "=", 0)
    .where("key", "!=", key.key)
    .orderBy("key")
    .limit(PRESENT_MAX)
    .execute()
  return found.map((each) => each.key as PublicKey)
}
/** Nobody measures for a namespace whose key is theirs. */
export async function ownKeysOf(queries: Queries, candidate: number): Promise<readonly string[]> {
  const found = await queries
    .selectFrom("candidate")
    .innerJoin("repository", "repository.id", "candidate.repository")
    .select("repository.namespace")
    .where("candidate.id", "=", candidate)
    .executeTakeFirstOrThrow()
  return (await ownerOf(queries, found.namespace))?.keys ?? []
}

/** A job for this worker, or nothing: none is open, others were drawn, or too few are there to draw among. */
export async function leaseJob(context: Context, queries: Queries, worker: PublicKey): Promise<Leased | undefined> {
  const { clock, limits, key } = context
  const now = clock()
  const kept = await queries
    .selectFrom("lease")
    .innerJoin("job", "job.id", "lease.job")
    .select(["lease.job", "lease.until"])
    .where("lease.worker", "=", worker)
    .where("lease.state", "=", "leased")
    .where("lease.until", ">", now)
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
    .limit(OFFERED_MAX)
    .execute()
  const present = isReferee ? [] : await presentWorkers(queries, context)
  const own = new Map<number, readonly string[]>()
  for (const row of found) {
    if (!isReferee && !own.has(row.candidate)) own.set(row.candidate, await ownKeysOf(queries, row.candidate))
    if (!isReferee && !(await isDrawn(context, queries, row.id, worker, present, own.get(row.candidate)!))) continue
    const leaseUntil = now + limits.leaseMs
    const lease = { until: leaseUntil, state: "leased", code: null, result: null } as const
    await queries
      .insertInto("lease")
      .values({ job: row.id, worker, ...lease })
      .onConflict((conflict) => conflict.columns(["job", "worker"]).doUpdateSet(lease)) // of the referee alone, which nobody can replace
      .execute()
    return { job: jobOf(row).job, leaseUntil }
  }
  return undefined
}

async function isDrawn(
  context: Context,
  queries: Queries,
  job: number,
  worker: PublicKey,
  present: readonly PublicKey[],
  own: readonly string[],
): Promise<boolean> {
  const { open, eligible } = await slotsOf(context, queries, job, present, own)
  if (open === 0 || eligible.length < open || !eligible.includes(worker)) return false
  return drawnFor(secretOf(context), job, eligible, open, digestBytes).includes(worker)
}
/** How many are still to do a job, and who of those that are there may: never one who had it, nor an owner of what it is about. */
export async function slotsOf(
  { verifiers, clock }: Pick<Context, "verifiers" | "clock">,
  queries: Queries,
  job: number,
  present: readonly PublicKey[],
  own: readonly string[],
): Promise<{ readonly open: number; readonly eligible: readonly PublicKey[] }> {
  const leases = await queries
    .selectFrom("lease")
    .select(["worker", "state", "code", "until"])
    .where("job", "=", job)
    .execute()
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
/** Nobody else has it, and a hub that is started again has the same. */
const secretOf = ({ key }: Pick<Context, "key">) => digestBytes(key.sign(Buffer.from("open-brains: who is drawn")))
