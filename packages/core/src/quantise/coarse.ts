import type { Node } from "../graph/graph.ts"
import {
  absolute,
  add,
  broadcastLike,
  divide,
  fill,
  floor,
  larger,
  maximum,
  multiply,
  smaller,
} from "../graph/operations.ts"

/** How many values a stored number can take, beside the 255 of int8: −1 … 1, or −7 … 7. */
export const LEVELS = [3, 15] as const
export type Levels = (typeof LEVELS)[number]
/** The largest of them. */
export const mostOf = (levels: number): number => (levels - 1) / 2

/** The matrix has four bits at least: with three levels it lost 2.5 points, and it is small (docs/adr/0015-editions.md). */
export const MATRIX_LEVELS = 15

/** A step is never 0, so that nothing is divided by it. */
const STEP_MIN = 2 ** -20

/**
 * step · clamp(⌊x / step + ½⌋, −most, most): x on the grid that it will be stored on.
 *
 * Shapes: x f32 [R,C], step f32 [1,1] or [1,C]. It has no slope: what trains through it takes that of its result for
 * that of x. Source: Bengio et al. 2013, arXiv:1308.3432 (straight-through estimator).
 */
export function onGrid(x: Node, step: Node, most: number): Node {
  const number = (value: number): Node => fill(value, x)
  const unit = broadcastLike(step, x)
  const nearest = floor(add(divide(x, unit), number(0.5)))
  return multiply(smaller(larger(nearest, number(-most)), number(most)), unit)
}
/** The step of each column with which its largest number is `most`. Shapes: x f32 [R,C] → f32 [1,C]. */
export function columnSteps(x: Node, most: number): Node {
  const largest = maximum(absolute(x), 0)
  return larger(multiply(largest, fill(1 / most, largest)), fill(STEP_MIN, largest))
}

/**
 * The step of least squares: of RATIOS · rms(values), that with the least Σ (v − step · clamp(round(v / step)))², then
 * moved to the least for the levels that it chose, step = Σ v·level / Σ level², a few times over; so numbers that lie on
 * a grid find theirs. A tail that is cut costs less than a coarser grid for all others. `count` numbers, evenly spread,
 * decide. Source: Lloyd 1982, "Least squares quantization in PCM", with levels that stay evenly spaced.
 */
export function stepOf(values: Float32Array, most: number, count: number = values.length): number {
  const stride = Math.max(1, Math.floor(values.length / count)) | 1 // odd: it meets every column
  const some = stride === 1 ? values : values.filter((_, i) => i % stride === 0)
  const squares = some.reduce((sum, v) => sum + v * v, 0)
  const rms = Math.sqrt(squares / Math.max(1, some.length))
  if (squares === 0) return STEP_MIN
  let [best, least] = [STEP_MIN, Number.POSITIVE_INFINITY]
  for (const ratio of RATIOS) {
    const step = Math.max(STEP_MIN, (rms * ratio) / (most + 1))
    const error = some.reduce((sum, v) => {
      const off = v - step * levelOf(v, step, most)
      return sum + off * off // no power: its last bit is the host's
    }, 0)
    if (error < least) [best, least] = [step, error]
  }
  for (let round = 0; round < MOVES; round++) {
    let [along, length] = [0, 0]
    for (const v of some) {
      const level = levelOf(v, best, most)
      along += v * level
      length += level * level
    }
    if (length > 0) best = Math.max(STEP_MIN, along / length)
  }
  return best
}
const MOVES = 4
/** Between a grid that ends at half of the root mean square and one that ends at eight times. */
const RATIOS = Array.from({ length: 32 }, (_, i) => (i + 2) / 4)

/** The place on the grid that is nearest to a number. */
export const levelOf = (value: number, step: number, most: number): number =>
  Math.min(most, Math.max(-most, Math.round(value / step)))
