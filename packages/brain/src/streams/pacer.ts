/** The thread behind pace.ts. It sleeps until a sample is due, and never spins. */
import { workerData } from "node:worker_threads"
import { clockMs, INPUT_STAMPS } from "./control.ts"
import { bucketOf } from "./histogram.ts"
import type { PacerData } from "./pace.ts"
import { pusherOf } from "./ring.ts"

const { input, samples, hz, lateness } = workerData as PacerData
const counts = new Uint32Array(lateness)
const pusher = pusherOf(input)
const [sample, stamps] = [new Float32Array(input.width), new Float64Array(INPUT_STAMPS)]
const nobody = new Int32Array(new SharedArrayBuffer(4))
const start = clockMs() + 5
const count = Math.floor(samples.length / input.width)
for (let i = 0; i < count; i++) {
  const due = start + (i * 1000) / hz
  for (let left = due - clockMs(); left > 0; left = due - clockMs()) Atomics.wait(nobody, 0, 0, left)
  for (let c = 0, at = i * input.width; c < input.width; c++, at++) sample[c] = samples[at]!
  stamps[0] = due
  stamps[1] = i
  const bucket = bucketOf(((clockMs() - due) * 1000) | 0)
  counts[bucket] = counts[bucket]! + 1
  pusher.push(sample, stamps)
}
