import { type FileHandle, open } from "node:fs/promises"

export interface Syncs {
  /** What was written to a file, or what a folder lists, is on the disk when it resolves. */
  sync(path: string): Promise<void>
  /** Of a file alone, and without when it was changed, which would cost a commit of the file system: fdatasync(2). */
  syncData(path: string): Promise<void>
  close(): Promise<void>
}
/** Handles stay open: to open one takes longer than to find that there is nothing to sync. */
export function openSyncs(): Syncs {
  const handles = new Map<string, Promise<FileHandle>>()
  const handleOf = (path: string): Promise<FileHandle> => {
    const handle = handles.get(path) ?? open(path, "r")
    handles.set(path, handle)
    return handle
  }
  return {
    sync: async (path) => (await handleOf(path)).sync(),
    syncData: async (path) => (await handleOf(path)).datasync(),
    async close() {
      for (const handle of handles.values()) await (await handle).close()
      handles.clear()
    },
  }
}

/**
 * One run of `work` at a time, shared by all who wait: each call is answered by a run that began after it. Once a run failed all
 * later ones do: a disk that could not keep something does not say so twice (fsync(2) reports a lost page once).
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  async function run(): Promise<void> {
    if (failure !== undefined) throw failure.error
    try {
      await work()
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  const begin = (): Promise<void> => {
    const mine = run().finally(() => {
      if (running === mine) running = undefined
    })
    running = mine
    return mine
  }
  return () => {
    if (running === undefined && next === undefined) return begin()
    next ??= (running ?? Promise.resolve())
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }
}
