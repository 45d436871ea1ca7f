import { type PublicKey, parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import {
  digestOfJob,
  type ItemsJob,
  type ItemsResult,
  type JobResult,
  misfitOfItems,
  RUNNER,
  resultOf,
} from "@open-brains/core/commons/work.ts"
import { refuseWith } from "../api/errors.ts"
import { putDocument } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestBytes, type Hash, isSameHash, sha256 } from "../hash.ts"
import { verifyEd25519 } from "../keys.ts"
import { findJob, type JobRow } from "./jobs.ts"
import { judge } from "./referee.ts"
import { settle, signedAttestation } from "./settle.ts"

/** A result that came in a body, and whose signature holds. */
export interface SignedResult {
  readonly result: JobResult
  readonly worker: PublicKey
  readonly bytes: Uint8Array
  readonly hash: Hash
}
/** Errors: OB704, OB733, OB743. */
export function readResult(bytes: Uint8Array): SignedResult {
  const envelope = parseEnvelope(bytes)
  const result = resultOf(envelope)
  const [worker, ...others] = signersOf(envelope, verifyEd25519)
  if (worker === undefined || others.length > 0 || envelope.signatures.length !== 1)
    return refuseWith({
      code: "OB733",
      seen: "A result is signed by one key, that of the worker who has the job, and this is not.",
      hint: "Sign it with the key that the job was asked for with.",
    })
  return { result, worker, bytes, hash: sha256(bytes) }
}

const unfit = (seen: string): never =>
  refuseWith({
    code: "OB745",
    seen,
    hint: "Ask for work again, and send what was asked for within the time of the lease.",
  })

/**
 * Keeps a result, and once enough are there what follows of them for the job. Gives the candidate that it is about. The same
 * result may be sent again: its first answer may have been lost. Errors: OB745 when it does not fit the job, OB737 when there is none.
 */
export async function takeResult(
  context: Context,
  queries: Queries,
  id: number,
  { result, worker, bytes, hash }: SignedResult,
): Promise<number> {
  const row = await findJob(queries, id)
  if (row === undefined)
    return refuseWith({ code: "OB737", seen: `There is no job ${id}.`, hint: "Ask for work: POST /api/v1/work" })
  const lease = await queries
    .selectFrom("lease")
    .select(["state", "until", "result"])
    .where("job", "=", id)
    .where("worker", "=", worker)
    .executeTakeFirst()
  if (lease !== undefined && lease.state !== "leased" && isSameHash(lease.result, hash)) return row.candidate
  if (lease === undefined) return unfit(`Job ${id} is not leased to ${worker}.`)
  if (lease.state !== "leased") return unfit(`Job ${id} was answered by ${worker} before.`)
  if (row.state !== "ready") return unfit(`Job ${id} is done.`)
  if (lease.until <= context.clock()) return unfit(`The lease of job ${id} has run out.`)
  if (result.job !== id || result.asked !== digestOfJob(row.job, digestBytes))
    return unfit(`The result is about another job than ${id} as it was asked.`)
  if (result.kind !== "failure" && result.kind !== row.job.kind)
    return unfit(`Job ${id} is of the kind ${row.job.kind}, and the result of ${result.kind}.`)
  if (result.kind === "check" && row.job.kind === "check") {
    const [told, asked] = [result.findings.benchmarks.length, row.job.benchmarks.length]
    if (told !== asked) return unfit(`It tells of ${told} benchmarks, and ${asked} were asked about.`)
  }
  if (result.kind === "items" && row.job.kind === "items") refuseMisfit(context, row.job, result, worker)
  await putDocument(queries, hash, bytes)
  await queries
    .updateTable("lease")
    .set({
      state: result.kind === "failure" ? "failed" : "given",
      code: result.kind === "failure" ? result.code : null,
      result: hash,
    })
    .where("job", "=", id)
    .where("worker", "=", worker)
    .execute()
  await follow(context, queries, row, result, hash)
  return row.candidate
}
async function follow(context: Context, queries: Queries, row: JobRow, result: JobResult, hash: Hash): Promise<void> {
  if (row.parent === null) return settle(context, queries, row)
  const parent = await findJob(queries, row.parent)
  if (parent === undefined) throw new Error("bug: the referee decides about nothing")
  await judge(context, queries, parent, row, result, hash)
  await settle(context, queries, (await findJob(queries, row.parent))!)
}

function refuseMisfit({ limits }: Context, job: ItemsJob, result: ItemsResult, worker: PublicKey): void {
  const read = (text: string) => {
    if (text.length > limits.envelopeBytes) return unfit(`An attestation has more than ${limits.envelopeBytes} bytes.`)
    const signed = signedAttestation(text)
    if (signed.envelope.signatures.length !== 1 || signed.signers[0] !== worker)
      return unfit(`Its attestation is not signed by ${worker}, and by nobody else.`)
    return signed.statement
  }
  const { baseline, anchor } = result.attestations
  const statements = { baseline: read(baseline), ...(anchor === undefined ? {} : { anchor: read(anchor) }) }
  const misfit = misfitOfItems(job, result, statements, RUNNER, digestBytes)
  if (misfit !== undefined) unfit(`The result does not fit job ${job.id}: ${misfit}.`)
}
