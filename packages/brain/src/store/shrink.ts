import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { blobPath, makeFolders, writeInto } from "./blobs.ts"
import { DELTA_LIMITS, deltaOf, deltaPath, printDelta } from "./delta.ts"
import type { Layout } from "./layout.ts"
import { modulesIn, type StoredModule } from "./reachable.ts"

export interface Shrunk {
  /** Blobs that are kept as deltas from now on. */
  readonly deltas: number
  readonly bytesFreed: number
}

/**
 * Keeps files as what they differ in from a file of the same path in another edition of the module, or in the module that it was
 * learnt on from, where that takes half the bytes or less. `roots` are artifacts beside those with tags.
 */
export async function shrink(layout: Layout, roots: readonly Digest[] = []): Promise<Shrunk> {
  const modules = await modulesIn(layout, roots)
  const bases = new Map<Digest, Set<Digest>>() // of a file what it may be told from
  const suggest = (from: StoredModule, base: StoredModule): void => {
    for (const { path, digest, size } of from.artifact.files) {
      const other = base.artifact.files.find((each) => each.path === path)
      if (other === undefined || other.digest === digest || !isFit(size) || !isFit(other.size)) continue
      const known = bases.get(digest) ?? new Set()
      bases.set(digest, known.add(other.digest))
    }
  }
  for (const module of modules)
    for (const other of modules) {
      if (other === module) continue
      if (module.card.base !== undefined && module.card.base === other.card.module) suggest(module, other)
      // Of two editions the later one stays as it is, since it is the one that is asked for.
      else if (module.repository === other.repository && modules.indexOf(other) > modules.indexOf(module))
        suggest(module, other)
    }
  let [deltas, bytesFreed] = [0, 0]
  for (const [digest, candidates] of bases)
    for (const base of candidates) {
      const freed = await keepAsDelta(layout, digest, base)
      if (freed === 0) continue
      deltas++
      bytesFreed += freed
      break
    }
  return { deltas, bytesFreed }
}
const isFit = (size: number): boolean => size >= DELTA_LIMITS.sizeMin && size <= DELTA_LIMITS.sizeMax

/** Bytes that became free: none where it does not pay, is a delta already, or would lead back to itself. */
export async function keepAsDelta(layout: Layout, digest: Digest, base: Digest): Promise<number> {
  const { blobs, files, folder } = layout
  const bound = { bytesMax: DELTA_LIMITS.sizeMax }
  return layout.change(async () => {
    try {
      const whole = await files.kind(blobPath(folder, digest))
      if (whole === undefined || (await blobs.delta(digest)) !== undefined) return { result: 0 }
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
