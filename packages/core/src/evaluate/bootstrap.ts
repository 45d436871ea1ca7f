import { type Stream, stream } from "../base/random.ts"

/** A mean, and where the means of other samples like this one would lie: 95 of 100 between `low` and `high`. */
export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/**
 * Percentile bootstrap of a paired difference: `differences[i]` is how much better one model did than another on the
 * same message i. Messages are drawn again with replacement, `draws` times; the interval goes from the 2.5th to the
 * 97.5th percentile of the means. In the unit of the differences; NaN of none. The same for the same seed, anywhere.
 * Source: Efron & Tibshirani 1993, "An introduction to the bootstrap", chapter 13; on test sets Koehn 2004, section 3.
 */
export function pairedBootstrap(differences: readonly number[], seed: number, draws = 2000): Interval {
  const count = differences.length
  if (count === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN }
  const means = Float64Array.from({ length: draws }, (_, draw) =>
    drawnMean(differences, stream(seed, "bootstrap", draw)),
  )
  means.sort()
  return {
    mean: differences.reduce((sum, each) => sum + each, 0) / count,
    low: means[Math.floor(0.025 * (draws - 1))]!,
    high: means[Math.ceil(0.975 * (draws - 1))]!,
  }
}

function drawnMean(values: readonly number[], random: Stream): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[random.below(i, values.length)]!
  return sum / values.length
}
