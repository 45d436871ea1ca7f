import { counted } from "@open-brains/core/base/words.ts"
import type { CandidateView } from "@open-brains/core/commons/candidate.ts"
import { isDecided } from "@open-brains/core/commons/candidate.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { targetOf } from "./advance.ts"
import { leasesOf, ownKeysOf, presentWorkers, slotsOf } from "./draws.ts"
import { countJobs, jobsOf, refereeJobOf } from "./jobs.ts"
import { type Candidate, openCandidates } from "./record.ts"

/** What is told of a candidate, and the log as it was signed right after its push, which its items follow from. */
export async function viewOf(
  context: Context,
  candidate: Candidate,
): Promise<CandidateView & { readonly checkpoint: string; readonly seed: number }> {
  const { read } = context.database
  const { id, record } = candidate
  const { state, epoch, isSimpler, leftOut, standing, needed, verdict, checkpoint, seed } = record
  const own = await ownKeysOf(read, id)
  const present = (await presentWorkers(read, context)).filter((key) => !own.includes(key))
  return {
    candidate: id,
    module: `${candidate.namespace}/${candidate.name}`,
    tag: candidate.tag,
    artifact: candidate.artifact,
    baseline: candidate.baseline,
    anchor: epoch?.anchor ?? candidate.baseline,
    target: targetOf(record) ?? null,
    isSimpler,
    attempt: epoch?.attempt ?? 0,
    accepted: epoch?.accepted ?? 0,
    state,
    waitsFor: isDecided(state) ? null : await waitsFor(context, read, candidate, present.length),
    verdict,
    benchmarks: standing,
    leftOut,
    needed,
    workers: { present: present.length, needed: context.verifiers },
    jobs: await countJobs(read, id),
    checkpoint,
    seed,
  }
}

async function waitsFor(
  context: Context,
  read: Queries,
  { id, repository, record }: Candidate,
  there: number,
): Promise<string | null> {
  if (record.state === "waiting") {
    const earlier = await read
      .selectFrom("candidate")
      .select("id")
      .where("repository", "=", repository)
      .where("is_open", "=", 1)
      .where("id", "<", id)
      .orderBy("id")
      .executeTakeFirst()
    return earlier === undefined ? null : `Candidate ${earlier.id} of the same module is decided first.`
  }
  const present = await presentWorkers(read, context)
  const own = await ownKeysOf(read, id)
  const jobs = await jobsOf(read, id, { isReady: true })
  const leases = await leasesOf(
    read,
    jobs.map((job) => job.id),
  )
  for (const job of jobs) {
    const asked = await refereeJobOf(read, job.id)
    if (asked !== undefined)
      return asked.isAudit
        ? "Results agree: the referee of the hub runs one item of them too."
        : "Results differ: the referee of the hub runs the item about which they do."
    const { open, eligible } = slotsOf(context, leases.get(job.id) ?? [], present, own)
    if (eligible.length < open)
      return `Workers are missing: job ${job.id} needs ${open} more, and of ${counted(there, "worker")} that ${there === 1 ? "is" : "are"} there ${eligible.length} may do it. Let somebody run brain work.`
  }
  return null
}

/** For /metrics. */
export async function measureGate({ database: { read }, metrics, ...context }: Context): Promise<void> {
  metrics.candidates.reset()
  for (const { record } of await openCandidates(read)) metrics.candidates.inc({ state: record.state })
  const { count } = await read
    .selectFrom("job")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("state", "=", "ready")
    .executeTakeFirstOrThrow()
  metrics.jobs.set(Number(count))
  metrics.workers.set((await presentWorkers(read, context)).length)
}
