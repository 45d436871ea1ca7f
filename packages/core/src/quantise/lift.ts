import type { Node } from "../graph/graph.ts"
import { fill, multiply } from "../graph/operations.ts"
import { multipliersOf } from "../graph/requantise.ts"

/** Multipliers for scales of any size: where one is a quarter or more, the sum is first shifted left by `lift` bits. */
export function belowQuarter(scales: readonly number[]): {
  readonly multipliers: readonly number[]
  readonly shift: number
  readonly lift: number
} {
  const most = Math.max(...scales)
  let lift = 0
  while (most / 2 ** lift >= 0.2499) lift++
  return { ...multipliersOf(scales.map((scale) => scale / 2 ** lift)), lift }
}
export const lifted = (x: Node, lift: number): Node => (lift === 0 ? x : multiply(x, fill(2 ** lift, x)))
/** By how many bits a sum of this magnitude can be shifted to the left before it wraps. */
export const liftMax = (magnitude: number): number => Math.floor(Math.log2((2 ** 31 - 1) / magnitude))
/** A bias at most, in units of the sums that it is added to. */
export const BIAS_MAX = 2 ** 23
