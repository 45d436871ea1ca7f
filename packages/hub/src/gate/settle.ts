import { parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import { type AttestationStatement, statementOf, TYPES } from "@open-brains/core/commons/statement.ts"
import { factsOf, firstUnlike, type ItemsResult, type JobResult } from "@open-brains/core/commons/work.ts"
import { putAttestation } from "../api/attestations.ts"
import type { Signed } from "../api/envelopes.ts"
import { refuseWith } from "../api/errors.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { type Hash, sha256 } from "../hash.ts"
import { verifyEd25519 } from "../keys.ts"
import { isSound } from "./audits.ts"
import { closeJob, type JobRow, refereeJobOf, resultAt } from "./jobs.ts"
import { askReferee } from "./referee.ts"

export interface Given {
  readonly worker: string
  readonly hash: Hash
  readonly result: JobResult
}
export async function givenFor(
  queries: Queries,
  job: number,
  state: "given" | "failed" = "given",
): Promise<readonly Given[]> {
  const found = await queries
    .selectFrom("lease")
    .select(["worker", "result"])
    .where("job", "=", job)
    .where("state", "=", state)
    .orderBy("worker") // not by who was first: what follows does not hang on that
    .execute()
  const given: Given[] = []
  for (const { worker, result } of found)
    if (result !== null) given.push({ worker, hash: result, result: await resultAt(queries, result) })
  return given
}

/** Once enough have done a job: what they agree about stands, or the referee is asked about the first item where they do not. */
export async function settle(context: Context, queries: Queries, row: JobRow): Promise<void> {
  const { verifiers, clock } = context
  if (row.state !== "ready" || (await refereeJobOf(queries, row.id)) !== undefined) return
  const failed = await givenFor(queries, row.id, "failed")
  const common = failed.find(
    ({ result }) => failed.filter((each) => codeOf(each.result) === codeOf(result)).length >= verifiers,
  )
  if (common !== undefined) {
    const alike = failed.filter(({ result }) => codeOf(result) === codeOf(common.result))
    if (await isSound(context, queries, row, alike)) await closeJob(queries, row.id, "failed", common.hash)
    return
  }
  const given = await givenFor(queries, row.id)
  if (given.length < verifiers) return
  const [first, ...rest] = given
  const unlike = firstDifferent(given)
  if (unlike !== undefined) return askReferee(context, queries, row, unlike)
  if (!(await isSound(context, queries, row, given))) return
  await closeJob(queries, row.id, "done", first!.hash)
  for (const { result } of given) if (result.kind === "items") await attest(queries, result, clock())
  await countResults(queries, given)
  // What the others said is the same; that they said it stands in their attestations.
  if (row.job.kind === "items")
    for (const { hash } of rest) await queries.deleteFrom("document").where("hash", "=", hash).execute()
}
const codeOf = (result: JobResult): string | undefined => (result.kind === "failure" ? result.code : undefined)

/** The first item, from 0, about which not all say the same; 0 of a check; nothing where they agree. */
function firstDifferent([first, ...rest]: readonly Given[]): number | undefined {
  const one = first!.result
  if (one.kind === "check")
    return rest.some(({ result }) => result.kind !== "check" || factsOf(result.findings) !== factsOf(one.findings))
      ? 0
      : undefined
  const places = rest.map(({ result }) => firstUnlike(one as ItemsResult, result as ItemsResult))
  const found = places.filter((index) => index >= 0)
  return found.length === 0 ? undefined : Math.min(...found)
}

async function countResults(queries: Queries, given: readonly Given[]): Promise<void> {
  await queries
    .updateTable("worker")
    .set(({ eb }) => ({ results: eb("results", "+", 1) }))
    .where(
      "key",
      "in",
      given.map(({ worker }) => worker),
    )
    .execute()
}

/** What was agreed about is kept as what others measured is: whoever likes runs it again. */
async function attest(queries: Queries, { attestations }: ItemsResult, now: number): Promise<void> {
  for (const text of [attestations.baseline, ...(attestations.anchor === undefined ? [] : [attestations.anchor])])
    await putAttestation(queries, signedAttestation(text), now)
}
/** Errors: OB704, OB705, OB745. */
export function signedAttestation(text: string): Signed<AttestationStatement> {
  const bytes = new TextEncoder().encode(text)
  const envelope = parseEnvelope(bytes)
  const statement = statementOf(envelope)
  if (statement.type !== TYPES.attestation)
    return refuseWith({
      code: "OB745",
      seen: `A result comes with attestations, and ${statement.type} is none.`,
      hint: "Sign what was measured.",
    })
  return { statement, signers: signersOf(envelope, verifyEd25519), envelope, bytes, hash: sha256(bytes) }
}
