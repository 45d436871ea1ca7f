import { readReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import type { CheckResult, FailureResult, Findings } from "@open-brains/core/commons/work.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { letStand } from "./audits.ts"
import { comparedPlaces, decide, epochOf, isStillNext, moduleOfCandidate } from "./candidates.ts"
import { type JobRow, jobsOf, makeJob, resultAt } from "./jobs.ts"
import { protectedOf } from "./protected.ts"
import { type Candidate, type CandidateRecord, findCandidate, writeRecord } from "./record.ts"
import { openRounds, type Rounds } from "./rounds.ts"
import { givenFor } from "./settle.ts"

/** Takes candidates as far as what was measured goes. All that it knows stands in the database: it may be ended at any moment. */
export interface Advancing {
  /** What is known of rounds, so that it is not worked out again at each one: what was fed, up to which job. */
  readonly kept: Map<number, { readonly rounds: Rounds; last: number }>
}

/** One step of a candidate; whether there may be another one. */
export async function advance(context: Context, advancing: Advancing, id: number): Promise<boolean> {
  const { database, writer } = context
  const candidate = await findCandidate(database.read, id)
  if (candidate === undefined || !candidate.isOpen) return false
  try {
    await letStand(context, id)
    switch (candidate.record.state) {
      case "waiting":
        return await begin(context, candidate)
      case "checking":
        return await writer.write(({ queries }) => check(context, queries, candidate))
      case "running": {
        const module = await moduleOfCandidate(context, candidate)
        return await writer.write(async ({ queries }) => {
          const step = await run(queries, candidate, advancing)
          if (step === "wait" || step === "again") return step === "again"
          await decide(context, queries, candidate, step.record, module)
          return false
        })
      }
      default:
        return false
    }
  } catch (error) {
    advancing.kept.delete(id) // it may know of what was not written
    throw error
  }
}

/** Its turn: what it is to be measured by is found, and the check is asked for. */
async function begin(context: Context, candidate: Candidate): Promise<boolean> {
  const { database, writer, limits } = context
  const earlier = await database.read
    .selectFrom("candidate")
    .select("id")
    .where("repository", "=", candidate.repository)
    .where("is_open", "=", 1)
    .where("id", "<", candidate.id)
    .executeTakeFirst()
  if (earlier !== undefined) return false
  const found = await protectedOf(context, candidate)
  const module = await moduleOfCandidate(context, candidate)
  return writer.write(async ({ queries }) => {
    const record = { ...candidate.record, leftOut: found.leftOut }
    if (!(await isStillNext(queries, candidate))) {
      await decide(context, queries, candidate, record, module)
      return false
    }
    const epoch = await epochOf(queries, candidate, limits)
    if ("unprotected" in found) {
      // Owners may do what nobody has said to live by the contrary of; strangers have to prove something.
      const kind = record.proposer === undefined && found.isFree ? "not worse" : "unprotected"
      const verdict = { kind, because: found.unprotected, benchmark: null, items: 0 } as const
      await decide(context, queries, candidate, { ...record, verdict }, module)
      return false
    }
    const { benchmarks } = found
    const begun: CandidateRecord = { ...record, epoch, benchmarks, state: "checking" }
    await writeRecord(queries, candidate.id, begun)
    const asked = benchmarks.map(({ place, within }) => ({ benchmark: place, ...(within ? { within } : {}) }))
    const places = comparedPlaces({ ...candidate, record: begun })
    await makeJob(queries, candidate.id, { kind: "check", ...places, isSimpler: record.isSimpler, benchmarks: asked })
    return false
  })
}

const TOLD: Readonly<Record<string, string>> = {
  OB755: "It cannot stand wherever the old one does: its ports do not fit.",
  OB756: "It is not simpler: nothing of it is 5 % less, or something is more.",
  OB757: "It asks somebody's machine, so that nobody could run it again and get the same.",
}
/** What the check found: it is refused, or some benchmarks are left out and it is measured by the others. */
async function check(context: Context, queries: Queries, candidate: Candidate): Promise<boolean> {
  const [row] = await jobsOf(queries, candidate.id)
  if (row === undefined || row.state === "ready" || row.result === null) return false
  const { record } = candidate
  const refuse = async (kind: "unfit" | "unprotected" | "unproven", because: string): Promise<false> => {
    const module = await moduleOfCandidate(context, candidate)
    const verdict = { kind, because, benchmark: null, items: 0 }
    await decide(context, queries, candidate, { ...record, verdict }, module)
    return false
  }
  const result = (await resultAt(queries, row.result)) as CheckResult | FailureResult
  if (result.kind === "failure")
    return refuse("unproven", `It could not be checked by those who were to: ${result.code}.`)
  const { findings } = result
  // Words of a worker are shown where all of them say the same.
  const texts = row.job.kind === "check" ? await wordsOf(queries, row, findings) : undefined
  if (findings.refusal !== null) return refuse("unfit", texts?.because ?? TOLD[findings.refusal]!)
  const kept = record.benchmarks.flatMap((each, i) => {
    const found = findings.benchmarks[i]!
    return found.refusal === null ? [{ ...each, itemCount: found.itemCount }] : []
  })
  const left = record.benchmarks.flatMap(({ name }, i) => {
    const code = findings.benchmarks[i]!.refusal
    const because = texts?.benchmarks[i]?.because ?? `It cannot ask the candidate and what stands there now (${code}).`
    return code === null ? [] : [{ name, because }]
  })
  const target = targetOf(record)
  const lost = left.find(({ name }) => name === target)
  if (lost !== undefined) return refuse("unfit", `The target ${lost.name} cannot be asked: ${lost.because}`)
  if (kept.length === 0)
    return refuse(
      "unprotected",
      `No benchmark that brains live by can ask it: ${left.map(({ name }) => name).join(", ")}.`,
    )
  const leftOut = [...record.leftOut, ...left]
  await writeRecord(queries, candidate.id, { ...record, state: "running", benchmarks: kept, leftOut })
  return true
}
export const targetOf = ({ target }: CandidateRecord): string | undefined => {
  const reference = target === null ? undefined : readReference(target)
  return reference && repositoryOf(reference)
}
async function wordsOf(queries: Queries, { id }: JobRow, findings: Findings): Promise<Findings> {
  const said = (await givenFor(queries, id)).map(({ result }) => (result as CheckResult).findings)
  const common = (of: (from: Findings) => string | undefined): { readonly because?: string } => {
    const [first, ...rest] = said.map(of)
    return first !== undefined && rest.every((each) => each === first) ? { because: first } : {}
  }
  const { because: _, ...facts } = findings
  return {
    ...facts,
    ...common((from) => from.because),
    benchmarks: findings.benchmarks.map(({ because: __, ...found }, i) => ({
      ...found,
      ...common((from) => from.benchmarks[i]?.because),
    })),
  }
}

type Step = "wait" | "again" | { readonly record: CandidateRecord }
/** Once a round is done it is fed in the order of its jobs; then there is another one, or a verdict. */
async function run(queries: Queries, candidate: Candidate, { kept }: Advancing): Promise<Step> {
  const { id, record } = candidate
  const known = kept.get(id) ?? { rounds: openRounds(record), last: 0 }
  const isProtected = (name: string): boolean => record.benchmarks.some((each) => each.name === name)
  const rows = (await jobsOf(queries, id, { after: known.last })).filter(
    ({ job }) => job.kind === "items" && isProtected(job.benchmark.repository),
  )
  if (rows.some(({ state }) => state === "ready")) return "wait"
  for (const row of rows) {
    if (row.job.kind !== "items" || row.result === null) throw new Error(`bug: job ${row.id} is no job of a round`)
    const result = await resultAt(queries, row.result)
    if (result.kind === "failure") {
      const without = leaveOut(record, row.job.benchmark.repository, result.code)
      kept.delete(id)
      if (without.verdict !== null) return { record: without }
      await writeRecord(queries, id, without) // what was measured by the others stays
      return "again"
    }
    if (result.kind !== "items") throw new Error(`bug: job ${row.id} has a result of another kind`)
    known.rounds.feed(row.job, result)
    known.last = row.id
  }
  kept.set(id, known)
  const { rounds } = known
  const next = rounds.next()
  const measured: CandidateRecord = { ...record, standing: rounds.standing(), needed: rounds.needed }
  if ("verdict" in next) {
    kept.delete(id)
    return { record: { ...measured, verdict: next.verdict } }
  }
  await writeRecord(queries, id, measured)
  for (const { benchmark, items } of next.jobs) {
    const { place, within } = benchmark
    const asked = { benchmark: place, ...(within ? { within } : {}), items }
    await makeJob(queries, id, { kind: "items", ...comparedPlaces(candidate), ...asked })
  }
  return "wait"
}

/** A generator that gives no item is no fault of the candidate, and its brains have to mend it; another failure ends the trial. */
function leaveOut(record: CandidateRecord, name: string, code: string): CandidateRecord {
  const benchmarks = record.benchmarks.filter((each) => each.name !== name)
  const unproven = (because: string): CandidateRecord => {
    const items = record.standing.reduce((sum, each) => sum + each.items, 0)
    return { ...record, verdict: { kind: "unproven", because, benchmark: name, items } }
  }
  if (code !== "OB754") return unproven(`${name} could not be run by those who were to: ${code}.`)
  if (benchmarks.length === 0 || targetOf(record) === name) return unproven(`${name} gives no more items: ${code}.`)
  const because = `It gives no item where one was asked for (${code}).`
  return { ...record, benchmarks, leftOut: [...record.leftOut, { name, because }], standing: [], needed: null }
}
