/**
 * Latencies as counts in memory that threads share: one writes, any reads, and nothing is allocated. A stretch of 32
 * buckets for each power of two, so that a bucket is at most 1/32 wide; from 1 µs to 4 s, and one for what is beyond.
 * Source: the buckets of HdrHistogram, Tene 2012.
 */
const LINEAR = 32
const LOG = 5
const OCTAVES = 17
export const BUCKETS = LINEAR * (OCTAVES + 1) + 1
export const HISTOGRAM_BYTES = 4 * BUCKETS

/** The bucket of whole microseconds: that of 0 for what is below it, the last one for what is beyond the scale. */
export function bucketOf(us: number): number {
  if (us < LINEAR) return us > 0 ? us : 0
  if (us >= LIMIT_US) return BUCKETS - 1
  const shift = 31 - Math.clz32(us) - LOG
  return LINEAR * shift + (us >>> shift)
}
const LIMIT_US = LINEAR * 2 ** OCTAVES

/** Where a bucket ends, in milliseconds: what is in it is below. */
export function endOf(bucket: number): number {
  if (bucket >= BUCKETS - 1) return Infinity
  if (bucket < LINEAR) return (bucket + 1) / 1000
  const shift = Math.floor(bucket / LINEAR) - 1
  return ((bucket - LINEAR * shift + 1) * 2 ** shift) / 1000
}

/** The end of the bucket that a share of all lies in or before: never better than it was. Nothing of nothing. */
export function quantileOf(counts: Uint32Array, share: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0)
  let left = Math.max(1, Math.ceil(all * share))
  for (const [bucket, count] of counts.entries()) {
    left -= count
    if (left <= 0) return endOf(bucket)
  }
  return undefined
}
