import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import { blobPath, makeFolders, writeInto } from "./blobs.ts"
import { DELTA_LIMITS, deltaOf, deltaPath, printDelta } from "./delta.ts"
import type { Layout } from "./layout.ts"
import { repositoryNamed } from "./layout.ts"
import { REF_NAME } from "./layout_index.ts"
import { ifSound, moduleAt, type StoredModule } from "./reachable.ts"

export interface Shrunk {
  /** Blobs that are kept as deltas from now on. */
  readonly deltas: number
  readonly bytesFreed: number
}

/**
 * Keeps files of a module that has just come as what they differ in from the file of the same path in the net that it was made
 * from (a hand edit, one that learnt on), or in another edition of its own name, where that takes half the bytes or less. Told from is only
 * what a tag stands for: else the store would keep a base for the sake of its delta. A base is kept as long as a delta needs it.
 */
export async function shrink(layout: Layout, digest: Digest): Promise<Shrunk> {
  const module = await ifSound(moduleAt(layout, digest))
  let [deltas, bytesFreed] = [0, 0]
  if (module === undefined) return { deltas, bytesFreed }
  const bases = await basesOf(layout, module)
  for (const { path, digest: file, size } of module.artifact.files) {
    if (!isFit(size)) continue
    for (const base of bases) {
      const other = base.artifact.files.find((each) => each.path === path)
      if (other === undefined || other.digest === file || !isFit(other.size)) continue
      const freed = await keepAsDelta(layout, file, other.digest)
      if (freed === 0) continue
      deltas++
      bytesFreed += freed
      break
    }
  }
  return { deltas, bytesFreed }
}
const isFit = (size: number): boolean => size >= DELTA_LIMITS.sizeMin && size <= DELTA_LIMITS.sizeMax

/** What it was made from, then other editions of its names. */
async function basesOf(layout: Layout, { artifact, card }: StoredModule): Promise<readonly StoredModule[]> {
  const tagged = (await layout.index()).entries.filter(
    (each) => each.artifactType === MEDIA.module && each.annotations?.[REF_NAME] !== undefined,
  )
  const names = new Set(
    tagged.flatMap((each) => (each.digest === artifact.digest ? (repositoryNamed(each) ?? []) : [])),
  )
  const made = new Map<Digest, StoredModule>()
  const editions = new Map<Digest, StoredModule>()
  for (const entry of tagged) {
    const isEdition = names.has(repositoryNamed(entry) ?? "")
    if (entry.digest === artifact.digest || (!isEdition && card.base === undefined)) continue
    const other = await ifSound(moduleAt(layout, entry.digest))
    if (other === undefined) continue
    if (card.base !== undefined && card.base === other.card.module) made.set(entry.digest, other)
    else if (isEdition) editions.set(entry.digest, other)
  }
  return [...made.values(), ...editions.values()]
}

/** Bytes that became free: none where it does not pay, would lead back to itself, or others are told from it. */
export async function keepAsDelta(layout: Layout, digest: Digest, base: Digest): Promise<number> {
  const { blobs, files, folder } = layout
  const bound = { bytesMax: DELTA_LIMITS.sizeMax }
  return layout.change(async () => {
    try {
      // A delta beside the blob was left by a process that was ended in between: it is written again.
      if ((await files.kind(blobPath(folder, digest))) === undefined || (await isBase(layout, digest)))
        return { result: 0 }
      const chain = new Set<Digest>([digest])
      let at: Digest | undefined = base
      for (; at !== undefined; at = (await blobs.delta(at))?.base) {
        if (chain.has(at)) return { result: 0 }
        chain.add(at)
      }
      const depth = chain.size - 1
      if (depth > DELTA_LIMITS.depth) return { result: 0 }
      const bytes = await blobs.read(digest, bound)
      const printed = printDelta({
        ...deltaOf(bytes, await blobs.read(base, bound)),
        depth,
        base,
        size: bytes.length,
      })
      if (printed.length * DELTA_LIMITS.share > bytes.length) return { result: 0 }
      await makeFolders(files, folder, join(folder, "deltas"))
      await writeInto(files, folder, deltaPath(folder, digest), printed)
      await files.remove(blobPath(folder, digest))
      return { result: bytes.length - printed.length }
    } catch (error) {
      if (error instanceof Refusal) return { result: 0 } // what is damaged stays as it is
      throw error
    }
  })
}
/** Whether a delta is told from it: as a delta it would make those deeper than they say, and nobody could read them. */
async function isBase({ blobs, files, folder }: Layout, digest: Digest): Promise<boolean> {
  const deltas = join(folder, "deltas")
  if ((await files.kind(deltas))?.is !== "folder") return false
  for (const name of await files.list(deltas)) {
    const other = parseDigest(`sha256:${name}`)
    if (other !== undefined && (await ifSound(blobs.delta(other)))?.base === digest) return true
  }
  return false
}
