import fc from "fast-check"
import { expect, test } from "vitest"
import { type Bars, barOf, barsSvg } from "./bars.ts"

const BARS: Bars = {
  title: "Worth",
  label: "bits",
  rows: [
    { name: "word", value: 1 },
    { name: "match", value: 0.25 },
    { name: "order6", value: -0.5 },
  ],
  print: (value) => value.toFixed(2),
}
test("bars are as long as their numbers, and none where there is nothing to see", () => {
  expect([barOf(8, 8, 4), barOf(2, 8, 4), barOf(-1, 8, 4)]).toEqual(["████", "█", ""])
  expect([barOf(1, 8, 1), barOf(0, 8, 9), barOf(1e-9, 8, 9), barOf(99, 8, 2)]).toEqual(["▏", "", "▏", "██"])
})
test("as SVG: widths are shares of the most, and names are words", () => {
  const svg = barsSvg({ ...BARS, rows: [...BARS.rows, { name: "<b>", value: Number.NaN }] })
  expect([...svg.matchAll(/class="bar" .*? width="([\d.]+)"/g)].map(([, width]) => Number(width))).toEqual([
    436, 109, 0, 0,
  ])
  expect(svg).not.toContain("<b>")
})
test("whatever the numbers and names are, a plot comes of it", () => {
  const row = fc.record({ name: fc.string({ unit: "binary" }), value: fc.double() })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
      const bars = { ...BARS, rows }
      expect(barsSvg(bars).replaceAll(/>[^<]*</g, "><")).not.toMatch(/NaN|Infinity|undefined/)
    }),
    { seed: 1 },
  )
})
