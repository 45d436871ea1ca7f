import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs"
import { homedir, platform } from "node:os"
import { join } from "node:path"

/**
 * Compiled libraries, each in one file `KEY-SHA256.so`: a file whose content is not what its name says counts as absent.
 * Files are written beside and renamed, so that processes may share the folder.
 */
export const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "open-brains", "native")

/** Made for this user alone: what lies here is run. Errors: an Error that says why the folder cannot be used. */
export function openCache(): string {
  const folder = cacheFolder()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(folder)
  const own = process.getuid?.()
  if (own !== undefined && (uid !== own || (mode & 0o022) !== 0))
    throw new Error(`${folder} can be written by others; what lies there is run, so it is not used`)
  return folder
}

const EXTENSION = platform() === "win32" ? "dll" : platform() === "darwin" ? "dylib" : "so"
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** The library of a key if it is there and whole; a damaged one is removed. */
export function findLibrary(key: string): string | undefined {
  const folder = openCache()
  for (const name of readdirSync(folder).filter((each) => each.startsWith(`${key}-`))) {
    const path = join(folder, name)
    try {
      const isWhole = name === `${key}-${sha256(readFileSync(path))}.${EXTENSION}`
      if (!isWhole) rmSync(path, { force: true })
      else {
        utimesSync(path, new Date(), new Date()) // the oldest goes first
        return path
      }
    } catch {} // another process was faster to remove it
  }
  return undefined
}

/** Takes a finished library in, and makes room. */
export function keepLibrary(key: string, made: string): string {
  const folder = openCache()
  const path = join(folder, `${key}-${sha256(readFileSync(made))}.${EXTENSION}`)
  renameSync(made, path)
  makeRoom(folder, path)
  return path
}

export const CACHE_BYTES_MAX = 64 * 2 ** 20
const LEFTOVER_MS = 3_600_000 // what a killed process left behind

function makeRoom(folder: string, kept: string): void {
  const entries = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats ? [{ path, bytes: stats.size, ms: stats.mtimeMs, isJob: stats.isDirectory() }] : []
  })
  let bytes = 0
  for (const { path, ms, isJob, ...entry } of entries.toSorted((a, b) => b.ms - a.ms)) {
    if (!isJob) bytes += entry.bytes
    const isOld = isJob ? Date.now() - ms > LEFTOVER_MS : bytes > CACHE_BYTES_MAX
    if (isOld && path !== kept) rmSync(path, { recursive: true, force: true })
  }
}
