import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import type { Hash } from "../hash.ts"

export interface NewCandidate {
  readonly id: number // index of its push in the log
  readonly repository: number
  readonly tag: string
  readonly artifact: Hash
  readonly baseline: Hash
  readonly serial: number
  readonly at: number
  readonly target: string | undefined
  readonly isSimpler: boolean
  readonly owners: readonly PublicKey[]
}
export async function openCandidate(_context: Context, queries: Queries, candidate: NewCandidate): Promise<void> {
  const { target: _target, isSimpler: _isSimpler, owners: _owners, ...row } = candidate
  await queries
    .insertInto("candidate")
    .values({ ...row, is_open: 1, state: "{}" })
    .execute()
}
