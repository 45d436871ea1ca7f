import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { messageOf } from "@open-brains/core/base/problem.ts"
import { HISTOGRAM_BYTES } from "./histogram.ts"
import type { Stream } from "./stream.ts"

/** What the thread that pushes is made with. */
export interface PacerData {
  readonly input: Stream["ends"]["input"]
  readonly samples: Float32Array
  readonly hz: number
  readonly lateness: SharedArrayBuffer
}
export interface Paced {
  /** How late samples were pushed, in the buckets of histogram.ts: it is part of their outputs' latency. */
  readonly lateness: Uint32Array
}

const path = fileURLToPath(new URL(`./pacer${extname(import.meta.url)}`, import.meta.url))

/**
 * Pushes a recording as if a sensor gave it: a sample each 1/hz s, from a thread of its own, with the moment that it was
 * due as its time stamp. A push that comes late makes its output's latency longer, not its time stamp later. Nobody
 * else may push. Errors: an Error when the thread died.
 */
export function pace(stream: Stream, samples: Float32Array, hz: number): Promise<Paced> {
  const lateness = new SharedArrayBuffer(HISTOGRAM_BYTES)
  const workerData: PacerData = { input: stream.ends.input, samples, hz, lateness }
  const worker = new Worker(path, { workerData, execArgv: [] })
  const { promise, resolve, reject } = Promise.withResolvers<Paced>()
  worker.on("error", (error) => reject(new Error(`The thread that paces a recording died: ${messageOf(error)}`)))
  worker.on("exit", (code) => {
    if (code === 0) resolve({ lateness: new Uint32Array(lateness) })
    else reject(new Error(`The thread that paces a recording died with exit code ${code}.`))
  })
  return promise
}
