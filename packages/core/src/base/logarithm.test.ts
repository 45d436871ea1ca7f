import fc from "fast-check"
import { expect, test } from "vitest"
import { exp, ln, log1p, log2, logMeanExp } from "./logarithm.ts"

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
  const odd = [0, -1, Infinity, Number.NaN]
  expect(odd.map(log2)).toEqual([-Infinity, Number.NaN, Infinity, Number.NaN])
  expect(odd.map(ln)).toEqual([-Infinity, Number.NaN, Infinity, Number.NaN])
  expect([-1, -2, Infinity, Number.NaN, 0].map(log1p)).toEqual([-Infinity, Number.NaN, Infinity, Number.NaN, 0])
  expect([-Infinity, -800, 800, Infinity, Number.NaN, 0].map(exp)).toEqual([0, 0, Infinity, Infinity, Number.NaN, 1])
})

function near(ours: number, hosts: number, relative: number): void {
  expect(Math.abs(ours - hosts)).toBeLessThanOrEqual(relative * Math.abs(hosts))
}
test("log1p, ln and exp lie within 10⁻¹² of the host's, relatively, wherever one looks", () => {
  const tiny = fc.integer({ min: -1000, max: 0 }).map((e) => 2 ** e)
  const inside = fc.double({ min: -0.999999, max: 1, noNaN: true })
  const outside = fc.double({ min: -1, max: 1e300, minExcluded: true, noNaN: true })
  fc.assert(
    fc.property(
      fc.oneof(
        inside,
        outside,
        tiny,
        tiny.map((x) => -x / 2),
      ),
      (x) => near(log1p(x), Math.log1p(x), 1e-12),
    ),
    { numRuns: 20_000 },
  )
  fc.assert(
    fc.property(fc.double({ min: 5e-324, max: 1e300, noNaN: true }), (x) => near(ln(x), Math.log(x), 1e-12)),
    { numRuns: 5000 },
  )
  fc.assert(
    fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => near(exp(x), Math.exp(x), 1e-13)),
    { numRuns: 20_000 },
  )
  expect(exp(-744)).toBeLessThan(1.5e-323) // a subnormal has few bits
})
test("where the ways of log1p meet nothing jumps", () => {
  for (const edge of [-0.29, 0.41, Math.SQRT2 - 1, Math.SQRT1_2 - 1, -0.5, 1])
    for (const x of [edge - 1e-12, edge, edge + 1e-12]) near(log1p(x), Math.log1p(x), 1e-15)
})
test("these bits were here before: a change of the logarithm is a change of verdicts", () => {
  expect([-0.9405, -0.3, -0.01, 1e-9, 0.0095, 0.4, 0.95, 7].map(log1p)).toMatchInlineSnapshot(`
    [
      -2.821778966430553,
      -0.3566749439387324,
      -0.010050335853501442,
      9.999999995e-10,
      0.009455158770755135,
      0.336472236621213,
      0.6678293725756554,
      2.0794415416798357,
    ]
  `)
  expect([-700.5, -30, -1, -0.1, 0.3, 10].map(exp)).toMatchInlineSnapshot(`
    [
      5.980196118639791e-305,
      9.357622968840175e-14,
      0.36787944117144233,
      0.9048374180359595,
      1.3498588075760032,
      22026.465794806718,
    ]
  `)
})
test("a mean of powers of e overflows nowhere, and takes weights", () => {
  near(logMeanExp([1, 2, 3]), Math.log((Math.E + Math.E ** 2 + Math.E ** 3) / 3), 1e-14)
  expect(logMeanExp([1000, 1000])).toBe(1000)
  expect(logMeanExp([-1000, -2000])).toBeCloseTo(-1000 - Math.LN2, 12)
  expect(logMeanExp([0, 1], [1, 0])).toBe(0)
  expect([logMeanExp([]), logMeanExp([-Infinity])]).toEqual([-Infinity, -Infinity])
})
