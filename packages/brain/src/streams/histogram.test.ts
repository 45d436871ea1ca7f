import { expect, test } from "vitest"
import { BUCKETS, bucketOf, endOf, quantileOf } from "./histogram.ts"

test("each latency lies below the end of its bucket, and not far below", () => {
  for (let us = 1; us < 4e6; us = Math.ceil(us * 1.003)) {
    const [bucket, end] = [bucketOf(us), 1000 * endOf(bucketOf(us))]
    expect(us).toBeLessThan(end)
    expect(us).toBeGreaterThanOrEqual(1000 * endOf(bucket - 1) - 1e-6)
    if (us > 32) expect(end / us).toBeLessThan(1 + 1 / 31)
  }
})

test("what lies beside the scale has a bucket too", () => {
  expect([-1, -(2 ** 31), 0, 2 ** 31 - 1, 32 * 2 ** 17].map(bucketOf)).toEqual([0, 0, 0, BUCKETS - 1, BUCKETS - 1])
  expect(bucketOf(32 * 2 ** 17 - 1)).toBe(BUCKETS - 2)
})

test("a quantile is the end of the bucket that it lies in", () => {
  const counts = new Uint32Array(BUCKETS)
  expect(quantileOf(counts, 0.5)).toBeUndefined()
  for (let n = 1; n <= 100; n++) counts[bucketOf(n)]!++
  expect(quantileOf(counts, 0.1)).toBeCloseTo(0.011)
  expect(quantileOf(counts, 0.99)! * 1000).toBeCloseTo(100, 5)
  expect(quantileOf(counts, 1)! * 1000).toBeCloseTo(102, 5)
})
