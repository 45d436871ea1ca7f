import { expect, test } from "vitest"
import { PURPOSES, shuffled, stream, threefry } from "./random.ts"

const words = (pair: readonly number[]): readonly string[] => pair.map((w) => (w >>> 0).toString(16).padStart(8, "0"))

test("threefry2x32 with 20 rounds gives the known answers of Random123", () => {
  expect(words(threefry([0, 0], [0, 0]))).toEqual(["6b200159", "99ba4efe"])
  expect(words(threefry([-1, -1], [-1, -1]))).toEqual(["1cb996fc", "bb002be7"])
  expect(words(threefry([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]))).toEqual(["c4923a9c", "483df7a0"])
})
test("a number depends on seed, purpose, step and place, and on nothing else", () => {
  const first = (...[seed, purpose, step]: Parameters<typeof stream>): number => stream(seed, purpose, step).word(0)
  const all = [0, 1, -1].flatMap((seed) =>
    PURPOSES.flatMap((purpose) => [0, 1].map((step) => first(seed, purpose, step))),
  )
  expect(new Set(all).size).toBe(all.length)
  const { word } = stream(7, "shuffle", 3)
  expect([word(5), word(0), word(5)]).toEqual([word(5), word(0), word(5)])
})
test("published numbers stay: weights are rebuilt from them", () => {
  const { word, uniform, below } = stream(42, "initialise")
  expect([word(0), word(1), word(2)]).toMatchInlineSnapshot(`
    [
      157318081,
      272534935,
      -1568111491,
    ]
  `)
  expect([uniform(0), below(0, 1000)]).toMatchInlineSnapshot(`
    [
      0.03662842512130737,
      36,
    ]
  `)
})
test("uniform numbers are in [0, 1), exact in f32, and even", () => {
  const { uniform, below } = stream(1, "mix")
  const drawn = Array.from({ length: 4096 }, (_, i) => uniform(i))
  for (const u of drawn) expect(u >= 0 && u < 1 && Math.fround(u) === u).toBe(true)
  expect(drawn.reduce((sum, u) => sum + u, 0) / drawn.length).toBeCloseTo(0.5, 1)
  const counts = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) counts[below(i, 10)]!++
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
})
test("a shuffle holds each place once, and another seed orders it otherwise", () => {
  for (const length of [0, 1, 2, 100]) {
    const order = shuffled(length, stream(3, "shuffle"))
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i))
  }
  expect([...shuffled(100, stream(3, "shuffle"))]).not.toEqual([...shuffled(100, stream(4, "shuffle"))])
})
