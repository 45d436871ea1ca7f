import type { Queries } from "../database/database.ts"
import type { Hash } from "../hash.ts"

/** A push to a `stable` that others build on. What it claims (target, simpler) stands in its statement in the log. */
export interface NewCandidate {
  readonly id: number // index of its push in the log
  readonly repository: number
  readonly tag: string
  readonly artifact: Hash
  readonly baseline: Hash
  readonly serial: number
  readonly at: number
}
/** Keeps it, for whoever is to decide about it: the tag stays as it is. */
export async function openCandidate(queries: Queries, candidate: NewCandidate): Promise<void> {
  await queries
    .insertInto("candidate")
    .values({ ...candidate, is_open: 1, state: "{}" })
    .execute()
}
