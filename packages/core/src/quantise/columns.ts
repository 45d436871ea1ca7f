import { refuse } from "../base/problem.ts"
import { BIAS_MAX } from "./lift.ts"

export interface Columns {
  /** What one unit of each column's weights stands for. */
  readonly scales: readonly number[]
  /** The matrix, row by row. */
  readonly values: Int8Array
  /** The bias in units of the sums that it is added to: `unit` times the scale of its column. */
  readonly offsets: Int32Array
}

/**
 * A matrix of floats [R,C] and its bias [C], if it has one, in integers, for inputs in units of `unit`: i8 with one scale
 * for each column, so that the largest weight of each is `most` and its bias at most BIAS_MAX; `widened` may
 * make scales larger, so that fewer values are used.
 *
 * Error: half a scale for each weight and half a unit of a sum for each bias.
 * Source: Jacob et al. 2018, arXiv:1712.05877, section 2.1, with symmetric ranges.
 */
export function quantiseColumns(
  matrix: ArrayLike<number>,
  columns: number,
  unit: number,
  bias: ArrayLike<number> = [],
  most = 127,
  widened: (scales: readonly number[]) => readonly number[] = (scales) => scales,
): Columns {
  const least = Array.from({ length: columns }, (_, c) => {
    let largest = 2 ** -20
    for (let i = c; i < matrix.length; i += columns) largest = Math.max(largest, Math.abs(matrix[i]!))
    return Math.max(largest / most, Math.abs(bias[c] ?? 0) / (unit * BIAS_MAX)) // a bias must fit too
  })
  const scales = widened(least)
  return {
    scales,
    values: Int8Array.from(matrix, (v, i) => Math.round(v / scales[i % columns]!)),
    offsets: Int32Array.from(bias, (v, c) => Math.round(v / (unit * scales[c]!))),
  }
}

export const tooLarge = (why: string): never =>
  refuse({
    code: "OB403",
    seen: `The learnt weights are too large for integers: ${why}.`,
    hint: "Lower `rate` or raise `weightDecay` in the recipe.",
  })
