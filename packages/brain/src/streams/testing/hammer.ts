/** A thread that pushes 1 … count as fast as it may, each with numbers that follow from it. */
import { workerData } from "node:worker_threads"
import { pusherOf, type RingMemory } from "../ring.ts"

const { ring, count } = workerData as { readonly ring: RingMemory; readonly count: number }
const pusher = pusherOf(ring)
const [values, stamps] = [new Float32Array(ring.width), new Float64Array(ring.stamps)]
for (let n = 1; n <= count; n++) {
  for (let i = 0; i < ring.width; i++) values[i] = (n * (i + 1)) % 65536
  stamps[0] = n
  while (pusher.room() === 0) pusher.waitForRoom(1000)
  pusher.push(values, stamps)
}
