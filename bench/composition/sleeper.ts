/**
 * A thread that does nothing but sleep until each moment that is due, and counts how late it wakes: what a machine does to
 * whoever sleeps on it, beside a stream and at the same time. It ends when the first word of `ending` is 1.
 */
import { workerData } from "node:worker_threads"
import { bucketOf } from "open-brains"

export interface SleeperData {
  readonly hz: number
  readonly lateness: SharedArrayBuffer
  readonly ending: SharedArrayBuffer
}

const { hz, lateness, ending } = workerData as SleeperData
const [counts, word] = [new Uint32Array(lateness), new Int32Array(ending)]
const start = performance.now()
for (let i = 1; Atomics.load(word, 0) === 0; i++) {
  const due = start + (i * 1000) / hz
  for (let left = due - performance.now(); left > 0; left = due - performance.now()) Atomics.wait(word, 0, 0, left)
  if (Atomics.load(word, 0) === 1) break
  const bucket = bucketOf(((performance.now() - due) * 1000) | 0)
  counts[bucket] = counts[bucket]! + 1
}
