import fc from "fast-check"
import { expect, test } from "vitest"
import { marginOf, protectedBenchmarks } from "./protected.ts"

const uses = (...namespaces: readonly number[]) =>
  namespaces.map((each, i) => ({ benchmark: `b${i}`, namespaces: each }))
const names = (...of: Parameters<typeof protectedBenchmarks>) => protectedBenchmarks(...of).map(({ name }) => name)

test("95 % of popularity are protected, and at least 8", () => {
  expect(names(uses(...Array<number>(12).fill(10), 1, 1, 1))).toHaveLength(12) // 120 of 123; 11 would be 89 %
  expect(names(uses(1000, 1, 1, 1, 1, 1, 1, 1, 1, 1))).toHaveLength(8)
  expect(names(uses(95, 5))).toEqual(["b0", "b1"])
})
test("at most 64, the most popular first, and equals by name", () => {
  const many = names(uses(...Array<number>(200).fill(3)).toReversed())
  expect(many).toHaveLength(64)
  expect(many.slice(0, 3)).toEqual(["b0", "b1", "b10"])
})
test("weights are square roots, as shares: a hundred namespaces are worth ten", () => {
  const [a, b] = protectedBenchmarks(uses(100, 1))
  expect([a!.weight, b!.weight]).toEqual([10 / 11, 1 / 11])
})
test("the target is protected though nobody lives by it, and counts once", () => {
  expect(protectedBenchmarks([], "new")).toEqual([{ benchmark: "new", name: "new", namespaces: 1, weight: 1 }])
  expect(names(uses(4, 0), "b1")).toEqual(["b0", "b1"])
  expect(names(uses(4, 1), "b0")).toEqual(["b0", "b1"]) // no second time
  expect(names(uses(4, 0))).toEqual(["b0"])
})
test("whatever the uses, weights add up to 1, and their order does not matter", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 120 }), (counts) => {
      const found = protectedBenchmarks(uses(...counts))
      expect(found).toEqual(protectedBenchmarks(uses(...counts).toReversed()))
      if (found.length > 0) expect(found.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
      expect(found.length).toBeLessThanOrEqual(64)
    }),
  )
})
test("who is lived by more may lose less", () => {
  expect([0.5, 0.05, 0.049, 0.005, 0.0049, 0].map(marginOf)).toEqual([0.005, 0.005, 0.01, 0.01, 0.02, 0.02])
})
test("a count that is none, or comes twice, is our bug", () => {
  expect(() => protectedBenchmarks(uses(-1))).toThrow("bug")
  expect(() => protectedBenchmarks([...uses(1), ...uses(1)])).toThrow("bug")
})
