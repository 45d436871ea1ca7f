import { randomBytes } from "node:crypto"
import { basename, dirname, join } from "node:path"
import { digest as digestOf } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import type { Manifest, PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { printManifest } from "@open-brains/core/module/text.ts"
import { codeOf, diskFiles, explain, type Files } from "./files.ts"
import { heal, siblingsOf } from "./heal.ts"
import { withLock } from "./lock.ts"
import {
  MANIFEST,
  type ModuleFiles,
  type PartedManifest,
  type ReadWhole,
  readPredictor,
  readWhole,
  sha256,
} from "./whole.ts"

export type { ModuleFiles } from "./whole.ts"

/**
 * Reads a module and checks each part against the digest that its manifest names. Heals first what an interrupted
 * write left behind. Errors: OB150 to OB154, OB156 to OB158, and those of `parseManifest`.
 */
export function readModule(path: string, files: Files = diskFiles): Promise<ModuleFiles> {
  return explain(path, readHealed(path, files, readWhole))
}
/** The same of a predictor: its parts, not what it was taught. Errors: OB801 where another kind of module lies there. */
export const readPredictorModule = (path: string, files: Files = diskFiles): Promise<ModuleFiles<PredictorManifest>> =>
  explain(path, readHealed(path, files, readPredictor))

async function readHealed<M extends PartedManifest>(
  path: string,
  files: Files,
  read: ReadWhole<M>,
): Promise<ModuleFiles<M>> {
  await healIfNeeded(await files.realPath(path), files)
  for (let attempt = 0; ; attempt++) {
    const place = await files.realPath(path)
    const before = await files.kind(place)
    try {
      return await read(place, files, path)
    } catch (error) {
      // Another process may have swapped the folder between two files: then the next attempt reads the new one.
      const after = await files.kind(place)
      const swapped = before?.id !== after?.id || (after === undefined && (await siblingsOf(place, files)).length > 0)
      if (attempt >= 20 || !swapped) throw error
      await new Promise((wake) => setTimeout(wake, 10))
    }
  }
}

/** Who writes a module holds this file. */
export const lockOf = (place: string): string => join(dirname(place), `.${basename(place)}.lock`)

async function healIfNeeded(place: string, files: Files): Promise<void> {
  const isThere = async (): Promise<boolean> => (await files.kind(place)) !== undefined
  for (let attempt = 0; ; attempt++) {
    if ((await siblingsOf(place, files)).length === 0) return
    try {
      await withLock(files, lockOf(place), newToken(), "heal", () => heal(place, files))
      return
    } catch (error) {
      const isBusy = error instanceof Refusal && error.problems[0]?.code === "OB156"
      const isReadOnly = ["EACCES", "EPERM", "EROFS"].includes(codeOf(error) ?? "")
      // A writer at work, or a disk that can only be read, does not keep anybody from reading what is there.
      if ((isBusy || isReadOnly) && (await isThere())) return
      if (!isBusy || attempt >= 100) throw error
      await new Promise((wake) => setTimeout(wake, 20)) // it is between its two renames, or writes the first time
    }
  }
}
const newToken = (): string => randomBytes(8).toString("hex")

export interface Written<M extends PartedManifest = Manifest> extends ModuleFiles<M> {
  /** Files of the person's own that had the name of a part, and the names under which they are kept. */
  readonly kept: readonly string[]
}
/** A module that is not written yet: the digests of its parts come with their bytes. */
export interface Draft<M extends PartedManifest = Manifest> {
  readonly manifest: Omit<M, "parts">
  readonly parts: Readonly<Record<string, Uint8Array>>
}

/**
 * Writes a module so that at every moment the old one or the new one is whole, whatever happens in between. Files of
 * the old folder that are no parts of it stay; an altered part stays under another name. Errors: OB155, OB156, OB157,
 * and those of `printManifest`.
 */
export function writeModule<M extends PartedManifest = Manifest>(
  path: string,
  manifest: Omit<M, "parts">,
  parts: Readonly<Record<string, Uint8Array>>,
  files: Files = diskFiles,
): Promise<Written<M>> {
  printManifest(withParts<M>(manifest, parts))
  return explain(
    path,
    writeLocked<M>(path, async () => ({ manifest, parts }), files),
  )
}

/**
 * Writes a module made of what lies there: nobody else writes between the reading and the writing, and a writer at work is
 * waited for. Errors: those of `writeModule`, of what `make` asks for, and OB156 after a wait of `WAIT_MS`.
 */
export function rewriteModule(
  path: string,
  make: (read: () => Promise<ModuleFiles>) => Promise<Draft>,
  files: Files = diskFiles,
): Promise<Written> {
  return explain(path, writeWaiting(path, make, files))
}
const WAIT_MS = 30_000

async function writeWaiting(
  path: string,
  make: (read: () => Promise<ModuleFiles>) => Promise<Draft>,
  files: Files,
): Promise<Written> {
  for (const start = performance.now(); ; ) {
    try {
      return await writeLocked(path, (place) => make(() => readWhole(place, files, path)), files)
    } catch (error) {
      const isBusy = error instanceof Refusal && error.problems[0]?.code === "OB156"
      if (!isBusy || performance.now() - start > WAIT_MS) throw error
      await new Promise((wake) => setTimeout(wake, 20))
    }
  }
}

const digestsOf = (parts: Draft["parts"]): Manifest["parts"] =>
  Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, sha256(bytes)]))

