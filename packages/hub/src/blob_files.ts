import { createHash, type Hash as Hashing } from "node:crypto"
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writevSync } from "node:fs"
import { join } from "node:path"

/**
 * The files of blobs that are being sent, written by calls that wait for the disk: of a thread that has nothing else to do. Each call
 * throws what the disk says; the upload is over then, and nothing of it lies there.
 */
export interface BlobFiles {
  /** Adds to the file `id` of what is being sent. */
  append(id: string, chunks: readonly Uint8Array[]): void
  /**
   * The last of it. With the digest that is wanted (64 hexadecimal digits) it lies under its name when this returns, file and folder
   * on the disk; with another one nothing lies anywhere. The digest that it has.
   */
  settle(id: string, chunks: readonly Uint8Array[], wanted: string): string
  cancel(id: string): void
  close(): void
}
/** What of a disk is needed: node:fs, but for tests. */
export interface Calls {
  open(path: string, flags: "r" | "wx"): number
  write(file: number, chunks: readonly Uint8Array[], at: number): number
  sync(file: number): void
  close(file: number): void
  rename(from: string, to: string): void
  exists(path: string): boolean
  remove(path: string): void
}
export const CALLS: Calls = {
  open: openSync,
  write: writevSync,
  sync: fsyncSync,
  close: closeSync,
  rename: renameSync,
  exists: existsSync,
  remove: (path) => rmSync(path, { force: true }),
}
/** Thrown with what the disk said as its cause: no later sync of the folder proves anything. */
export const FOLDER_FAILED = "the folder of blobs could not be brought to the disk"

interface Writing {
  readonly hashing: Hashing
  file: number | undefined
  size: number
}

/** `folder` is where blobs lie by their digests, `beside` where they lie until they are whole: on one file system. */
export function openBlobFiles(folder: string, beside: string, calls: Calls = CALLS): BlobFiles {
  const all = new Map<string, Writing>()
  const names = calls.open(folder, "r")
  let failure: Error | undefined

  function hash(id: string, chunks: readonly Uint8Array[]): Writing {
    const writing = all.get(id) ?? { hashing: createHash("sha256"), file: undefined, size: 0 }
    all.set(id, writing)
    for (const chunk of chunks) writing.hashing.update(chunk)
    return writing
  }
  function write(id: string, writing: Writing, chunks: readonly Uint8Array[]): number {
    writing.file ??= calls.open(join(beside, id), "wx")
    for (let rest = chunks; rest.length > 0; ) {
      const count = calls.write(writing.file, rest, writing.size)
      writing.size += count
      rest = after(rest, count)
    }
    return writing.file
  }
  function cancel(id: string): void {
    const writing = all.get(id)
    all.delete(id)
    if (writing?.file === undefined) return
    try {
      calls.close(writing.file)
    } finally {
      calls.remove(join(beside, id))
    }
  }
  /** Gives what `work` gives; where it throws, nothing of the upload is left. */
  function whole<T>(id: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      cancel(id)
      throw error
    }
  }
  /** Once it failed it fails for ever: fsync(2) reports a lost page once. */
  function syncFolder(): void {
    if (failure !== undefined) throw failure
    try {
      calls.sync(names)
    } catch (error) {
      failure = new Error(FOLDER_FAILED, { cause: error })
      throw failure
    }
  }
  return {
    append: (id, chunks) => whole(id, () => void write(id, hash(id, chunks), chunks)),
    settle: (id, chunks, wanted) =>
      whole(id, () => {
        const writing = hash(id, chunks)
        const found = writing.hashing.digest("hex")
        const path = join(folder, wanted)
        if (found === wanted && !calls.exists(path)) {
          const file = write(id, writing, chunks)
          calls.sync(file)
          calls.rename(join(beside, id), path)
          all.delete(id) // nothing is left to cancel
          calls.close(file)
        } else cancel(id)
        if (found === wanted) syncFolder() // whoever moved it there before may not have done so yet
        return found
      }),
    cancel,
    close() {
      for (const id of [...all.keys()]) cancel(id)
      calls.close(names)
    },
  }
}
/** What is left when so many bytes were written: seldom anything, as on a disk that is full. */
function after(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let rest = count
  const left = chunks.map((chunk) => {
    const part = Math.min(rest, chunk.length)
    rest -= part
    return chunk.subarray(part)
  })
  return left.filter(({ length }) => length > 0)
}
