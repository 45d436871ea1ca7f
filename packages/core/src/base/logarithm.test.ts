import fc from "fast-check"
import { expect, test } from "vitest"
import { log2 } from "./logarithm.ts"

test("powers of two are exact, also the smallest and the largest", () => {
  for (const e of [-1074, -1022, -17, -1, 0, 1, 16, 1023]) expect(log2(2 ** e)).toBe(e)
})
test("it lies within 2⁻⁴⁰ of the host's", () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -17, max: 65536, noNaN: true }), (x) => {
      expect(Math.abs(log2(x) - Math.log2(x))).toBeLessThanOrEqual(2 ** -39)
    }),
  )
})
test("0, negatives, infinity and NaN are what they are for Math", () => {
  expect([0, -1, Infinity, Number.NaN].map(log2)).toEqual([-Infinity, Number.NaN, Infinity, Number.NaN])
})
