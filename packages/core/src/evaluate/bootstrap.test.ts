import { expect, test } from "vitest"
import { pairedBootstrap } from "./bootstrap.ts"

test("a difference that is the same everywhere has no width; none has none", () => {
  expect(pairedBootstrap([0.25, 0.25, 0.25], 1)).toEqual({ mean: 0.25, low: 0.25, high: 0.25 })
  expect(pairedBootstrap([], 1)).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN })
})

test("the interval of a fair coin is that of the binomial distribution", () => {
  const coins = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : -1))
  const { mean, low, high } = pairedBootstrap(coins, 1)
  expect(mean).toBe(0)
  // 1.96 standard errors of 1/√400 are 0.098; 2000 draws leave some noise.
  expect(Math.abs(low + 0.098)).toBeLessThan(0.01)
  expect(Math.abs(high - 0.098)).toBeLessThan(0.01)
})

test("the same seed gives the same interval, another one another", () => {
  const differences = Array.from({ length: 50 }, (_, i) => ((i * 7) % 13) - 6)
  expect(pairedBootstrap(differences, 3)).toEqual(pairedBootstrap(differences, 3))
  expect(pairedBootstrap(differences, 3)).not.toEqual(pairedBootstrap(differences, 4))
})
test("published intervals stay", () => {
  const differences = Array.from({ length: 50 }, (_, i) => ((i * 7) % 13) - 6)
  expect(pairedBootstrap(differences, 3, 200)).toMatchInlineSnapshot(`
    {
      "high": 0.92,
      "low": -1.14,
      "mean": -0.12,
    }
  `)
})
