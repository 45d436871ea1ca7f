import { DTYPE } from "../../../base/dtype.ts"
import type { Dot } from "./dot.ts"

/** Weight of output n at position k, 0 beyond the last output. */
export type At = (n: number, k: number) => number
export const weightsOf =
  ({ weights }: Dot): At =>
  (n, k) =>
    weights[n]?.[k] ?? 0

export const areNibbles = ({ weights }: Dot): boolean =>
  weights.every((row) => Array.from(row).every((w) => w >= -8 && w <= 7))

/** Lowest and highest value of Σ x · w over some weights, for any x of the dtype. */
export function rangeOf(weights: readonly number[], data: Dot["data"]): readonly [low: number, high: number] {
  const [least, most] = DTYPE[data].range
  const ends = weights.map((w) => [w * least, w * most] as const)
  const sum = (pick: (a: number, b: number) => number): number => ends.reduce((all, [a, b]) => all + pick(a, b), 0)
  return [sum(Math.min), sum(Math.max)]
}

/**
 * Consecutive elements of x that a kernel walks over, then `skip` elements. `flush`: whether its lanes are then emptied, 1 for
 * the first time, when sums are stored, and 2 later, when they are added to.
 */
export interface Segment {
  readonly count: number
  readonly skip: number
  readonly flush: 0 | 1 | 2
}

/**
 * The positions of a product in pieces, lanes emptied at least every `window` positions: whole runs where several fit,
 * else a run in pieces. Pieces are multiples of `step` except the last of a run.
 */
export function segmentsOf({ runs, length, jump }: Dot, window: number, step: number): readonly Segment[] {
  const pieces = Math.ceil(length / window)
  const size = Math.ceil(Math.ceil(length / pieces) / step) * step
  const together = Math.max(1, Math.floor(window / length))
  const segments: Segment[] = []
  let flushed = false
  for (let r = 0; r < runs; r++)
    for (let from = 0; from < length; from += size) {
      const [end, lastRun] = [from + size >= length, r === runs - 1]
      const flushes = !end || lastRun || (r + 1) % together === 0
      const [count, skip] = [end ? length - from : size, end && !lastRun ? jump - length : 0]
      segments.push({ count, skip, flush: !flushes ? 0 : flushed ? 2 : 1 })
      flushed ||= flushes
    }
  return segments
}

/** Equal neighbours counted. */
export function repeated(segments: readonly Segment[]): readonly (Segment & { readonly times: number })[] {
  const groups: (Segment & { times: number })[] = []
  for (const segment of segments) {
    const last = groups.at(-1)
    if (last && last.count === segment.count && last.skip === segment.skip && last.flush === segment.flush) last.times++
    else groups.push({ ...segment, times: 1 })
  }
  return groups
}

/** Words of an array, in lines of about a hundred characters. */
export const wordsOf = (values: readonly number[]): string =>
  values
    .map((value) => `0x${(value >>> 0).toString(16)}`)
    .join(",")
    .replace(/(.{90,105}?),/g, "$1,\n")
