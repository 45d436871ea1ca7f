import { expect, test } from "vitest"
import { openPauses, sleep } from "./pause.ts"

test("pauses grow up to the longest, each cut by half at most, and are short again after work", () => {
  const [whole, half] = [openPauses(100, 500, () => 0), openPauses(100, 500, () => 1)]
  expect([1, 2, 3, 4, 5].map(() => whole.next())).toEqual([100, 200, 400, 500, 500])
  expect([1, 2, 3, 4].map(() => half.next())).toEqual([50, 100, 200, 250])
  whole.reset()
  expect(whole.next()).toBe(100)
})

test("a hub that wants to be asked sooner is", () => {
  const pauses = openPauses(1000, 8000, () => 0.5)
  expect([pauses.next(2000), pauses.next(2000), pauses.next(2000)]).toEqual([750, 1500, 1500])
})

test("whoever sleeps is woken by the signal", async () => {
  const stop = new AbortController()
  const start = performance.now()
  setTimeout(() => stop.abort(), 5)
  await sleep(10_000, stop.signal)
  await sleep(10_000, stop.signal)
  expect(performance.now() - start).toBeLessThan(5000)
})
