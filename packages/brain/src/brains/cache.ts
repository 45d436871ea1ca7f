import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { type Composition, FORMAT } from "@open-brains/core/composition/composition.ts"
import { mineFolder } from "../store/mine.ts"
import type { Gathered } from "./gather.ts"

/**
 * Checked brains, by the digests of all files that they were read from: an index for each path, and the composition in a file
 * whose name is its digest. What is damaged, or no longer so, counts as absent; nothing here is needed.
 */
export const brainCache = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "open-brains", "brains")

interface Index {
  readonly format: number
  readonly files: readonly (readonly [path: string, sha256: string])[]
  /** Places where nothing was found. */
  readonly missing: readonly string[]
  readonly composition: string
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex")
/** Paths in a composition are as they are from where one stands. */
const indexOf = (main: string): string =>
  join(brainCache(), `${sha256(`${process.cwd()}\n${main}\n${mineFolder()}`)}.index.json`)
const bodyOf = (digest: string): string => join(brainCache(), `${digest}.json`)

/** The composition of a brain whose files are all as they were when it was checked. */
export function cachedComposition(main: string): Composition | undefined {
  try {
    const index = JSON.parse(readFileSync(indexOf(main), "utf8")) as Index
    if (index.format !== FORMAT) return undefined
    for (const [path, digest] of index.files) if (sha256(readFileSync(path)) !== digest) return undefined
    if (index.missing.some((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)) return undefined
    const body = readFileSync(bodyOf(index.composition))
    return sha256(body) === index.composition ? (JSON.parse(body.toString("utf8")) as Composition) : undefined
  } catch {
    return undefined
  }
}

/** Keeps a composition for the next time. A disk that takes none is no reason to fail. */
export function keepComposition({ main, texts, code, missing, tables }: Gathered, composition: Composition): void {
  try {
    const folder = brainCache()
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const body = JSON.stringify(composition)
    const digest = sha256(body)
    const index: Index = {
      format: FORMAT,
      files: [
        ...[...texts].map(([path, text]) => [resolve(path), sha256(text)] as const),
        ...[...code, ...tables].map(([path, digest]) => [resolve(path), digest.replace("sha256:", "")] as const),
      ],
      missing: missing.map((path) => resolve(path)),
      composition: digest,
    }
    writeBeside(bodyOf(digest), body)
    writeBeside(indexOf(main), JSON.stringify(index))
    makeRoom(folder)
  } catch {}
}

function writeBeside(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.new`
  writeFileSync(fresh, text, { mode: 0o600 })
  renameSync(fresh, path)
}

const BYTES_MAX = 64 * 2 ** 20
function makeRoom(folder: string): void {
  const entries = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats ? [{ path, bytes: stats.size, ms: stats.mtimeMs }] : []
  })
  let bytes = 0
  for (const entry of entries.toSorted((a, b) => b.ms - a.ms)) {
    bytes += entry.bytes
    if (bytes > BYTES_MAX) rmSync(entry.path, { force: true })
  }
}
