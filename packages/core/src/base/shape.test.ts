import { expect, test } from "vitest"
import { sameShape, sizeOf, stridesOf } from "./shape.ts"

test("the last axis is the nearest", () => {
  expect([...stridesOf([2, 3, 4])]).toEqual([12, 4, 1])
  expect([sizeOf([2, 3, 4]), sizeOf([]), sizeOf([5, 0])]).toEqual([24, 1, 0])
  expect(stridesOf([])).toEqual([])
})
test("shapes are equal when all axes are", () => {
  expect([sameShape([2, 3], [2, 3]), sameShape([2, 3], [3, 2]), sameShape([2], [2, 1])]).toEqual([true, false, false])
})
