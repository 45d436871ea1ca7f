import { createHash, type Hash as Hashing, randomUUID } from "node:crypto"
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { type FileHandle, open, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"

/** Bytes on the disk: an OCI image layout's blobs, and what is still being sent. */
export interface Blobs {
  readonly folder: string // of those that are whole
  path(digest: Digest): string
  read(digest: Digest): Promise<Uint8Array>
  begin(repository: string, now: number): Promise<Upload>
  upload(repository: string, id: string): Upload | undefined
  /** How many are under way. */
  readonly uploads: number
  /** Adds what comes to an upload. Past `most` bytes it throws what `isTooLarge` knows, and the upload is over. */
  receive(upload: Upload, bytes: AsyncIterable<Uint8Array>, most: number, now: () => number): Promise<void>
  /** On the disk when it resolves, still beside: its digest. */
  finish(upload: Upload): Promise<Digest>
  /** Moves what was finished to its place; the folder is not on the disk yet. */
  place(upload: Upload, digest: Digest): void
  cancel(upload: Upload): Promise<void>
  /** Ends the uploads of which nothing was heard since. */
  collect(since: number): Promise<number>
  remove(digest: Digest): void
  settle(folder: string): Promise<void>
  close(): Promise<void>
}
export interface Upload {
  readonly id: string
  readonly repository: string
  readonly path: string
  readonly file: FileHandle
  readonly hashing: Hashing
  size: number
  touchedAt: number
  isBusy: boolean
}
const TOO_LARGE = new Error("more bytes than are taken")
export const isTooLarge = (error: unknown): boolean => error === TOO_LARGE

const WRITE_BYTES = 2 ** 21 // gathered before they are written: a call for each packet would cost more than the disk
export function openBlobs(root: string): Blobs {
  const folder = join(root, "blobs", "sha256")
  const beside = join(root, "uploads")
  mkdirSync(folder, { recursive: true })
  mkdirSync(beside, { recursive: true })
  writeFileSync(join(root, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
  for (const name of readdirSync(beside)) rmSync(join(beside, name)) // of a hub that is no more
  const uploads = new Map<string, Upload>()
  const path = (digest: Digest): string => join(folder, digest.slice("sha256:".length))

  const cancel = async (upload: Upload): Promise<void> => {
    uploads.delete(upload.id)
    await upload.file.close().catch(() => undefined)
    await rm(upload.path, { force: true })
  }
  return {
    folder,
    path,
    read: async (digest) => readFile(path(digest)),
    get uploads() {
      return uploads.size
    },
    async begin(repository, now) {
      const id = randomUUID()
      const place = join(beside, id)
      const upload: Upload = {
        id,
        repository,
        path: place,
        file: await open(place, "wx"),
        hashing: createHash("sha256"),
        size: 0,
        touchedAt: now,
        isBusy: false,
      }
      uploads.set(id, upload)
      return upload
    },
    upload(repository, id) {
      const found = uploads.get(id)
      return found?.repository === repository ? found : undefined
    },
    async receive(upload, bytes, most, now) {
      let gathered: Uint8Array[] = []
      let waiting = 0
      const write = async (): Promise<void> => {
        if (gathered.length > 0) await upload.file.writev(gathered, upload.size)
        upload.size += waiting
        gathered = []
        waiting = 0
      }
      upload.isBusy = true
      try {
        for await (const chunk of bytes) {
          upload.touchedAt = now()
          if (upload.size + waiting + chunk.length > most) throw TOO_LARGE
          upload.hashing.update(chunk)
          gathered.push(chunk)
          waiting += chunk.length
          if (waiting >= WRITE_BYTES) await write()
        }
        await write()
      } catch (error) {
        await cancel(upload) // what was hashed and what lies there may differ
        throw error
      } finally {
        upload.isBusy = false
      }
    },
    async finish(upload) {
      uploads.delete(upload.id)
      await upload.file.sync()
      await upload.file.close()
      return parseDigest(`sha256:${upload.hashing.digest("hex")}`)!
    },
    place: (upload, digest) => renameSync(upload.path, path(digest)),
    cancel,
    async collect(since) {
      const old = [...uploads.values()].filter(({ touchedAt }) => touchedAt < since)
      await Promise.all(old.map(cancel))
      return old.length
    },
    remove: (digest) => rmSync(path(digest), { force: true }),
    async settle(which) {
      const opened = await open(which, "r")
      try {
        await opened.sync()
      } finally {
        await opened.close()
      }
    },
    async close() {
      await Promise.all([...uploads.values()].map(cancel))
    },
  }
}
