import { type Descriptor, type ManifestFacts, MEDIA } from "@open-brains/core/commons/artifact.ts"
import { keepManifest, putDocument, putReferrer } from "./content.ts"
import type { Queries } from "./database/database.ts"
import { type Hash, hashOf } from "./hash.ts"
import { appendLog } from "./log.ts"

export interface PushRecord {
  readonly repository: number
  readonly tag: string
  /** What was pushed. */
  readonly subject: { readonly facts: ManifestFacts; readonly descriptor: Descriptor }
  readonly bytes: Uint8Array // the envelope
  readonly hash: Hash
  readonly at: number
  /** A stranger's: it stands in the log, and beside the artifact once it has passed. */
  readonly isProposal?: boolean
}
/** What stays of a push whatever becomes of its tag: the artifact, the entry of the log, the signature. Its index in the log. */
export async function recordPush(
  queries: Queries,
  { repository, tag, subject: { facts, descriptor }, bytes, hash, at, isProposal = false }: PushRecord,
): Promise<number> {
  await keepManifest(queries, repository, facts)
  const id = await appendLog(queries, bytes)
  const artifact = hashOf(descriptor.digest)
  await queries.insertInto("push").values({ id, repository, tag, artifact, envelope: hash, at }).execute()
  // So that whoever has an OCI client finds who signed.
  if (isProposal) await putDocument(queries, hash, bytes)
  else await putReferrer(queries, repository, MEDIA.signature, { bytes, hash }, descriptor, at)
  return id
}
