import { rm } from "node:fs/promises"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Transferable, Worker } from "node:worker_threads"

/** Threads that hash and write what is large, so that the one that answers requests does neither: BlobFiles, by messages. */
export interface BlobCrew {
  /** Resolves when it was written, so that whoever waits for that has no more than this under way. It takes the chunks away. */
  append(id: string, chunks: readonly Uint8Array[]): Promise<void>
  /** The digest that it has, in hexadecimal digits: where it is the one that is wanted the file is in its place, on the disk. */
  settle(id: string, chunks: readonly Uint8Array[], wanted: string): Promise<string>
  cancel(id: string): Promise<void>
  /** When what is under way is done. */
  close(): Promise<void>
}
export interface BlobWorkerData {
  readonly folder: string
  readonly beside: string
}
type Call =
  | { readonly kind: "append"; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: "settle"; readonly chunks: readonly Uint8Array[]; readonly wanted: string }
  | { readonly kind: "cancel" }
export type Order = { readonly number: number; readonly id: string } & Call
export type Answer =
  | { readonly number: number; readonly kind: "done"; readonly found: string }
  /** For ever: what the disk lost it does not say twice. */
  | { readonly number: number; readonly kind: "failed"; readonly error: unknown; readonly isForEver: boolean }

/** They wait for the disk most of the time. */
const THREADS = 3
const path = fileURLToPath(new URL(`./blob_worker${extname(import.meta.url)}`, import.meta.url))
const startWorker = (workerData: BlobWorkerData): Worker => new Worker(path, { workerData, execArgv: [] })

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, PromiseWithResolvers<string>>
  /** Why it is no more. */
  end: Error | undefined
}

/** Each thread starts when it is needed, and again when it died; what it had under way failed. */
export function openBlobCrew(data: BlobWorkerData, start: typeof startWorker = startWorker): BlobCrew {
  const threads = new Set<Thread>()
  const threadOf = new Map<string, Thread>()
  let number = 0
  const failures: unknown[] = []

  function startThread(): Thread {
    const thread: Thread = { worker: start(data), waiting: new Map(), end: undefined }
    const end = (error: Error): void => {
      thread.end ??= error
      threads.delete(thread)
      for (const { reject } of thread.waiting.values()) reject(thread.end)
      thread.waiting.clear()
    }
    thread.worker.on("message", (answer: Answer) => {
      const call = thread.waiting.get(answer.number)
      thread.waiting.delete(answer.number)
      if (answer.kind === "failed" && answer.isForEver) failures.push(answer.error)
      if (answer.kind === "failed") call?.reject(answer.error)
      else call?.resolve(answer.found)
    })
    thread.worker.on("error", (error) => end(error instanceof Error ? error : new Error(`${error}`)))
    thread.worker.on("exit", (code) => end(new Error(`bug: a thread that writes blobs ended with ${code}`)))
    threads.add(thread)
    return thread
  }
  /** The one that has the upload already; or the one that has least to do. */
  function choose(id: string): Thread {
    const known = threadOf.get(id)
    if (known !== undefined) return known
    const [least] = [...threads].sort((a, b) => a.waiting.size - b.waiting.size)
    const thread = least === undefined || (least.waiting.size > 0 && threads.size < THREADS) ? startThread() : least
    threadOf.set(id, thread)
    return thread
  }
  async function send(id: string, call: Call): Promise<string> {
    const { worker, waiting, end } = choose(id)
    if (end !== undefined) throw end
    const order: Order = { number: number++, id, ...call }
    const answered = Promise.withResolvers<string>()
    worker.postMessage(order, call.kind === "cancel" ? [] : call.chunks.map(bufferOf))
    waiting.set(order.number, answered)
    return answered.promise
  }
  async function cancel(id: string): Promise<void> {
    const thread = threadOf.get(id)
    if (thread === undefined) return
    try {
      await send(id, { kind: "cancel" })
    } catch {
      await rm(join(data.beside, id), { force: true }) // its thread is gone, or could not
    } finally {
      threadOf.delete(id)
    }
  }
  return {
    async append(id, chunks) {
      await send(id, { kind: "append", chunks: owned(chunks) })
    },
    async settle(id, chunks, wanted) {
      const found = await send(id, { kind: "settle", chunks: owned(chunks), wanted })
      // Another thread may have been told what this one was not.
      if (failures.length > 0) throw failures[0]
      threadOf.delete(id)
      return found
    },
    cancel,
    async close() {
      const waiting = [...threads].flatMap((thread) => [...thread.waiting.values()].map(({ promise }) => promise))
      await Promise.allSettled(waiting)
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    },
  }
}

/** Smaller ones are put together: a message takes longer for each chunk than to copy so much. */
const SMALL_CHUNK_BYTES = 2 ** 13
/** Such as may be given away without a copy: of a buffer that is nobody else's. */
function owned(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  const all: Uint8Array[] = []
  let shared: Uint8Array[] = []
  const copy = (): void => {
    const length = shared.reduce((sum, chunk) => sum + chunk.length, 0)
    const whole = new Uint8Array(length)
    let at = 0
    for (const chunk of shared) {
      whole.set(chunk, at)
      at += chunk.length
    }
    if (length > 0) all.push(whole)
    shared = []
  }
  for (const chunk of chunks) {
    if (chunk.length < SMALL_CHUNK_BYTES || chunk.length !== chunk.buffer.byteLength) shared.push(chunk)
    else {
      copy()
      all.push(chunk)
    }
  }
  copy()
  return all
}
const bufferOf = ({ buffer }: Uint8Array): Transferable => buffer as ArrayBuffer
