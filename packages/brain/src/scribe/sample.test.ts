import { stream } from "@open-brains/core/base/random.ts"
import { expect, test } from "vitest"
import { drawByte } from "./sample.ts"

const CHANCES = Float64Array.from({ length: 256 }, (_, byte) => [0.5, 0.25, 0.125, 0.125][byte - 65] ?? 0)
/** How often each was drawn, of 4000. */
function counted(temperature: number, topP: number): readonly number[] {
  const random = stream(7, "draw")
  const counts = new Array<number>(4).fill(0)
  for (let i = 0; i < 4000; i++) counts[drawByte(CHANCES, { temperature, topP }, random, i) - 65]!++
  return counts.map((count) => count / 4000)
}
const near = (found: readonly number[], expected: readonly number[]): void =>
  expected.forEach((each, i) => void expect(found[i]).toBeCloseTo(each, 1))

test("bytes are drawn as likely as they are, and as the temperature says", () => {
  near(counted(1, 1), [0.5, 0.25, 0.125, 0.125])
  near(counted(0.5, 1), [16 / 22, 4 / 22, 1 / 22, 1 / 22])
  near(counted(100, 1), [0.25, 0.25, 0.25, 0.25])
  expect(counted(0, 1)).toEqual([1, 0, 0, 0])
})
test("top-p keeps the fewest likeliest that reach it", () => {
  expect(counted(1, 0.4)).toEqual([1, 0, 0, 0])
  expect(counted(1, 0)).toEqual([1, 0, 0, 0])
  const [first, second, ...others] = counted(1, 0.75)
  near([first!, second!], [2 / 3, 1 / 3])
  expect(others).toEqual([0, 0])
})
test("what cannot be is never drawn, and a chance below 2⁻²⁴ can be", () => {
  const tiny = new Float64Array(256)
  tiny[1] = 2 ** -30
  for (let i = 0; i < 100; i++) expect(drawByte(tiny, { temperature: 1, topP: 1 }, stream(1, "draw"), i)).toBe(1)
  expect(() => drawByte(new Float64Array(256), { temperature: 1, topP: 1 }, stream(1, "draw"), 0)).toThrow("bug")
})
test("the same bytes on every machine", () => {
  const chances = Float64Array.from({ length: 256 }, (_, i) => (i + 1) / 32896)
  const draws = Array.from({ length: 12 }, (_, i) =>
    drawByte(chances, { temperature: 0.7, topP: 0.9 }, stream(3, "draw"), i),
  )
  expect(draws).toMatchInlineSnapshot(`
    [
      181,
      245,
      199,
      240,
      154,
      233,
      165,
      114,
      165,
      224,
      243,
      251,
    ]
  `)
})
