import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import {
  ARTIFACT_LIMITS,
  type Artifact,
  cardOfArtifact,
  type Descriptor,
  type ManifestFacts,
  MEDIA,
  parseArtifact,
} from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import type { Layout } from "./layout.ts"
import { repositoryNamed } from "./layout.ts"
import { REF_NAME } from "./layout_index.ts"

/** A module of a layout, with the repository that its tag is in. */
export interface StoredModule {
  readonly repository: string | undefined
  readonly artifact: Artifact
  readonly card: Card
}

/** Modules that have tags, or are named. What cannot be read is left out. */
export async function modulesIn(layout: Layout, roots: readonly Digest[]): Promise<readonly StoredModule[]> {
  const found = new Map<Digest, StoredModule>()
  const add = async (digest: Digest, repository: string | undefined): Promise<void> => {
    const manifest = await ifSound(layout.manifest("", digest))
    if (manifest === undefined) return
    const module = await ifSound(moduleOf(layout, manifest))
    if (module) found.set(digest, { ...module, repository })
  }
  for (const root of roots) await add(root, undefined)
  for (const entry of (await layout.index()).entries)
    if (entry.artifactType === MEDIA.module) await add(entry.digest, repositoryNamed(entry))
  return [...found.values()]
}
async function moduleOf(layout: Layout, manifest: Uint8Array): Promise<Omit<StoredModule, "repository">> {
  const artifact = parseArtifact(manifest)
  const card = await layout.blobs.read(artifact.card.digest, { bytesMax: ARTIFACT_LIMITS.cardBytes })
  return { artifact, card: cardOfArtifact(artifact, card) }
}

export async function ifSound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/**
 * All blobs that tags and `roots` lead to: manifests, configs, layers, what is about them, and what a delta is told from. A
 * manifest that cannot be read keeps what it would, itself alone.
 */
export async function reachable(
  layout: Layout,
  entries: readonly Descriptor[],
  roots: Iterable<Digest>,
): Promise<ReadonlySet<Digest>> {
  const kept = new Set<Digest>()
  const about = new Map<Digest, Digest[]>() // by subject
  const manifests = new Set(entries.map(({ digest }) => digest))
  const facts = async (digest: Digest): Promise<ManifestFacts | undefined> => ifSound(layout.facts(digest))
  for (const { digest } of entries) {
    const subject = (await facts(digest))?.subject?.digest
    if (subject !== undefined) about.set(subject, [...(about.get(subject) ?? []), digest])
  }
  const next = [...roots, ...entries.flatMap(({ digest, annotations }) => (annotations?.[REF_NAME] ? [digest] : []))]
  for (const root of roots) manifests.add(root)
  for (let digest = next.pop(); digest !== undefined; digest = next.pop()) {
    if (kept.has(digest)) continue
    kept.add(digest)
    const base = (await ifSound(layout.blobs.delta(digest)))?.base
    if (base !== undefined) next.push(base)
    next.push(...(about.get(digest) ?? []))
    const found = manifests.has(digest) ? await facts(digest) : undefined
    if (found === undefined) continue
    for (const each of found.manifests) manifests.add(each.digest)
    next.push(
      ...[...(found.config ? [found.config] : []), ...found.layers, ...found.manifests].map((each) => each.digest),
    )
  }
  return kept
}
