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
import { REF_NAME } from "./layout_index.ts"

/** A module of a layout, by its manifest and card. */
export interface StoredModule {
  readonly artifact: Artifact
  readonly card: Card
}
/** Errors: OB701 to OB703, OB712, OB713. */
export async function moduleAt(layout: Layout, digest: Digest): Promise<StoredModule> {
  const artifact = parseArtifact(await layout.manifest("", digest))
  const card = await layout.blobs.read(artifact.card.digest, { bytesMax: ARTIFACT_LIMITS.cardBytes })
  return { artifact, card: cardOfArtifact(artifact, card) }
}

/** Names of the modules with tags that use one of these artifacts by their locks. */
export async function usersOf(layout: Layout, artifacts: ReadonlySet<Digest>): Promise<readonly string[]> {
  const users = new Set<string>()
  for (const { digest, annotations, artifactType } of (await layout.index()).entries) {
    const name = annotations?.[REF_NAME]
    if (name === undefined || artifactType !== MEDIA.module) continue
    const module = await ifSound(moduleAt(layout, digest))
    if (module?.card.uses.some(({ artifact }) => artifacts.has(artifact))) users.add(name)
  }
  return [...users].sort()
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
 * All blobs that tags and `roots` lead to: manifests, configs, layers, what is about them, the modules that a module uses by its
 * lock, and what a delta is told from. A manifest that cannot be read keeps what it would, itself alone.
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
    const uses = found.artifactType === MEDIA.module ? ((await ifSound(moduleAt(layout, digest)))?.card.uses ?? []) : []
    for (const { artifact } of uses) manifests.add(artifact)
    for (const each of found.manifests) manifests.add(each.digest)
    next.push(...uses.map(({ artifact }) => artifact))
    next.push(
      ...[...(found.config ? [found.config] : []), ...found.layers, ...found.manifests].map((each) => each.digest),
    )
  }
  return kept
}
