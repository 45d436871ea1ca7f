import { MEDIA, parseManifestFacts } from "@open-brains/core/commons/artifact.ts"
import { type Envelope, parseEnvelope, seal } from "@open-brains/core/commons/envelope.ts"
import { documentOf, putManifests, referrerOf } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { type Hash, hashOf, sha256 } from "../hash.ts"
import { recordPush } from "../record_push.ts"
import type { Candidate } from "./record.ts"

/**
 * Signs what a stranger proposed and the gate let pass, with the hub's key, which is one of the namespace's: a push like any other, in the log
 * and beside the artifact. Whoever takes the module finds a signature of the namespace; the stranger's own stays, and is nobody's key for it.
 */
export async function countersign({ key, clock }: Context, queries: Queries, candidate: Candidate): Promise<void> {
  const { id, repository, tag, artifact } = candidate
  const proposed = await proposalOf(queries, id)
  const manifest = await documentOf(queries, hashOf(artifact))
  if (manifest === undefined) throw new Error(`bug: nothing is left of candidate ${id}`)
  const bytes = seal(proposed.envelope.payload, [key])
  const descriptor = { mediaType: MEDIA.manifest, digest: artifact, size: manifest.length }
  const subject = { facts: parseManifestFacts(manifest), descriptor }
  await putManifests(queries, [referrerOf(repository, MEDIA.signature, proposed, descriptor, clock())])
  await recordPush(queries, { repository, tag, subject, bytes, hash: sha256(bytes), at: clock() })
}
/** The push that a candidate is, as it was signed. */
export async function proposalOf(
  queries: Queries,
  id: number,
): Promise<{ readonly bytes: Uint8Array; readonly hash: Hash; readonly envelope: Envelope }> {
  const found = await queries.selectFrom("push").select("envelope").where("id", "=", id).executeTakeFirstOrThrow()
  const bytes = await documentOf(queries, found.envelope)
  if (bytes === undefined) throw new Error(`bug: nothing is left of candidate ${id}`)
  return { bytes, hash: found.envelope, envelope: parseEnvelope(bytes) }
}
