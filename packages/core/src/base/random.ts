/**
 * Random numbers that are a pure function of (seed, purpose, counter): any of them can be drawn in any order, on any
 * thread, and is the same everywhere. Threefry-2x32 with 20 rounds: additions, rotations and exclusive or of 32-bit
 * words, so that the loop IR and a microcontroller can draw them too.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.4 and its known answers.
 */
export function threefry(
  key: readonly [number, number],
  counter: readonly [number, number],
): readonly [number, number] {
  const keys = [key[0] | 0, key[1] | 0, key[0] ^ key[1] ^ 0x1bd11bda]
  let [x, y] = [(counter[0] + keys[0]!) | 0, (counter[1] + keys[1]!) | 0]
  for (let round = 0; round < 20; round++) {
    const by = ROTATIONS[round % 8]!
    x = (x + y) | 0
    y = ((y << by) | (y >>> (32 - by))) ^ x
    if (round % 4 === 3) {
      const injection = (round + 1) / 4
      x = (x + keys[injection % 3]!) | 0
      y = (y + keys[(injection + 1) % 3]! + injection) | 0
    }
  }
  return [x, y]
}
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const

/** What a stream is for: two purposes of one seed never share a number. Append only: a new order makes new weights. */
export const PURPOSES = [
  "initialise",
  "shuffle",
  "dropout",
  "split",
  "mix",
  "draw",
  "bootstrap",
  "fold",
  "item",
] as const
export type Purpose = (typeof PURPOSES)[number]

/** A stream for one purpose and step; `word(i)` is its i-th number, 32 random bits as a signed integer. */
export interface Stream {
  word(i: number): number
  /** In [0, 1), a multiple of 2⁻²⁴: exact in f32. */
  uniform(i: number): number
  /** In 0 … below − 1, by multiply and shift: biased by less than below / 2³². */
  below(i: number, below: number): number
}
export function stream(seed: number, purpose: Purpose, step = 0): Stream {
  const key = [seed | 0, Math.imul(PURPOSES.indexOf(purpose) + 1, 0x9e3779b1)] as const
  const word = (i: number): number => threefry(key, [i, step])[0]
  return {
    word,
    uniform: (i) => (word(i) >>> 8) * 2 ** -24,
    below: (i, below) => Math.floor((word(i) >>> 0) * (below / 2 ** 32)),
  }
}

/** 0 … length − 1 in random order: Fisher and Yates, from the last place down. */
export function shuffled(length: number, { below }: Stream): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = below(i, i + 1)
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}
