import { expect, test } from "vitest"
import type { Dot } from "./dot.ts"
import { rangeOf, repeated, segmentsOf } from "./dot_pack.ts"

const dot = (runs: number, length: number, jump: number): Dot => ({
  ...{ name: "d", outputs: 1, runs, length, jump, data: "u8", accumulator: 24 },
  weights: [Array.from({ length: runs * length }, () => 1)],
})

test("a long run falls into pieces of whole steps, each emptied", () => {
  expect(segmentsOf(dot(1, 70, 70), 32, 4)).toEqual([
    { count: 24, skip: 0, flush: 1 },
    { count: 24, skip: 0, flush: 2 },
    { count: 22, skip: 0, flush: 2 },
  ])
})
test("short runs are emptied together, and the last one leads nowhere", () => {
  expect(segmentsOf(dot(3, 9, 30), 20, 4)).toEqual([
    { count: 9, skip: 21, flush: 0 },
    { count: 9, skip: 21, flush: 1 },
    { count: 9, skip: 0, flush: 2 },
  ])
})
test("runs may overlap: the way to the next one is backwards", () => {
  expect(segmentsOf(dot(2, 9, 3), 9, 4)[0]).toEqual({ count: 9, skip: -6, flush: 1 })
})
test("equal neighbours are counted", () => {
  expect(repeated(segmentsOf(dot(1, 64, 64), 16, 4))).toEqual([
    { count: 16, skip: 0, flush: 1, times: 1 },
    { count: 16, skip: 0, flush: 2, times: 3 },
  ])
})
test("the range of a sum takes each x from the end that its weight's sign asks for", () => {
  expect(rangeOf([3, -2], "u8")).toEqual([-510, 765])
  expect(rangeOf([3, -2], "i8")).toEqual([3 * -128 - 2 * 127, 3 * 127 + 2 * 128])
})
