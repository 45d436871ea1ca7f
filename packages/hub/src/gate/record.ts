import type { Digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, type JsonObject } from "@open-brains/core/base/json.ts"
import type { BenchmarkView, CandidateState, CandidateView, GivenVerdict } from "@open-brains/core/commons/candidate.ts"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import type { Place, WorkWithin } from "@open-brains/core/commons/work.ts"
import type { Queries } from "../database/database.ts"
import { digestFrom, type Hash } from "../hash.ts"

/** What the hub knows of a candidate beside its row. A function of the pushes before it and of what was measured: no clock, no order of results. */
export interface CandidateRecord {
  readonly state: CandidateState
  readonly target: Digest | string | null // as the push has it
  readonly isSimpler: boolean
  /** Whoever proposed it without being an owner: then the hub signs what the gate lets pass. */
  readonly proposer?: PublicKey
  /** The log as the hub signed it right after the push: the seed is worked out of it. */
  readonly checkpoint: string
  readonly seed: number
  readonly epoch?: Epoch
  readonly benchmarks: readonly ProtectedOne[]
  readonly leftOut: CandidateView["leftOut"]
  readonly standing: readonly BenchmarkView[]
  readonly needed: CandidateView["needed"]
  readonly verdict: GivenVerdict | null
}
export interface Epoch {
  readonly began: number // milliseconds since 1970, of its first candidate
  readonly anchor: Digest
  readonly attempt: number
  readonly accepted: number
}
export interface ProtectedOne {
  readonly name: string // namespace/name
  readonly place: Place
  readonly weight: number
  readonly within?: WorkWithin
  /** Of data; null of a generator. */
  readonly itemCount: number | null
}
export interface Candidate {
  readonly id: number
  readonly repository: number
  readonly namespace: string
  readonly name: string
  readonly tag: string
  readonly artifact: Digest
  readonly baseline: Digest
  readonly serial: number
  readonly isOpen: boolean
  readonly at: number
  readonly record: CandidateRecord
}

export const printRecord = (record: CandidateRecord): string =>
  canonicalJson(JSON.parse(JSON.stringify(record)) as JsonObject)

const rows = (queries: Queries) =>
  queries
    .selectFrom("candidate")
    .innerJoin("repository", "repository.id", "candidate.repository")
    .selectAll("candidate")
    .select(["repository.namespace", "repository.name"])

interface Row {
  readonly id: number
  readonly repository: number
  readonly namespace: string
  readonly name: string
  readonly tag: string
  readonly artifact: Hash
  readonly baseline: Hash
  readonly serial: number
  readonly is_open: number
  readonly state: string
  readonly at: number
}
const candidateOf = ({ state, is_open, artifact, baseline, ...row }: Row): Candidate => ({
  ...row,
  artifact: digestFrom(artifact),
  baseline: digestFrom(baseline),
  isOpen: is_open === 1,
  record: JSON.parse(state) as CandidateRecord,
})
export async function findCandidate(queries: Queries, id: number): Promise<Candidate | undefined> {
  const found = await rows(queries).where("candidate.id", "=", id).executeTakeFirst()
  return found && candidateOf(found)
}
/** In the order of the log. */
export const openCandidates = async (queries: Queries): Promise<readonly Candidate[]> =>
  (await rows(queries).where("is_open", "=", 1).orderBy("candidate.id").execute()).map(candidateOf)
export const openCandidatesOf = async (queries: Queries, repository: number): Promise<readonly Candidate[]> =>
  (await rows(queries).where("candidate.repository", "=", repository).where("is_open", "=", 1).execute()).map(
    candidateOf,
  )
export const candidatesOf = async (
  queries: Queries,
  repository: number,
  limit: number,
): Promise<readonly Candidate[]> =>
  (
    await rows(queries)
      .where("candidate.repository", "=", repository)
      .orderBy("candidate.id", "desc")
      .limit(limit)
      .execute()
  ).map(candidateOf)

export async function writeRecord(
  queries: Queries,
  id: number,
  record: CandidateRecord,
  isOpen = record.verdict === null && record.state !== "overtaken",
): Promise<void> {
  await queries
    .updateTable("candidate")
    .set({ state: printRecord(record), is_open: isOpen ? 1 : 0 })
    .where("id", "=", id)
    .execute()
}
