import { existsSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { writeFileWhole } from "../store/file.ts"
import { MANIFEST } from "../store/whole.ts"
import { readText } from "./sources.ts"

/** What each `use` of a brain led to when it was locked; paths are as seen from the folder of the lock. */
export interface Lock {
  readonly path: string
  digestOf(file: string, source: string): Digest | undefined
}
export interface LockedUse {
  readonly file: string
  readonly source: string
  readonly digest: Digest
}

/** Beside `NAME.brain` lies `NAME.lock`, in the folder of a brain `brain.lock`. */
export const lockPathOf = (main: string): string =>
  basename(main) === MANIFEST ? join(dirname(main), "brain.lock") : main.replace(/\.brain$/, ".lock")

const FORMAT = 1
const keyOf = (file: string, source: string): string => `${file}\n${source}`
const seenFrom = (path: string, file: string): string =>
  relative(dirname(resolve(path)), resolve(file)).replaceAll("\\", "/")

/** The lock of a brain, if it has one. Errors: OB633 when it is damaged. */
export function readLock(main: string): Lock | undefined {
  const path = lockPathOf(main)
  const source = existsSync(path) ? readText(path) : undefined
  if (source === undefined) return undefined
  const locked = new Map<string, Digest>()
  for (const each of usesIn(source) ?? damaged(path)) locked.set(keyOf(each.file, each.source), each.digest)
  return { path, digestOf: (file, use) => locked.get(keyOf(seenFrom(path, file), use)) }
}

function usesIn(source: string): readonly LockedUse[] | undefined {
  let json: unknown
  try {
    json = JSON.parse(source)
  } catch {
    return undefined
  }
  const { lock, uses } = (json ?? {}) as { readonly lock?: unknown; readonly uses?: unknown }
  if (lock !== FORMAT || !Array.isArray(uses)) return undefined
  const found = uses.map((each: Partial<Record<keyof LockedUse, unknown>> | null) => {
    const { file, source: use, digest } = each ?? {}
    const parsed = typeof digest === "string" ? parseDigest(digest) : undefined
    return typeof file === "string" && typeof use === "string" && parsed
      ? { file, source: use, digest: parsed }
      : undefined
  })
  return found.every((each) => each !== undefined) ? found : undefined
}
const damaged = (path: string): never =>
  refuse({
    code: "OB633",
    seen: `${path} is no lock that this version reads.`,
    hint: "Take it from a copy, or delete it and lock again: brain lock BRAIN",
  })

/** The text of a lock whose brain has another name. Errors: OB633. */
export function movedLock(source: string, from: string, to: string): string {
  const uses = (usesIn(source) ?? damaged(from)).map((use) => (use.file === from ? { ...use, file: to } : use))
  return printLock(uses)
}
const printLock = (uses: readonly LockedUse[]): string => {
  const lines = uses.map(({ file, source, digest }) => canonicalJson({ file, source, digest })).sort()
  return `{"lock":${FORMAT},"uses":[\n${lines.join(",\n")}\n]}\n`
}

/**
 * Names another artifact for a source, wherever the lock of a brain named that one; nothing else in it changes. Whether it did: somebody
 * may have locked the brain anew meanwhile. Errors: OB633.
 */
export async function moveLock(main: string, source: string, from: Digest, to: Digest): Promise<boolean> {
  const path = lockPathOf(main)
  const uses = existsSync(path) ? (usesIn(readText(path)) ?? damaged(path)) : []
  const isMeant = (use: LockedUse): boolean => use.source === source && use.digest === from
  if (!uses.some(isMeant)) return false
  await writeFileWhole(path, printLock(uses.map((use) => (isMeant(use) ? { ...use, digest: to } : use))))
  return true
}

/** Writes the lock of a brain: one use a line, so that a change of one is a line in a diff. */
export async function writeLock(main: string, uses: readonly LockedUse[]): Promise<string> {
  const path = lockPathOf(main)
  await writeFileWhole(path, printLock(uses.map((use) => ({ ...use, file: seenFrom(path, use.file) }))))
  return path
}
