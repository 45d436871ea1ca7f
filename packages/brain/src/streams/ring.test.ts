import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { expect, test } from "vitest"
import { popperOf, pusherOf, RING_WORDS, type RingShape, refusedOf, ringMemory } from "./ring.ts"

const SHAPE: RingShape = { slots: 4, width: 3, stamps: 2 }
const pair = (memory = ringMemory(SHAPE)) => ({ memory, pusher: pusherOf(memory), popper: popperOf(memory) })
const values = (n: number): Float32Array => Float32Array.of(n, n + 0.5, -n)
const stamps = (n: number): Float64Array => Float64Array.of(n * 1000.125, n)
function popped(popper: ReturnType<typeof popperOf>): readonly [Float32Array, Float64Array] | undefined {
  const [numbers, times] = [new Float32Array(3), new Float64Array(2)]
  return popper.pop(numbers, times) ? [numbers, times] : undefined
}

test("what is pushed is popped, in its order, many times round", () => {
  const { pusher, popper } = pair()
  for (let n = 0; n < 50; n += 3) {
    for (let i = 0; i < 3; i++) expect(pusher.push(values(n + i), stamps(n + i))).toBe(true)
    expect([popper.length(), pusher.room()]).toEqual([3, 1])
    for (let i = 0; i < 3; i++) expect(popped(popper)).toEqual([values(n + i), stamps(n + i)])
    expect(popped(popper)).toBeUndefined()
  }
})

test("a full ring refuses and counts; what is in it stays", () => {
  const { memory, pusher, popper } = pair()
  const taken = [0, 1, 2, 3, 4, 5].map((n) => pusher.push(values(n), stamps(n)))
  expect(taken).toEqual([true, true, true, true, false, false])
  expect([refusedOf(memory), pusher.room()]).toEqual([2, 0])
  for (let n = 0; n < 4; n++) expect(popped(popper)).toEqual([values(n), stamps(n)])
  expect(pusher.push(values(9), stamps(9))).toBe(true)
  expect(popped(popper)).toEqual([values(9), stamps(9)])
})

test("counters that wrap around 2³² change nothing", () => {
  const memory = ringMemory(SHAPE)
  const header = new Int32Array(memory.buffer)
  header[RING_WORDS.PUSHED] = header[RING_WORDS.POPPED] = 2 ** 31 - 2
  const { pusher, popper } = pair(memory)
  for (let n = 0; n < 9; n++) {
    expect(pusher.push(values(n), stamps(n))).toBe(true)
    expect(popped(popper)).toEqual([values(n), stamps(n)])
  }
})

test("whatever the other end claims, no index leaves the ring and nothing hangs", () => {
  const words = [0, 1, -1, 3, 4, 5, 7, 1e6, -1e6, 2 ** 31 - 1, -(2 ** 31), 0x5a5a5a5a]
  for (const word of words) {
    const memory = ringMemory(SHAPE)
    const { pusher, popper } = pair(memory)
    const header = new Int32Array(memory.buffer)
    const data = new Uint8Array(memory.buffer, 384)
    header[RING_WORDS.PUSHED] = word
    expect(popper.length()).toBeLessThanOrEqual(SHAPE.slots)
    for (let n = 0; n < 10; n++) {
      const found = popped(popper)
      if (found) expect(found).toEqual([new Float32Array(3), new Float64Array(2)]) // of the ring, which holds zeros
    }
    expect(data.every((byte) => byte === 0)).toBe(true)
    header[RING_WORDS.POPPED] = word
    for (let n = 0; n < 10; n++) pusher.push(Float32Array.of(1, 1, 1), Float64Array.of(1, 1))
    expect(pusher.room()).toBeGreaterThanOrEqual(0)
    popper.wait(0)
  }
})

test("no ring but of a power of two", () => {
  for (const slots of [0, 3, -4, 2.5, 2 ** 21, Number.NaN])
    expect(() => ringMemory({ ...SHAPE, slots })).toThrow("power of two")
})

test("two threads: nothing is lost, doubled, torn or out of order", async () => {
  const ring = ringMemory({ slots: 64, width: 5, stamps: 1 })
  const count = 200_000
  const worker = new Worker(new URL("./testing/hammer.ts", import.meta.url), { workerData: { ring, count } })
  const popper = popperOf(ring)
  const [numbers, times] = [new Float32Array(5), new Float64Array(1)]
  let [next, wrong] = [1, 0]
  while (next <= count) {
    if (!popper.pop(numbers, times)) {
      await popper.waitAsync(1000)
      continue
    }
    if (times[0] !== next) wrong++
    for (let i = 0; i < 5; i++) if (numbers[i] !== (next * (i + 1)) % 65536) wrong++
    next++
  }
  expect([wrong, popper.length(), refusedOf(ring)]).toEqual([0, 0, 0])
  await once(worker, "exit")
})
