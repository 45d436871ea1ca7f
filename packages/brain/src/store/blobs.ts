import { createHash, randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Files } from "./files.ts"
import { sha256 } from "./whole.ts"

/** The blobs of an OCI image layout: `blobs/sha256/HEX`, each checked against its name whenever it is read. */
export interface Blobs {
  /** Errors: OB712 when it is not there, OB713 when it has not this size, is larger than `bytesMax`, or was altered. */
  read(digest: Digest, { size, bytesMax }: { readonly size?: number; readonly bytesMax: number }): Promise<Uint8Array>
  /** Bytes of it as they lie there, or nothing. One that is there becomes young, so that nobody collects it. */
  has(digest: Digest): Promise<boolean>
  /** On the disk when it resolves. An altered one is written anew. Errors: OB713 when `bytes` are not those of the digest. */
  put(digest: Digest, bytes: Uint8Array): Promise<void>
  remove(digest: Digest): Promise<boolean>
}

export const BLOBS = join("blobs", "sha256")
/** Where files grow until they are whole; a reader of the layout never looks here. */
export const INCOMING = ".incoming"
const STALE_MS = 24 * 60 * 60 * 1000

export const hexOf = (digest: Digest): string => digest.slice("sha256:".length)
export const blobPath = (folder: string, digest: Digest): string => join(folder, BLOBS, hexOf(digest))

const here = createHash("sha256").update(hostname()).digest("hex").slice(0, 8)

/** Writes a file whole: beside its place, on the disk, renamed. */
export async function writeInto(files: Files, folder: string, path: string, bytes: Uint8Array): Promise<void> {
  const incoming = join(folder, INCOMING)
  await makeFolders(files, folder, incoming)
  const fresh = join(incoming, `${here}-${process.pid}-${randomBytes(8).toString("hex")}`)
  try {
    await files.write(fresh, bytes)
    await files.rename(fresh, path)
  } catch (error) {
    await files.remove(fresh).catch(() => undefined)
    throw error
  }
  await files.settle(join(path, ".."))
}

/** Makes what is missing of the path from `folder` down. */
export async function makeFolders(files: Files, folder: string, path: string): Promise<void> {
  if (path.length < folder.length || (await files.kind(path)) !== undefined) return
  await makeFolders(files, folder, join(path, ".."))
  try {
    await files.makeFolder(path)
  } catch (error) {
    if ((await files.kind(path))?.is !== "folder") throw error
  }
}

/** Removes what processes that were ended left half written. */
export async function sweepIncoming(files: Files, folder: string, nowMs: number): Promise<void> {
  const incoming = join(folder, INCOMING)
  if ((await files.kind(incoming))?.is !== "folder") return
  for (const name of await files.list(incoming)) {
    const path = join(incoming, name)
    const [host, pid] = name.split("-")
    const found = await files.kind(path)
    if (found === undefined) continue
    const isDead = host === here && !isRunning(Number(pid))
    if (isDead || nowMs - found.changedMs > STALE_MS) await files.remove(path)
  }
}
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" // it runs, as another user's
  }
}

export function openBlobs(folder: string, files: Files): Blobs {
  async function read(digest: Digest, { size, bytesMax }: { readonly size?: number; readonly bytesMax: number }) {
    const path = blobPath(folder, digest)
    const found = await files.kind(path)
    if (found === undefined) return notThere(folder, digest)
    if (found.is !== "file" || (size !== undefined && found.bytes !== size)) return altered(folder, digest)
    if (found.bytes > bytesMax) return tooLarge(folder, digest, found.bytes, bytesMax)
    // Some files that say they are empty never end.
    const bytes = found.bytes === 0 ? new Uint8Array() : await files.read(path)
    return sha256(bytes) === digest ? bytes : altered(folder, digest)
  }
  return {
    read,
    async has(digest) {
      const path = blobPath(folder, digest)
      if ((await files.kind(path))?.is !== "file") return false
      await files.touch(path).catch(() => undefined) // on a disk that can only be read nobody collects either
      return (await files.kind(path)) !== undefined
    },
    async put(digest, bytes) {
      if (sha256(bytes) !== digest) altered(folder, digest)
      const path = blobPath(folder, digest)
      const found = await files.kind(path)
      if (found?.is === "file" && found.bytes === bytes.length && sha256(await files.read(path)) === digest)
        try {
          return await files.touch(path)
        } catch {
          // it was collected meanwhile, or is somebody else's
        }
      await makeFolders(files, folder, join(folder, BLOBS))
      await writeInto(files, folder, path, bytes)
    },
    async remove(digest) {
      const path = blobPath(folder, digest)
      if ((await files.kind(path)) === undefined) return false
      await files.remove(path)
      return true
    },
  }
}

const notThere = (folder: string, digest: Digest): never =>
  refuse({
    code: "OB712",
    seen: `${folder} does not have ${digest}.`,
    hint: "Take the module from a place that has it: brain add NAME --from PLACE",
  })
/** Says nothing of what was found: a stranger's layout may lead to files of the person. */
const altered = (folder: string, digest: Digest): never =>
  refuse({
    code: "OB713",
    seen: `${folder}: what lies there as ${digest} has other bytes.`,
    hint: "Take it again from where it came from: what is added or pushed anew replaces it.",
  })
const tooLarge = (folder: string, digest: Digest, bytes: number, bytesMax: number): never =>
  refuse({
    code: "OB713",
    seen: `${folder}: ${digest} has ${bytes} bytes; at most ${bytesMax} are read here.`,
    hint: "Push the module again with `brain push`: it splits nothing into files that large.",
  })
