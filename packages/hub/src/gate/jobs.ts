import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { parseEnvelope } from "@open-brains/core/commons/envelope.ts"
import { type Job, type JobResult, resultOf } from "@open-brains/core/commons/work.ts"
import { documentOf } from "../content.ts"
import type { Queries } from "../database/database.ts"
import type { Hash } from "../hash.ts"

export interface JobRow {
  readonly id: number
  readonly candidate: number
  readonly state: "ready" | "done" | "failed" | "void"
  readonly job: Job
  readonly result: Hash | null
  /** Of a job of the referee: about which one it decides. */
  readonly parent: number | null
  /** Of a job of the referee: about what all agree. */
  readonly isAudit: boolean
}
/** Disputes before what nobody doubts. */
const PRIORITY = { dispute: 0, workers: 1, audit: 1 } as const

export type Unnumbered = Job extends infer Each ? (Each extends Job ? Omit<Each, "id"> : never) : never
export async function makeJob(
  queries: Queries,
  candidate: number,
  job: Unnumbered,
  referee?: { readonly key: PublicKey; readonly parent: number; readonly isAudit: boolean },
): Promise<void> {
  await queries
    .insertInto("job")
    .values({
      candidate,
      kind: job.kind,
      payload: JSON.stringify(job),
      state: "ready",
      priority: PRIORITY[referee === undefined ? "workers" : referee.isAudit ? "audit" : "dispute"],
      lease_until: 0,
      worker: referee?.key ?? null,
      never: "[]",
      result: null,
      parent: referee?.parent ?? null,
    })
    .execute()
}
export const COLUMNS = ["id", "candidate", "payload", "state", "result", "parent", "priority"] as const
export interface Row extends Omit<JobRow, "job" | "isAudit"> {
  readonly payload: string
  readonly priority: number
}
export const jobOf = ({ payload, priority, ...row }: Row): JobRow => {
  const id = Number(row.id)
  const isAudit = row.parent !== null && priority === PRIORITY.audit
  return { ...row, id, isAudit, job: { ...(JSON.parse(payload) as Job), id } }
}
export async function findJob(queries: Queries, id: number): Promise<JobRow | undefined> {
  const found = await queries.selectFrom("job").select(COLUMNS).where("id", "=", id).executeTakeFirst()
  return found && jobOf(found)
}
/** Those of a candidate that workers do, in their order; those of the referee are between hub and referee. */
export const jobsOf = async (
  queries: Queries,
  candidate: number,
  { after = 0, isReady = false }: { readonly after?: number; readonly isReady?: boolean } = {},
): Promise<readonly JobRow[]> =>
  (
    await queries
      .selectFrom("job")
      .select(COLUMNS)
      .where("candidate", "=", candidate)
      .where("parent", "is", null)
      .where("id", ">", after)
      .$if(isReady, (query) => query.where("state", "=", "ready"))
      .orderBy("id")
      .execute()
  ).map(jobOf)
/** How many of them are open and done: of a long trial there are thousands, which nobody reads to be told. */
export async function countJobs(
  queries: Queries,
  candidate: number,
): Promise<{ readonly open: number; readonly done: number }> {
  const found = await queries
    .selectFrom("job")
    .select(({ fn }) => ["state", fn.countAll<number>().as("count")])
    .where("candidate", "=", candidate)
    .where("parent", "is", null)
    .groupBy("state")
    .execute()
  const of = (wanted: JobRow["state"]): number => Number(found.find(({ state }) => state === wanted)?.count ?? 0)
  return { open: of("ready"), done: of("done") }
}
/** What the referee was asked about a job. */
export const refereeJobsOf = async (queries: Queries, parent: number): Promise<readonly JobRow[]> =>
  (await queries.selectFrom("job").select(COLUMNS).where("parent", "=", parent).orderBy("id").execute()).map(jobOf)
export const refereeJobOf = async (queries: Queries, parent: number): Promise<JobRow | undefined> =>
  (await refereeJobsOf(queries, parent)).find(({ state }) => state === "ready")
export const openAuditsOf = async (queries: Queries, candidate: number): Promise<readonly JobRow[]> =>
  (
    await queries
      .selectFrom("job")
      .select(COLUMNS)
      .where("candidate", "=", candidate)
      .where("parent", "is not", null)
      .where("priority", "=", PRIORITY.audit)
      .where("state", "=", "ready")
      .execute()
  ).map(jobOf)
export async function closeJob(
  queries: Queries,
  id: number,
  state: "done" | "failed",
  result: Hash | null,
): Promise<void> {
  await queries.updateTable("job").set({ state, result }).where("id", "=", id).execute()
}
/** Nobody needs to do what is still open of it, nor what was given: what was agreed about stands in attestations. */
export async function endJobs(queries: Queries, candidate: number): Promise<void> {
  const jobs = queries.selectFrom("job").select("id").where("candidate", "=", candidate)
  await queries
    .deleteFrom("document")
    .where(
      "hash",
      "in",
      queries.selectFrom("lease").select("result").where("job", "in", jobs).where("result", "is not", null),
    )
    .execute()
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