const withParts = <M extends PartedManifest>(manifest: Omit<M, "parts">, parts: Draft["parts"]): M =>
  ({ ...manifest, parts: digestsOf(parts) }) as M // all of it but the parts, which are here

/** `make` is called once the lock is held and what was interrupted is healed. */
async function writeLocked<M extends PartedManifest = Manifest>(
  path: string,
  make: (place: string) => Promise<Draft<M>>,
  files: Files,
): Promise<Written<M>> {
  const place = await files.realPath(path) // a link to a module stays a link
  const parent = dirname(place)
  const token = newToken()
  return withLock(files, lockOf(place), token, "write", async () => {
    await heal(place, files)
    await refuseDocuments(place, files, path)
    const draft = await make(place)
    const manifest = withParts<M>(draft.manifest, draft.parts)
    const text = printManifest(manifest)
    const fresh = join(parent, `.${basename(place)}.new-${token}`)
    try {
      await files.makeFolder(fresh)
      for (const [name, bytes] of Object.entries(draft.parts)) await files.write(join(fresh, name), bytes)
      await files.write(join(fresh, MANIFEST), new TextEncoder().encode(text)) // last: with it the folder is a module
      await files.settle(fresh)
      await files.settle(parent)
    } catch (error) {
      await files.remove(fresh).catch(() => undefined) // half a module is no use, least of all on a full disk
      throw error
    }
    // From here on `heal` completes what is interrupted, and does the rest of the work when nothing is.
    if ((await files.kind(place)) !== undefined)
      await files.rename(place, join(parent, `.${basename(place)}.old-${token}`))
    await files.rename(fresh, place)
    await files.settle(parent)
    return { path, manifest, digest: digestOf(text), parts: draft.parts, kept: await heal(place, files) }
  })
}

export async function refuseDocuments(place: string, files: Files, shown: string): Promise<void> {
  const found = await files.kind(place)
  if (found === undefined) return
  const names = found.is === "folder" ? await files.list(place) : []
  if (found.is === "folder" && (names.length === 0 || names.includes(MANIFEST))) return
  refuse({
    code: "OB155",
    seen: `${shown} is there and is no module${names.length > 0 ? `: it holds ${names.slice(0, 3).join(", ")}` : ""}. It is left as it is.`,
    hint: "Choose another name for the module, or move away what is there.",
  })
}
