import fc from "fast-check"
import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { type Evidence, openEvidence } from "./evidence.ts"

const gathered = (differences: readonly number[], margins: readonly number[] = []): Evidence => {
  const evidence = openEvidence(margins)
  for (const d of differences) evidence.add(d)
  return evidence
}
/** The formula as it is written: products, no logarithm. */
const products = (differences: readonly number[], m: number): number => {
  const stakes = [0.1, 0.17, 0.19, 0.15, 0.11, 0.08, 0.06, 0.05, 0.05, 0.04]
  return stakes.reduce((sum, stake, k) => {
    const l = (0.95 * 0.6 ** k) / (1 + m)
    return sum + stake * differences.reduce((product, d) => product * (1 + l * (d - m)), 1)
  }, 0)
}
const whole = fc.constantFrom(-1, 0, 1)
const any = fc.oneof(whole, fc.double({ min: -1, max: 1, noNaN: true }))
const margin = fc.constantFrom(-0.02, -0.01, -0.005, 0, 0.01)

test("it is the formula, for and against, of whole differences and of others", () => {
  fc.assert(
    fc.property(fc.array(any, { maxLength: 60 }), margin, (differences, m) => {
      const evidence = gathered(differences, [m])
      const against = differences.map((d) => -d)
      expect(Math.abs(evidence.log(m) - Math.log(products(differences, m)))).toBeLessThan(1e-9)
      expect(Math.abs(evidence.logAgainst(0 - m) - Math.log(products(against, 0 - m)))).toBeLessThan(1e-9)
    }),
  )
})
test("no items are no evidence", () => {
  expect([openEvidence([]).log(0), openEvidence([]).logAgainst(0.01)]).toEqual([0, 0])
  expect(openEvidence([]).mean).toBeNaN()
})
test("of whole differences the counts say all: about any boundary, in any order", () => {
  fc.assert(
    fc.property(fc.array(whole), margin, (differences, m) => {
      const [a, b] = [gathered(differences), gathered(differences.toSorted(), [0.3])]
      expect([a.log(m), a.logAgainst(m)]).toEqual([b.log(m), b.logAgainst(m)])
      expect([a.better, a.equal, a.worse]).toEqual([1, 0, -1].map((d) => differences.filter((x) => x === d).length))
    }),
  )
})
test("mean, variance and counts, also of differences that are no whole ones", () => {
  const evidence = gathered([1, 0.5, 0, -0.25, -1, -0], [0])
  expect([evidence.better, evidence.equal, evidence.worse, evidence.items]).toEqual([2, 2, 2, 6])
  expect(evidence.mean).toBeCloseTo(0.25 / 6, 15)
  expect(evidence.variance).toBeCloseTo((1 + 0.25 + 0.0625 + 1) / 6 - (0.25 / 6) ** 2, 15)
})
test("what was not gathered is not answered, nor taken what is no difference", () => {
  expect(() => gathered([0.5], [0]).log(-0.01)).toThrow("bug: evidence about -0.01 was not gathered")
  expect(gathered([0.5], [-0.01]).logAgainst(0.01)).toBeLessThan(0)
  for (const odd of [1.0001, -2, Number.NaN, Infinity])
    expect(() => openEvidence([]).add(odd)).toThrow(`bug: ${odd} is no difference of scores`)
})

/** Ville: while the mean is at most m, evidence reaches 1/α in at most a share α of all runs, however often one looks. */
test("looking after every item, evidence of 20 is reached by chance in at most one run of twenty", () => {
  const draws = stream(7, "draw")
  let [reached, next] = [0, 0]
  const runs = 400
  for (let run = 0; run < runs; run++) {
    const evidence = openEvidence([])
    let isReached = false
    for (let i = 0; i < 400 && !isReached; i++) {
      const u = draws.uniform(next++)
      evidence.add(u < 0.1 ? 1 : u < 0.2 ? -1 : 0)
      isReached = evidence.log(0) >= Math.log(20)
    }
    if (isReached) reached++
  }
  expect(reached / runs).toBeLessThanOrEqual(0.05)
  expect(reached).toBeGreaterThan(0) // it is no empty promise: chance comes near
})
test("a verdict hangs on these bits", () => {
  const items = [...Array(40).fill(1), ...Array(900).fill(0), ...Array(20).fill(-1)] as readonly number[]
  const mixed = gathered([...items, 0.25, -0.125, 0.0625], [-0.01, 0])
  const counts = gathered(items)
  expect([counts.log(-0.01), counts.log(0), counts.logAgainst(0.01)]).toMatchInlineSnapshot(`
    [
      5.724805250808255,
      2.334641843865359,
      -2.2177259215965663,
    ]
  `)
  expect([mixed.log(-0.01), mixed.log(0), mixed.logAgainst(0.01)]).toMatchInlineSnapshot(`
    [
      5.81037222356703,
      2.384268227889971,
      -2.223483870357554,
    ]
  `)
})
