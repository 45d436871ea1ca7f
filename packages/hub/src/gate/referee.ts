import { factsOf, isSameItem, type JobResult } from "@open-brains/core/commons/work.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import type { Hash } from "../hash.ts"
import { closeJob, type JobRow, makeJob } from "./jobs.ts"
import { givenFor } from "./settle.ts"

/**
 * Where those who did a job do not agree, the hub has the one item run about which they differ first: by a worker that has
 * its key. It does not vote: two who lie together are found by one who does not.
 */
export async function askReferee(
  { key, metrics }: Pick<Context, "key" | "metrics">,
  queries: Queries,
  { id, candidate, job }: JobRow,
  at: number,
): Promise<void> {
  metrics.disputes.inc()
  const { id: _, ...asked } =
    job.kind === "items" ? { ...job, items: { ...job.items, from: job.items.from + at, count: 1 } } : job
  await makeJob(queries, candidate, asked, { key: key.key, parent: id, isAudit: false })
}

/** Whoever said something else of the item is marked: its results in open jobs are void, and others are drawn. */
export async function judge(
  context: Pick<Context, "metrics">,
  queries: Queries,
  parent: JobRow,
  referee: JobRow,
  said: JobResult,
  hash: Hash,
): Promise<void> {
  await closeJob(queries, referee.id, said.kind === "failure" ? "failed" : "done", hash)
  // Where the hub itself cannot run it, nobody is called a liar.
  if (said.kind === "failure") return closeJob(queries, parent.id, "failed", hash)
  if (referee.isAudit) return // what follows of it is worked out where it was asked for
  for (const { worker, result } of await givenFor(queries, parent.id))
    if (!isSame(parent, result, referee, said)) await mark(context, queries, worker)
}
function isSame(parent: JobRow, result: JobResult, referee: JobRow, said: JobResult): boolean {
  if (result.kind === "check" && said.kind === "check") return factsOf(result.findings) === factsOf(said.findings)
  if (result.kind !== "items" || said.kind !== "items" || parent.job.kind !== "items" || referee.job.kind !== "items")
    return false
  return isSameItem(result, referee.job.items.from - parent.job.items.from, said, 0)
}
export async function mark({ metrics }: Pick<Context, "metrics">, queries: Queries, worker: string): Promise<void> {
  metrics.results.inc({ outcome: "void" })
  await queries
    .updateTable("worker")
    .set(({ eb }) => ({ marks: eb("marks", "+", 1) }))
    .where("key", "=", worker)
    .execute()
  await queries
    .updateTable("lease")
    .set({ state: "void" })
    .where("worker", "=", worker)
    .where("state", "in", ["leased", "given", "failed"])
    .where("job", "in", queries.selectFrom("job").select("id").where("state", "=", "ready"))
    .execute()
}
