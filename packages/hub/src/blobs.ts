import { createHash, type Hash as Hashing, randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { type FileHandle, open, readFile, rename, unlink } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { coalesced, openSyncs } from "./syncs.ts"

/** Bytes on the disk: an OCI image layout's blobs, and what is still being sent. */
export interface Blobs {
  path(digest: Digest): string
  has(digest: Digest): boolean
  read(digest: Digest): Promise<Uint8Array>
  begin(repository: string, now: number): Upload
  upload(repository: string, id: string): Upload | undefined
  /** How many are under way. */
  readonly uploads: number
  /** Adds what comes to an upload. Past `most` bytes it throws what `isTooLarge` knows, and the upload is over. */
  receive(upload: Upload, bytes: AsyncIterable<Uint8Array>, most: number, now: () => number): Promise<void>
  /** Until the next part comes it holds no memory to speak of. */
  pause(upload: Upload): Promise<void>
  /** Nothing more comes to it: its digest, and its bytes where they are at most `SMALL_BYTES`. */
  finish(upload: Upload): Promise<{ readonly digest: Digest; readonly small: Uint8Array | undefined }>
  /** The file under its digest, it and the folder on the disk when it resolves. */
  place(upload: Upload, digest: Digest): Promise<void>
  cancel(upload: Upload): Promise<void>
  /** Ends the uploads of which nothing was heard since. */
  collect(since: number): Promise<number>
  /** From here to the call of what it gives, `remove` leaves the file alone: somebody is about to name it. */
  hold(digest: Digest): () => void
  remove(digest: Digest): void
  close(): Promise<void>
}
export interface Upload {
  readonly id: string
  readonly repository: string
  readonly path: string
  /** What is in no file yet. */
  waiting: Uint8Array[]
  waitingBytes: number
  file: FileHandle | undefined
  readonly hashing: Hashing
  size: number
  touchedAt: number
  isBusy: boolean
}
const TOO_LARGE = new Error("more bytes than are taken")
export const isTooLarge = (error: unknown): boolean => error === TOO_LARGE

/** So few bytes are a row of the database: a card costs no file, and no sync of its own. */
export const SMALL_BYTES = 2 ** 14
/** Gathered before they are written: a call for each packet would cost more than the disk. */
const WAITING_MAX = 2 ** 21

export function openBlobs(root: string): Blobs {
  const folder = join(root, "blobs", "sha256")
  const beside = join(root, "uploads")
  mkdirSync(folder, { recursive: true })
  mkdirSync(beside, { recursive: true })
  writeFileSync(join(root, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
  for (const name of readdirSync(beside)) rmSync(join(beside, name)) // of a hub that is no more
  const uploads = new Map<string, Upload>()
  const held = new Map<Digest, number>()
  const path = (digest: Digest): string => join(folder, digest.slice("sha256:".length))
  const syncs = openSyncs()
  const syncFolder = coalesced(() => syncs.sync(folder))

  async function write(upload: Upload): Promise<FileHandle> {
    const { waiting, waitingBytes } = upload
    upload.file ??= await open(upload.path, "wx")
    if (waitingBytes > 0) await upload.file.writev(waiting, upload.size - waitingBytes)
    Object.assign(upload, { waiting: [], waitingBytes: 0 })
    return upload.file
  }
  async function spill(upload: Upload): Promise<void> {
    await write(upload)
  }
  async function cancel(upload: Upload): Promise<void> {
    uploads.delete(upload.id)
    const { file } = upload
    Object.assign(upload, { waiting: [], waitingBytes: 0, file: undefined })
    if (file === undefined) return
    await file.close().catch(() => undefined)
    await unlink(upload.path).catch(() => undefined)
  }
  return {
    path,
    has: (digest) => existsSync(path(digest)),
    read: async (digest) => readFile(path(digest)),
    get uploads() {
      return uploads.size
    },
    begin(repository, now) {
      const id = randomUUID()
      const upload: Upload = {
        ...{ id, repository, path: join(beside, id) },
        ...{
          waiting: [],
          waitingBytes: 0,
          file: undefined,
          hashing: createHash("sha256"),
          size: 0,
          touchedAt: now,
          isBusy: false,
        },
      }
      uploads.set(id, upload)
      return upload
    },
    upload(repository, id) {
      const found = uploads.get(id)
      return found?.repository === repository ? found : undefined
    },
    async receive(upload, bytes, most, now) {
      upload.isBusy = true
      try {
        for await (const chunk of bytes) {
          upload.touchedAt = now()
          if (upload.size + chunk.length > most) throw TOO_LARGE
          upload.hashing.update(chunk)
          upload.waiting.push(chunk)
          upload.waitingBytes += chunk.length
          upload.size += chunk.length
          if (upload.waitingBytes >= WAITING_MAX) await spill(upload)
        }
      } catch (error) {
        await cancel(upload) // what was hashed and what lies there may differ
        throw error
      } finally {
        upload.isBusy = false
      }
    },
    async pause(upload) {
      if (upload.waitingBytes > SMALL_BYTES) await spill(upload)
    },
    async finish(upload) {
      uploads.delete(upload.id)
      const digest = digestIn(upload.hashing.digest("hex"))
      const isSmall = upload.size <= SMALL_BYTES && upload.file === undefined
      return { digest, small: isSmall ? Buffer.concat(upload.waiting) : undefined }
    },
    async place(upload, digest) {
      if (existsSync(path(digest))) return syncFolder() // whoever moved it there may not have done so yet
      const file = await write(upload)
      await file.sync()
      await file.close()
      await rename(upload.path, path(digest))
      upload.file = undefined // nothing is left to cancel
      await syncFolder()
    },
    cancel,
    async collect(since) {
      const old = [...uploads.values()].filter(({ touchedAt }) => touchedAt < since)
      await Promise.all(old.map(cancel))
      return old.length
    },
    hold(digest) {
      held.set(digest, (held.get(digest) ?? 0) + 1)
      return () => {
        const count = held.get(digest)! - 1
        if (count > 0) held.set(digest, count)
        else held.delete(digest)
      }
    },
    remove(digest) {
      if (!held.has(digest)) rmSync(path(digest), { force: true })
    },
    async close() {
      await Promise.all([...uploads.values()].map(cancel))
      await syncs.close()
    },
  }
}
const digestIn = (hex: string): Digest => parseDigest(`sha256:${hex}`)!
