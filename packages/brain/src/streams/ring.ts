/**
 * A queue between two threads, one of which pushes and one of which pops: memory that both see, and nothing allocated
 * once it is there. When it is full a push is refused and counted: what is lost is the newest, and it is known.
 *
 * Each end keeps its own place to itself and only publishes it. Of the other end it believes the distance alone, and
 * that between 0 and the number of slots: whatever stands in the memory, no index leaves it.
 */
export interface RingShape {
  /** A power of two. */
  readonly slots: number
  /** f32 a slot. */
  readonly width: number
  /** f64 a slot: time stamps and what else goes along. */
  readonly stamps: number
}
/** What is handed to another thread. */
export interface RingMemory extends RingShape {
  readonly buffer: SharedArrayBuffer
}
export interface Pusher {
  /** False, and counted, when it is full. `values` is as long as a slot is wide, `stamps` as it has stamps. */
  push(values: Float32Array, stamps: Float64Array): boolean
  /** How many more fit now. */
  room(): number
  /** Waits for the popper to take something, or so long: for threads that may sleep. */
  waitForRoom(timeoutMs: number): void
}
export interface Popper {
  /** The oldest slot, or false when there is none. */
  pop(values: Float32Array, stamps: Float64Array): boolean
  /** How many are there. */
  length(): number
  /** Waits for a push, or so long: for threads that may sleep. */
  wait(timeoutMs: number): void
  /** The same for those that may not. */
  waitAsync(timeoutMs: number): Promise<void>
  /** Ends a wait of this end, wherever it takes place. */
  wake(): void
}

/** Words of the header, each on a cache line of its own: two threads that write to one would slow each other down. */
const [PUSHED, POPPED, REFUSED] = [0, 32, 64]
const HEADER_WORDS = 96
const HEADER_BYTES = 4 * HEADER_WORDS
export const SLOTS_MAX = 2 ** 20

/** Errors: a RangeError when the slots are no power of two up to SLOTS_MAX. */
export function ringMemory({ slots, width, stamps }: RingShape): RingMemory {
  if (!Number.isInteger(Math.log2(slots)) || slots < 1 || slots > SLOTS_MAX)
    throw new RangeError(`A ring has a power of two of slots, up to ${SLOTS_MAX}, not ${slots}.`)
  const bytes = HEADER_BYTES + slots * (8 * stamps + 4 * width)
  return { slots, width, stamps, buffer: new SharedArrayBuffer(bytes) }
}

const viewsOf = ({ buffer, slots, width, stamps }: RingMemory) => ({
  header: new Int32Array(buffer, 0, HEADER_WORDS),
  times: new Float64Array(buffer, HEADER_BYTES, slots * stamps),
  numbers: new Float32Array(buffer, HEADER_BYTES + 8 * slots * stamps, slots * width),
})

/** The end that pushes: one for a ring, in one thread. */
export function pusherOf(memory: RingMemory): Pusher {
  const { slots, width, stamps: stampCount } = memory
  const { header, times, numbers } = viewsOf(memory)
  const mask = slots - 1
  let pushed = Atomics.load(header, PUSHED)
  const used = (): number => (pushed - Atomics.load(header, POPPED)) >>> 0 // counters wrap; their distance does not
  return {
    push(values, stamps) {
      if (used() >= slots) {
        Atomics.add(header, REFUSED, 1)
        return false
      }
      const slot = pushed & mask
      for (let i = 0, at = slot * width; i < width; i++, at++) numbers[at] = values[i]!
      for (let i = 0, at = slot * stampCount; i < stampCount; i++, at++) times[at] = stamps[i]!
      pushed = (pushed + 1) | 0
      Atomics.store(header, PUSHED, pushed) // what was written before is seen by whoever sees this
      Atomics.notify(header, PUSHED)
      return true
    },
    room: () => Math.max(0, slots - used()),
    waitForRoom(timeoutMs) {
      const popped = Atomics.load(header, POPPED)
      if (used() >= slots) Atomics.wait(header, POPPED, popped, timeoutMs)
    },
  }
}

/** The end that pops: one for a ring, in one thread. */
export function popperOf(memory: RingMemory): Popper {
  const { slots, width, stamps: stampCount } = memory
  const { header, times, numbers } = viewsOf(memory)
  const mask = slots - 1
  let popped = Atomics.load(header, POPPED)
  const lengthOf = (pushed: number): number => {
    const distance = (pushed - popped) >>> 0
    return distance > slots ? 0 : distance // more than fits is no number that a pusher publishes
  }
  const length = (): number => lengthOf(Atomics.load(header, PUSHED))
  return {
    pop(values, stamps) {
      if (length() === 0) return false
      const slot = popped & mask
      for (let i = 0, at = slot * width; i < width; i++, at++) values[i] = numbers[at]!
      for (let i = 0, at = slot * stampCount; i < stampCount; i++, at++) stamps[i] = times[at]!
      popped = (popped + 1) | 0
      Atomics.store(header, POPPED, popped)
      Atomics.notify(header, POPPED)
      return true
    },
    length,
    wait(timeoutMs) {
      const pushed = Atomics.load(header, PUSHED) // a push from here on changes it, and so ends the wait
      if (lengthOf(pushed) === 0) Atomics.wait(header, PUSHED, pushed, timeoutMs)
    },
    async waitAsync(timeoutMs) {
      const pushed = Atomics.load(header, PUSHED)
      if (lengthOf(pushed) === 0) await Atomics.waitAsync(header, PUSHED, pushed, timeoutMs).value
    },
    wake() {
      Atomics.notify(header, PUSHED)
    },
  }
}

/** How many pushes were refused, for whoever asks. */
export const refusedOf = ({ buffer }: RingMemory): number => Atomics.load(new Int32Array(buffer), REFUSED) >>> 0
/** Where a test corrupts it. */
export const RING_WORDS = { PUSHED, POPPED } as const
