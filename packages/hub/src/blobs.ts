import { randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { type BlobCrew, type BlobWorkerData, openBlobCrew } from "./blob_crew.ts"
import { digestBytes } from "./hash.ts"

/** Bytes on the disk: an OCI image layout's blobs, and what is still being sent. */
export interface Blobs {
  path(digest: Digest): string
  has(digest: Digest): boolean
  read(digest: Digest): Promise<Uint8Array>
  begin(repository: string, now: number): Upload
  upload(repository: string, id: string): Upload | undefined
  /** How many are under way. */
  readonly uploads: number
  /** Adds what comes to an upload, and may take its buffers away. Past `most` bytes it throws what `isTooLarge` knows, and it is over. */
  receive(upload: Upload, bytes: AsyncIterable<Uint8Array>, most: number, now: () => number): Promise<void>
  /** Until the next part comes it holds no memory to speak of. */
  pause(upload: Upload): Promise<void>
  /**
   * Nothing more comes to it: the digest that it has. Where it is the one that is wanted, its file lies under it, file and folder on
   * the disk; or, of at most `SMALL_BYTES`, the bytes come back. Where it is another one nothing of it is left.
   */
  settle(upload: Upload, wanted: Digest): Promise<{ readonly found: Digest; readonly small?: Uint8Array }>
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
  /** What was not sent to a thread yet. */
  waiting: Uint8Array[]
  waitingBytes: number
  /** A thread has the first of it. */
  isAway: boolean
  size: number
  touchedAt: number
  isBusy: boolean
  /** It was settled or given up. */
  isOver: boolean
}
const OVER = new Error("the upload was given up")
const TOO_LARGE = new Error("more bytes than are taken")
export const isTooLarge = (error: unknown): boolean => error === TOO_LARGE

/** So few bytes are a row of the database: a card costs no file, and no sync of its own. */
export const SMALL_BYTES = 2 ** 14
/** Gathered before they are sent on: a message for each packet would cost more than the disk. So many are under way of each upload. */
const WAITING_MAX = 2 ** 21

export function openBlobs(root: string, openCrew: (data: BlobWorkerData) => BlobCrew = openBlobCrew): Blobs {
  const folder = join(root, "blobs", "sha256")
  const beside = join(root, "uploads")
  mkdirSync(folder, { recursive: true })
  mkdirSync(beside, { recursive: true })
  writeFileSync(join(root, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
  for (const name of readdirSync(beside)) rmSync(join(beside, name)) // of a hub that is no more
  const uploads = new Map<string, Upload>()
  const held = new Map<Digest, number>()
  const path = (digest: Digest): string => join(folder, digest.slice("sha256:".length))
  const crew = openCrew({ folder, beside })

  const taken = (upload: Upload): Uint8Array[] => {
    const { waiting } = upload
    Object.assign(upload, { waiting: [], waitingBytes: 0 })
    return waiting
  }
  async function spill(upload: Upload): Promise<void> {
    if (upload.isOver) throw OVER
    upload.isAway = true
    await crew.append(upload.id, taken(upload))
  }
  async function cancel(upload: Upload): Promise<void> {
    uploads.delete(upload.id)
    Object.assign(upload, { waiting: [], waitingBytes: 0, isOver: true })
    if (upload.isAway) await crew.cancel(upload.id)
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
        ...{ id, repository, waiting: [], waitingBytes: 0, isAway: false },
        ...{ size: 0, touchedAt: now, isBusy: false, isOver: false },
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
          if (upload.isOver) throw OVER
          if (upload.size + chunk.length > most) throw TOO_LARGE
          upload.waiting.push(chunk)
          upload.waitingBytes += chunk.length
          upload.size += chunk.length
          if (upload.waitingBytes >= WAITING_MAX) await spill(upload)
        }
      } catch (error) {
        await cancel(upload)
        throw error
      } finally {
        upload.isBusy = false
      }
    },
    async pause(upload) {
      if (upload.waitingBytes > SMALL_BYTES) await spill(upload)
    },
    async settle(upload, wanted) {
      if (upload.isOver) throw OVER
      uploads.delete(upload.id)
      upload.isOver = true
      const chunks = taken(upload)
      if (!upload.isAway && upload.size <= SMALL_BYTES) {
        const small = Buffer.concat(chunks)
        return { found: digestBytes(small), small }
      }
      upload.isAway = true
      return { found: digestIn(await crew.settle(upload.id, chunks, wanted.slice("sha256:".length))) }
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
      await crew.close()
    },
  }
}
const digestIn = (hex: string): Digest => parseDigest(`sha256:${hex}`)!
