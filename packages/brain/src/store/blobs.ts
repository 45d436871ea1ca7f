import { createHash, randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { ARTIFACT_LIMITS } from "@open-brains/core/commons/artifact.ts"
import { applyDelta, DELTA_LIMITS, type Delta, deltaPath, HEADER, parseDelta } from "./delta.ts"
import { codeOf, type Files } from "./files.ts"
import { sha256 } from "./whole.ts"

/** The blobs of an OCI image layout: `blobs/sha256/HEX`, each checked against its name whenever it is read. */
export interface Blobs {
  /** Errors: OB712 when it is not there, OB713 when it has not this size, is larger than `bytesMax`, or was altered. */
  read(digest: Digest, { size, bytesMax }: { readonly size?: number; readonly bytesMax: number }): Promise<Uint8Array>
  /** One that is there becomes young, so that nobody collects it. */
  has(digest: Digest): Promise<boolean>
  /** The same, and its bytes are those of the digest: what is damaged is not there, so that a push mends it. */
  isSound(digest: Digest): Promise<boolean>
  /** On the disk when it resolves. An altered one is written anew. Errors: OB713 when `bytes` are not those of the digest. */
  put(digest: Digest, bytes: Uint8Array): Promise<void>
  remove(digest: Digest): Promise<boolean>
  /** How it is kept, where it is kept as what it differs in from another one. Errors: OB713. */
  delta(digest: Digest): Promise<Delta | undefined>
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
  interface Bounds {
    readonly size?: number
    readonly bytesMax: number
  }
  /** Bytes of a file, within bounds and not checked; nothing where there is none. */
  async function raw(path: string, digest: Digest, { size, bytesMax }: Bounds): Promise<Uint8Array | undefined> {
    const found = await files.kind(path)
    if (found === undefined) return undefined
    if (found.is !== "file" || (size !== undefined && found.bytes !== size)) return altered(folder, digest)
    if (found.bytes > bytesMax) return tooLarge(folder, digest, found.bytes, bytesMax)
    // Some files that say they are empty never end.
    return found.bytes === 0 ? new Uint8Array() : ifThere(files.read(path))
  }
  async function delta(digest: Digest, bytesMax: number): Promise<Delta | undefined> {
    const bytes = await raw(deltaPath(folder, digest), digest, { bytesMax: bytesMax + HEADER })
    return bytes && (parseDelta(bytes) ?? altered(folder, digest))
  }
  async function read(digest: Digest, { size, bytesMax }: Bounds, depthMax: number = DELTA_LIMITS.depth) {
    const check = (bytes: Uint8Array | undefined): Uint8Array =>
      bytes !== undefined && sha256(bytes) === digest ? bytes : altered(folder, digest)
    const whole = await raw(blobPath(folder, digest), digest, size === undefined ? { bytesMax } : { size, bytesMax })
    if (whole) return check(whole)
    const found = await delta(digest, bytesMax)
    // Where a delta became a blob in between, it is there now.
    if (found === undefined)
      return check((await raw(blobPath(folder, digest), digest, { bytesMax })) ?? notThere(folder, digest))
    if (found.size > bytesMax) tooLarge(folder, digest, found.size, bytesMax)
    if ((size !== undefined && found.size !== size) || found.depth > depthMax) altered(folder, digest)
    // Each on the way is less deep, so that there is an end.
    const base: Uint8Array = await read(found.base, { bytesMax: DELTA_LIMITS.sizeMax }, found.depth - 1)
    return check(applyDelta(found, base))
  }
  const placesOf = (digest: Digest): readonly string[] => [blobPath(folder, digest), deltaPath(folder, digest)]
  async function has(digest: Digest): Promise<boolean> {
    for (const path of placesOf(digest)) {
      if ((await files.kind(path))?.is !== "file") continue
      await files.touch(path).catch(() => undefined) // on a disk that can only be read nobody collects either
      if ((await files.kind(path)) !== undefined) return true
    }
    return false
  }
  return {
    read: (digest, bounds) => read(digest, bounds),
    delta: (digest) => delta(digest, DELTA_LIMITS.sizeMax),
    isSound: async (digest) => (await isThere(digest)) && (await has(digest)),
    has,
    async put(digest, bytes) {
      if (sha256(bytes) !== digest) altered(folder, digest)
      for (const path of placesOf(digest))
        if ((await files.kind(path)) !== undefined && (await isThere(digest, bytes.length)))
          try {
            return await files.touch(path)
          } catch {
            // it was collected meanwhile, or is somebody else's
          }
      await makeFolders(files, folder, join(folder, BLOBS))
      await writeInto(files, folder, blobPath(folder, digest), bytes)
    },
    async remove(digest) {
      let isGone = false
      for (const path of placesOf(digest))
        if ((await files.kind(path)) !== undefined) {
          await files.remove(path)
          isGone = true
        }
      return isGone
    },
  }
  async function isThere(digest: Digest, size?: number): Promise<boolean> {
    try {
      await read(digest, size === undefined ? { bytesMax: ARTIFACT_LIMITS.fileBytes } : { size, bytesMax: size })
      return true
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
  }
}

async function ifThere(bytes: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await bytes
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
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
