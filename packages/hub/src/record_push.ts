import { type Descriptor, type ManifestFacts, MEDIA } from "@open-brains/core/commons/artifact.ts"
import { keepManifest, keepParts, manifestOf, putDocument, putManifests, referrerOf } from "./content.ts"
import type { Queries } from "./database/database.ts"
import { prepared } from "./database/prepared.ts"
import type { Tables } from "./database/tables.ts"
import { type Hash, hashOf } from "./hash.ts"
import { appendLog } from "./log.ts"

export interface PushRecord {
  readonly repository: number
  readonly tag: string
  /** What was pushed. */
  readonly subject: {
    readonly facts: ManifestFacts
    readonly descriptor: Descriptor
    /** Its bytes, where the repository may not have them yet. */
    readonly brought?: Uint8Array | undefined
  }
  readonly bytes: Uint8Array // the envelope
  readonly hash: Hash
  readonly at: number
  /** A stranger's: it stands in the log, and beside the artifact once it has passed. */
  readonly isProposal?: boolean
}
const insertPush = prepared((queries, { id, repository, tag, artifact, envelope, at }: Tables["push"]) =>
  queries.insertInto("push").values({ id, repository, tag, artifact, envelope, at }),
)
/** What stays of a push whatever becomes of its tag: the artifact, the entry of the log, the signature. Its index in the log. */
export async function recordPush(
  queries: Queries,
  { repository, tag, subject: { facts, descriptor, brought }, bytes, hash, at, isProposal = false }: PushRecord,
): Promise<number> {
  if (brought === undefined) await keepManifest(queries, repository, facts)
  else await keepParts(queries, repository, facts)
  const id = await appendLog(queries, bytes)
  await insertPush(queries, { id, repository, tag, artifact: hashOf(descriptor.digest), envelope: hash, at })
  // So that whoever has an OCI client finds who signed.
  const manifests = brought === undefined ? [] : [manifestOf(repository, facts, brought, at)]
  if (isProposal) await putDocument(queries, hash, bytes)
  else manifests.push(referrerOf(repository, MEDIA.signature, { bytes, hash }, descriptor, at))
  await putManifests(queries, manifests)
  return id
}
