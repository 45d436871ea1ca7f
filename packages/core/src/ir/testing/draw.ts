import type { Scalar } from "../../base/dtype.ts"
import { stream } from "../../base/random.ts"

/** Random choices, one after another, all of them a function of the seed. */
export interface Draw {
  /** Both ends included. */
  between(min: number, max: number): number
  flip(): boolean
  pick<T>(items: readonly T[]): T
  /** An edge as often as not; f32 and f64 draw the same numbers, all of which f32 holds. */
  number(scalar: Scalar): number
}

/** Values at which engines are known to differ. */
const FLOATS: readonly number[] = [
  ...[Number.NaN, 0, -0, Infinity, -Infinity, 2 ** -149, -(2 ** -149), 2 ** -126, (1 - 2 ** -23) * 2 ** -126],
  ...[1, -1, 0.5, -1.5, 2 ** 24, 2 ** 31, -(2 ** 31), 2 ** 31 - 128, 2 ** 32, (2 - 2 ** -23) * 2 ** 127],
]
export const EDGES: Readonly<Record<Scalar, readonly number[]>> = {
  i32: [0, 1, -1, 2, 7, 31, 32, 33, 127, 128, -128, 255, 256, -32768, 65535, 2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31)],
  f32: FLOATS,
  f64: FLOATS,
}

export function drawFrom(seed: number): Draw {
  const random = stream(seed, "mix")
  let drawn = 0
  const between = (min: number, max: number): number => min + random.below(drawn++, max - min + 1)
  const pick = <T>(items: readonly T[]): T => items[between(0, items.length - 1)]!
  const flip = (): boolean => between(0, 1) === 1
  return {
    between,
    flip,
    pick,
    number(scalar) {
      if (flip()) return pick(EDGES[scalar])
      if (flip()) return between(-100, 100)
      const word = random.word(drawn++)
      return scalar === "i32" ? word : new Float32Array(Int32Array.of(word).buffer)[0]!
    },
  }
}
