import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import type { Node } from "../graph/graph.ts"
import { input } from "../graph/operations.ts"
import { multipliersOf } from "../graph/requantise.ts"
import { resultOf, type Values } from "../graph/testing/evaluate.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { integerAttention, integerRmsNorm, NORM_BITS, type Scale } from "./integer.ts"

const random = stream(SEED, "mix", 6)
/** Whole numbers up to `reach` on both sides; of ½, mostly zeros. */
const draw = (length: number, from = 0, reach = 127): Values =>
  Array.from({ length }, (_, i) =>
    reach < 1 ? Number(random.below(from + i, 300) === 0) : random.below(from + i, 2 * reach + 1) - reach,
  )
const scaleOf = (real: number): Scale => {
  const { multipliers, shift } = multipliersOf([real])
  return { multiplier: multipliers[0]!, shift }
}

test(`an integer RMS norm keeps its stated error, in whatever unit (SEED=${SEED})`, () => {
  for (const features of [1, 5, 16, 100, 2000])
    for (const reach of [0.5, 1, 3, 20, 127]) {
      const gains = Array.from({ length: features }, (_, c) => 20 + c / 4) // units of y for one root mean square
      const gainMax = gains.at(-1)!
      const { multipliers, shift } = multipliersOf(gains.map((gain) => gain / 2 ** NORM_BITS))
      const y = integerRmsNorm(input("x", "i8", [3, features]), input("m", "i32", [1, features]), shift)
      const x = draw(3 * features, 1000 * features, reach)
      const found = resultOf(y, { x, m: multipliers })
      for (let b = 0; b < 3; b++) {
        const row = x.slice(b * features, (b + 1) * features)
        const rms = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / features)
        for (const [c, value] of row.entries()) {
          const exact = rms === 0 ? 0 : (value / rms) * gains[c]!
          const wanted = Math.min(Math.max(exact, -128), 127)
          const cut = rms === 0 ? 0 : 2 ** -8 / (rms - 2 ** -8)
          const ofMultipliers = rms === 0 ? 0 : Math.abs(value / rms) * gainMax * 2 ** -15 // as multipliersOf states
          const slack = 0.5 + Math.abs(exact) * cut + ofMultipliers + gains[c]! * 2 ** -NORM_BITS
          expect(Math.abs(found[b * features + c]! - wanted)).toBeLessThanOrEqual(slack)
        }
      }
    }
})
test("of the largest numbers no square wraps, and a row of zeros stays 0", () => {
  const { multipliers, shift } = multipliersOf([50 / 2 ** NORM_BITS])
  const norm = integerRmsNorm(input("x", "i8", [2, 4096]), input("m", "i32", [1, 4096]), shift)
  const x = [...Array<number>(4096).fill(-128), ...Array<number>(4096).fill(0)]
  const m = Array<number>(4096).fill(multipliers[0]!)
  expect(new Set(resultOf(norm, { x, m }))).toEqual(new Set([-50, 0]))
})

const [batch, places, heads, width] = [2, 4, 2, 3]
const shape = [batch, places, heads * width]
const of = (name: string): Node => input(name, "i8", shape)
const score = 0.01 // bits for each unit of a product
const options = { heads, score: scaleOf(score * 256 * (1 / 16)), value: scaleOf(2 ** -16) }
test(`integer attention is near attention in floats, causal or not (SEED=${SEED})`, () => {
  const given = { q: draw(48, 0), k: draw(48, 100, 20), v: draw(48, 200) }
  const bits = score / 16
  for (const causal of [false, true]) {
    const found = resultOf(integerAttention(of("q"), of("k"), of("v"), { ...options, causal }), given)
    for (const [at, value] of found.entries()) {
      const [b, t, c] = [Math.floor(at / 24), Math.floor(at / 6) % 4, at % 6]
      const from = Math.floor(c / width) * width
      const keys = Array.from({ length: causal ? t + 1 : places }, (_, s) => s)
      const place = (s: number, d: number): number => (b * places + s) * 6 + d
      const powers = keys.map((s) => {
        const product = [0, 1, 2].reduce(
          (sum, d) => sum + given.q[place(t, from + d)]! * given.k[place(s, from + d)]!,
          0,
        )
        return 2 ** (product * bits)
      })
      const total = powers.reduce((a, b) => a + b)
      const exact = keys.reduce((sum, s, i) => sum + (powers[i]! / total) * given.v[place(s, c)]!, 0)
      expect(Math.abs(value - exact)).toBeLessThan(1.2) // half a unit, and scores rounded to 1/256 bit
    }
  }
})
test("no later place changes what a causal place sees, whatever its scores", () => {
  const y = integerAttention(of("q"), of("k"), of("v"), { ...options, causal: true, score: scaleOf(0.24) })
  const given = { q: Array<number>(48).fill(-128), k: Array<number>(48).fill(127), v: draw(48) }
  const other = {
    ...given,
    k: given.k.map((v, i) => (i % 24 < 18 ? v : -128)),
    v: given.v.map((v, i) => (i % 24 < 18 ? v : -v)),
  }
  const early = (values: Values): Values => values.filter((_, i) => i % 24 < 18)
  expect(early(resultOf(y, other))).toEqual(early(resultOf(y, given)))
})
