import { canonicalJson, type JsonObject } from "@open-brains/core/base/json.ts"
import { factsOf, isSameItem, type JobResult } from "@open-brains/core/commons/work.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestBytes } from "../hash.ts"
import { secretOf } from "./draws.ts"
import { findJob, type JobRow, makeJob, openAuditsOf, refereeJobsOf, resultAt, type Unnumbered } from "./jobs.ts"
import { mark } from "./referee.ts"
import { type Given, settle } from "./settle.ts"

/**
 * Whether what all who did a job agree about stands. Those who lie together agree: so the referee runs one item of it too, chosen by what nobody
 * else knows, or all where there is one answer to all. Whoever said something else is marked. Without a referee it stands.
 */
export async function isSound(
  context: Context,
  queries: Queries,
  row: JobRow,
  given: readonly Given[],
): Promise<boolean> {
  const asked = auditOf(context, row, given)
  const text = textOf(asked)
  for (const audit of await refereeJobsOf(queries, row.id)) {
    if (!audit.isAudit || audit.result === null || textOf(audit.job) !== text) continue
    if (isSame(row, given[0]!.result, audit, await resultAt(queries, audit.result))) return true
    for (const { worker } of given) await mark(context, queries, worker)
    return false
  }
  if (!(await isRefereeThere(context, queries))) return true
  await makeJob(queries, row.candidate, asked, { key: context.key.key, parent: row.id, isAudit: true })
  context.metrics.audits.inc()
  return false
}
/** One item of a round; a check, and what is said to fail, whole. It hangs on who did it, so that those who come next cannot know it from those before. */
function auditOf({ key }: Context, { id, job }: JobRow, given: readonly Given[]): Unnumbered {
  const { id: _, ...asked } = job
  if (asked.kind === "check" || given[0]!.result.kind === "failure") return asked
  const lot = [secretOf(key, "which item is run again"), id, ...given.map(({ worker }) => worker)].join("\n")
  const drawn = Number.parseInt(digestBytes(new TextEncoder().encode(lot)).slice("sha256:".length, 15), 16)
  return { ...asked, items: { ...asked.items, from: asked.items.from + (drawn % asked.items.count), count: 1 } }
}
const textOf = (job: Unnumbered): string => {
  const { id: _, ...asked } = JSON.parse(JSON.stringify(job)) as JsonObject
  return canonicalJson(asked)
}
function isSame(parent: JobRow, result: JobResult, { job }: JobRow, said: JobResult): boolean {
  if (result.kind === "failure" || said.kind === "failure") return result.kind === said.kind
  if (result.kind === "check" && said.kind === "check") return factsOf(result.findings) === factsOf(said.findings)
  if (result.kind !== "items" || said.kind !== "items" || parent.job.kind !== "items" || job.kind !== "items")
    return false
  return isSameItem(result, job.items.from - parent.job.items.from, said, 0)
}

/** While it runs something it does not ask: so long it may be at it. */
async function isRefereeThere({ key, clock, limits }: Context, queries: Queries): Promise<boolean> {
  const found = await queries
    .selectFrom("worker")
    .select("key")
    .where("key", "=", key.key)
    .where("seen_at", ">=", clock() - limits.presentMs - limits.leaseMs)
    .executeTakeFirst()
  return found !== undefined
}
/** Where the referee is gone, what it was to run again stands without. */
export async function letStand(context: Context, candidate: number): Promise<void> {
  const { database, writer } = context
  const open = await openAuditsOf(database.read, candidate)
  if (open.length === 0 || (await isRefereeThere(context, database.read))) return
  await writer.write(async ({ queries }) => {
    for (const { id, parent } of await openAuditsOf(queries, candidate)) {
      await queries.updateTable("job").set({ state: "void" }).where("id", "=", id).execute()
      await settle(context, queries, (await findJob(queries, parent!))!)
    }
  })
}
