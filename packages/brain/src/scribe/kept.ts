import { randomBytes } from "node:crypto"
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { hexOf } from "../store/blobs.ts"

/** The folder of states that a scribe of one's own remembers, beside its parts. Nothing there is needed: it reads again. */
export const STATE = "state"
/** After so many lessons. */
export const keptState = (folder: string, lessons: number): string => join(folder, STATE, `${lessons}.packed`)
const isKept = /^(\d+)\.packed$/

/** Where a scribe that is not one's own, or has no lessons, is remembered: by its state's name. */
export const cachedState = (of: Digest): string => join(stateCache(), `${hexOf(of)}.packed`)
const stateCache = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "open-brains", "scribes")

/** Keeps a state for the next time. A disk that takes none is no reason to fail. */
export async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = join(dirname(path), `.new-${randomBytes(8).toString("hex")}`)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(fresh, bytes, { flag: "wx", mode: 0o600 })
    await rename(fresh, path)
  } catch {
    await rm(fresh, { force: true }).catch(() => undefined)
  }
}

/** Leaves the states after `lessons` and after one fewer. */
export async function forgetOthers(folder: string, lessons: number): Promise<void> {
  for (const name of await readdir(join(folder, STATE)).catch(() => [])) {
    const after = Number(isKept.exec(name)?.[1] ?? (name.startsWith(".new-") ? -1 : lessons))
    if (after !== lessons && after !== lessons - 1) await rm(join(folder, STATE, name), { force: true })
  }
}

const CACHE_MAX = 2 ** 28
/** Room for what is new: the oldest go. */
export async function makeRoom(): Promise<void> {
  const folder = stateCache()
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      stats: await stat(join(folder, name)).catch(() => undefined),
    })),
  )
  let bytes = 0
  for (const { path, stats } of found.sort((a, b) => (b.stats?.mtimeMs ?? 0) - (a.stats?.mtimeMs ?? 0))) {
    bytes += stats?.size ?? 0
    if (bytes > CACHE_MAX) await rm(path, { force: true }).catch(() => undefined)
  }
}
