import fc from "fast-check"
import { expect, test } from "vitest"
import { SEED } from "../ir/testing/hostile.ts"
import { nearest } from "./nearest.ts"

const dot = (a: readonly number[], b: readonly number[]): bigint => a.reduce((sum, x, i) => sum + BigInt(x * b[i]!), 0n)
/** The cosine times a common length, to 60 digits: fractions of numbers this small are equal or differ before that. */
function scaled(query: readonly number[], vector: readonly number[]): bigint {
  const [product, square] = [dot(query, vector), dot(vector, vector)]
  if (product === 0n) return 0n
  const value = (product * product * 10n ** 60n) / square
  return product < 0n ? -value : value
}
const vector = fc.array(fc.oneof(fc.integer({ min: -128, max: 127 }), fc.integer({ min: -2, max: 2 })), {
  minLength: 3,
  maxLength: 3,
})

test(`nearest first, exactly; equals in their order (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(vector, fc.array(vector, { maxLength: 30 }), (query, vectors) => {
      const order = vectors.map((each, place) => ({ place, cosine: scaled(query, each) }))
      order.sort((a, b) => (a.cosine === b.cosine ? a.place - b.place : a.cosine < b.cosine ? 1 : -1))
      expect(nearest(query, vectors, 7).map(({ place }) => place)).toEqual(order.slice(0, 7).map(({ place }) => place))
    }),
    { seed: SEED, numRuns: 1000 },
  )
})
test("vectors of one direction are equally near, whatever their lengths: in floats 1/√2 and 3/√18 differ", () => {
  expect(3 / Math.sqrt(18)).toBeGreaterThan(1 / Math.sqrt(2))
  const found = nearest(
    [1, 0],
    [
      [1, 1],
      [3, 3],
      [2, 2],
    ],
    3,
  )
  expect(found).toEqual([0, 1, 2].map((place) => ({ place, similarity: 0.707107 })))
})
test("the similarity is the cosine; a vector of zeros is like nothing", () => {
  const found = nearest(
    [3, 4],
    [
      [-3, -4],
      [0, 0],
      [4, -3],
      [4, 3],
      [30, 40],
    ],
    5,
  )
  expect(found).toEqual([
    { place: 4, similarity: 1 },
    { place: 3, similarity: 24 / 25 },
    { place: 1, similarity: 0 },
    { place: 2, similarity: 0 },
    { place: 0, similarity: -1 },
  ])
  expect(
    nearest(
      [0, 0],
      [
        [1, 2],
        [3, 4],
      ],
      5,
    ),
  ).toEqual([
    { place: 0, similarity: 0 },
    { place: 1, similarity: 0 },
  ])
  expect(nearest([1], [], 5)).toEqual([])
})
