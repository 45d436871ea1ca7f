import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type Artifact, cardOfArtifact, parseArtifact } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import { parseReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import type { Registry } from "../registry/registry.ts"
import { pushesOf, putSignature } from "./signatures.ts"

/** Bytes that went over, and bytes that were there already. */
export interface Copied {
  readonly sent: number
  readonly kept: number
}
export type OnBytes = (copied: Copied, total: number) => void

/** The manifest and the card of a module in a place. Errors: OB701 to OB703, and those of the place. */
export async function lookAt(
  registry: Registry,
  repository: string,
  digest: Digest,
): Promise<{ readonly artifact: Artifact; readonly card: Card }> {
  const artifact = parseArtifact(await registry.manifest(repository, digest))
  const bytes = await registry.blob(repository, artifact.card.digest, artifact.card.size)
  return { artifact, card: cardOfArtifact(artifact, bytes) }
}

/** Brings a module from one place to another, file by file: what is there is not sent again. No tag stands for it yet. */
export async function copyArtifact(
  from: Registry,
  to: Registry,
  repository: string,
  digest: Digest,
  onBytes?: OnBytes,
): Promise<Copied> {
  const manifest = await from.manifest(repository, digest)
  const { card, files } = parseArtifact(manifest)
  const copied = await copyBlobs(from, to, repository, [card, ...files], onBytes)
  await to.putManifest(repository, manifest)
  return copied
}

/** What is there is not sent again. */
export async function copyBlobs(
  from: Registry,
  to: Registry,
  repository: string,
  all: readonly { readonly digest: Digest; readonly size: number }[],
  onBytes?: OnBytes,
): Promise<Copied> {
  const blobs = [...new Map(all.map((each) => [each.digest, each])).values()]
  const total = blobs.reduce((sum, { size }) => sum + size, 0)
  let copied: Copied = { sent: 0, kept: 0 }
  for (const { digest, size } of blobs) {
    const isThere = await to.has(repository, digest)
    if (!isThere) await to.putBlob(repository, digest, await from.blob(repository, digest, size))
    copied = isThere ? { ...copied, kept: copied.kept + size } : { ...copied, sent: copied.sent + size }
    onBytes?.(copied, total)
  }
  return copied
}

/** What was signed of it goes along. */
export async function copySignatures(from: Registry, to: Registry, repository: string, digest: Digest): Promise<void> {
  const subject = await to.resolve(repository, digest)
  if (subject === undefined) throw new Error(`bug: ${repository}@${digest} was copied and is not there`)
  for (const { envelope } of await pushesOf(from, repository, digest))
    await putSignature(to, repository, envelope, subject)
}

/** So many modules may a module be made of, all in all. */
const USES_MAX = 1000

/**
 * All that a module uses, and what that uses, each once, by the digests that are pinned; those that are used come first.
 * Errors: OB725 when there are more than `USES_MAX`.
 */
export async function usedBy(
  card: Card,
  lookFor: (repository: string, digest: Digest) => Promise<Card>,
): Promise<readonly { readonly repository: string; readonly digest: Digest; readonly card: Card }[]> {
  const found = new Map<Digest, { readonly repository: string; readonly digest: Digest; readonly card: Card }>()
  const visited = new Set<Digest>()
  async function visit({ uses }: Card): Promise<void> {
    for (const { name, artifact } of uses) {
      if (visited.has(artifact)) continue
      visited.add(artifact)
      if (visited.size > USES_MAX)
        refuse({
          code: "OB725",
          seen: `${card.name} is made of more than ${USES_MAX} modules.`,
          hint: "Ask whoever made it whether that is meant.",
        })
      const repository = repositoryOf(parseReference(name))
      const used = await lookFor(repository, artifact)
      await visit(used) // a digest names what was there before: it leads back to nothing
      found.set(artifact, { repository, digest: artifact, card: used })
    }
  }
  await visit(card)
  return [...found.values()]
}
