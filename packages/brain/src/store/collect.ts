import { randomBytes } from "node:crypto"
import { basename, join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { BLOBS, hexOf, INCOMING, makeFolders } from "./blobs.ts"
import { codeOf, type Files } from "./files.ts"
import type { Layout } from "./layout.ts"
import { MODULES } from "./mine.ts"
import { reachable } from "./reachable.ts"

export interface CollectOptions {
  /** What changed later than so long ago stays: somebody may be pushing it. */
  readonly youngMs: number
  /** Artifacts that are kept though no tag names them, such as those that locks name. */
  readonly roots?: readonly Digest[]
  readonly nowMs?: number
}
export interface Collected {
  readonly blobs: number
  readonly bytesFreed: number
  /** Manifests that the index named and no longer does. */
  readonly manifests: number
}
const FOLDERS = [BLOBS, "deltas"]

/**
 * Takes away what no tag leads to: blobs, manifests and unpacked folders. A push that goes on meanwhile loses nothing: what
 * is young stays, what it found there has become young, and its manifest is taken only when all its files are there.
 */
export function collect(
  layout: Layout,
  { youngMs, roots = [], nowMs = Date.now() }: CollectOptions,
): Promise<Collected> {
  const { files, folder } = layout
  return layout.change(async ({ entries }) => {
    const found = (await Promise.all(FOLDERS.map((each) => blobsIn(files, join(folder, each))))).flat()
    const isYoung = (each: Stored): boolean => nowMs - each.changedMs < youngMs
    const kept = await reachable(layout, entries, [...roots, ...found.filter(isYoung).map(({ digest }) => digest)])
    const garbage = found.filter(({ digest }) => !kept.has(digest))
    const gone = new Set(garbage.map(({ digest }) => digest))
    const left = entries.filter(({ digest }) => !gone.has(digest))
    let [blobs, bytesFreed] = [0, 0]
    const sweep = async (): Promise<void> => {
      await makeFolders(files, folder, join(folder, INCOMING))
      for (const each of garbage)
        if (await takeAway(layout, each, isYoung)) {
          blobs++
          bytesFreed += each.bytes
        }
      bytesFreed += await sweepFolders(layout, kept)
    }
    // The index first: it names nothing that is not there.
    if (left.length < entries.length) await layout.writeIndex(left)
    await sweep()
    return { result: { blobs, bytesFreed, manifests: entries.length - left.length } }
  })
}

interface Stored {
  readonly path: string
  readonly digest: Digest
  readonly bytes: number
  readonly changedMs: number
}
/** Blobs by their names; what is called otherwise is not ours. */
async function blobsIn(files: Files, folder: string): Promise<readonly Stored[]> {
  if ((await files.kind(folder))?.is !== "folder") return []
  const found: Stored[] = []
  for (const name of await files.list(folder)) {
    const digest = parseDigest(`sha256:${name}`)
    const path = join(folder, name)
    if (digest === undefined) continue
    const there = await files.kind(path)
    if (there?.is === "file") found.push({ path, digest, bytes: there.bytes, changedMs: there.changedMs })
  }
  return found
}

/** Moved aside and looked at again: between the look and the removal somebody may have found it there. */
async function takeAway({ files, folder }: Layout, blob: Stored, isYoung: (each: Stored) => boolean): Promise<boolean> {
  const aside = join(folder, INCOMING, `gone-${basename(blob.path)}-${randomBytes(8).toString("hex")}`)
  try {
    await files.rename(blob.path, aside)
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false
    throw error
  }
  const there = await files.kind(aside)
  if (there && isYoung({ ...blob, changedMs: there.changedMs })) {
    await files.rename(aside, blob.path)
    return false
  }
  await files.remove(aside)
  return true
}

/** Unpacked folders of artifacts that are gone. */
async function sweepFolders({ files, folder }: Layout, kept: ReadonlySet<Digest>): Promise<number> {
  const modules = join(folder, MODULES)
  if ((await files.kind(modules))?.is !== "folder") return 0
  const names = new Set([...kept].map(hexOf))
  let bytes = 0
  for (const name of await files.list(modules)) {
    if (names.has(name)) continue
    bytes += await bytesIn(files, join(modules, name))
    await files.remove(join(modules, name))
  }
  return bytes
}
async function bytesIn(files: Files, path: string): Promise<number> {
  const found = await files.kind(path)
  if (found?.is !== "folder") return found?.bytes ?? 0
  let bytes = 0
  for (const name of await files.list(path)) bytes += await bytesIn(files, join(path, name))
  return bytes
}
