import { expect, test } from "vitest"
import { firstAsGood } from "./choice.ts"

const still = [1, 1, 1, 1]
test("the cheapest is kept where it is cheaper by more than a standard error of the differences", () => {
  expect(firstAsGood([still, [0.5, 0.4, 0.6, 0.5]])).toBe(1)
  expect(firstAsGood([still, [0, 2, 0, 1.5]])).toBe(0) // cheaper by 0.125, with an error of 0.45
  expect(firstAsGood([still, [0, 1, 1, 1]])).toBe(1) // by 0.25, with an error of 0.217
})
test("an earlier one is kept where they are the same, and where there is no text to judge on", () => {
  expect([firstAsGood([still, still]), firstAsGood([[2, 2, 2, 2], still, still]), firstAsGood([[], []])]).toEqual([
    0, 1, 0,
  ])
})
test("of several that are as good the first, and never one that is clearly worse", () => {
  expect(firstAsGood([[3, 3, 3, 3], [0.5, 2, 1, 1], still])).toBe(1)
})
