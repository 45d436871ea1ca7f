import { expect, test } from "vitest"
import { afterBit, FIRST_CHANCES, HISTORIES, NEXT_STATES } from "./bit_history.ts"

test("255 states, the first of which has seen nothing", () => {
  expect(HISTORIES.length).toBe(255)
  expect(HISTORIES[0]).toEqual({ zeros: 0, ones: 0, last: 0 })
  expect(new Set(HISTORIES.map((each) => JSON.stringify(each))).size).toBe(255)
})
test("a state with a larger number has seen no less", () => {
  const seen = HISTORIES.map(({ zeros, ones }) => zeros + ones)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
})
test("every bit leads to a state that ends with it, and no more than a quarter of the states is never reached", () => {
  const reached = new Set([0])
  for (const state of reached) {
    for (const bit of [0, 1] as const) {
      const next = NEXT_STATES[2 * state + bit]!
      expect(HISTORIES[next]!.last).toBe(bit)
      expect(bit === 0 ? HISTORIES[next]!.zeros : HISTORIES[next]!.ones).toBeGreaterThan(0)
      reached.add(next)
    }
  }
  expect(reached.size).toBeGreaterThan((255 * 3) / 4)
})
test("counts grow by one, and a bit against many takes about half of them", () => {
  const after = (zeros: number, ones: number, bit: 0 | 1) => HISTORIES[afterBit({ zeros, ones, last: 0 }, bit)]!
  expect(after(3, 0, 0)).toEqual({ zeros: 4, ones: 0, last: 0 })
  expect(after(28, 0, 0)).toEqual({ zeros: 28, ones: 0, last: 0 })
  expect(after(20, 0, 1)).toEqual({ zeros: 11, ones: 1, last: 1 })
  expect(after(2, 1, 1)).toEqual({ zeros: 2, ones: 2, last: 1 })
})
test("what a state says at first agrees with its counts", () => {
  for (const [i, { zeros, ones }] of HISTORIES.entries())
    expect(FIRST_CHANCES[i]! / 2 ** 22).toBeCloseTo((ones + 0.4) / (zeros + ones + 0.8), 5)
})
