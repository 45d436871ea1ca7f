import { spawnSync } from "node:child_process"
import fc from "fast-check"
import { expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { widthOf } from "../layout.ts"
import { drawable, type Plot, printTick, rangeOf } from "./plot.ts"
import { plotSvg } from "./svg.ts"
import { plotText } from "./text.ts"

const CURVE: Plot = {
  title: "How much it takes",
  x: { label: "examples", scale: "log", unit: "number", ticks: [10, 100, 1000] },
  y: { label: "accuracy", scale: "linear", unit: "share", range: [0, 1], ticks: [0, 0.5, 1] },
  series: [
    {
      name: "base",
      points: [
        { x: 10, y: 0.5, low: 0.25, high: 0.75 },
        { x: 100, y: 0.75, low: 0.5, high: 1 },
        { x: 1000, y: 1, low: 1, high: 1 },
      ],
    },
    {
      name: "scratch",
      points: [
        { x: 10, y: 0 },
        { x: 1000, y: 1 },
      ],
    },
  ],
}

test("as text: every point stands where its numbers say, on a logarithmic axis too", () => {
  expect(`\n${plotText(CURVE, 60)}\n`).toMatchInlineSnapshot(`
    "
    How much it takes
    accuracy   ● base   ○ scratch   ◉ several
         ▲
    100 %┤                                               ···◉
         │                                        ·········
         │                                  ······  ···
         │                           ·······     ···
         │                    ·····●·        ····
         │              ······            ···
         │       ·······               ···
     50 %┤●······                  ····
         │                      ···
         │                   ···
         │               ····
         │            ···
         │         ···
         │     ····
         │  ···
      0 %┤○·
         └┬────────────────────────┬────────────────────────┬▶
         10                      100                     1000
                                                    examples
    "
  `)
})

test("as SVG: marks and bands lie where the scales put them", () => {
  const svg = plotSvg(CURVE)
  // The plot is 68 … 692 wide and 384 … 72 high: half-way up is 228, half-way along the decades is 380.
  expect(svg).toContain(`class="line" stroke-dasharray="none" d="M68,228L380,150L692,72"`)
  expect(svg).toContain(`class="band" d="M68,150L380,72L692,72L692,72L380,228L68,306Z"`)
  expect(svg).toContain(`class="line" stroke-dasharray="7 4" d="M68,384L692,72"`)
  expect(svg.match(/class="band"/g)).toHaveLength(1)
  expect(svg).toContain("prefers-color-scheme:dark")
  expect(plotSvg(CURVE)).toBe(svg)
})

test("a diagonal is drawn where both axes reach", () => {
  const square: Plot = {
    ...CURVE,
    x: { label: "said", scale: "linear", unit: "share", range: [0, 1] },
    series: [{ name: "it", points: [{ x: 0.5, y: 1 }] }],
    hasDiagonal: true,
  }
  expect(plotSvg(square)).toContain(`class="reference" x1="68" y1="384" x2="692" y2="72"`)
  expect(plotText(square, 60).match(/╱/g)!.length).toBeGreaterThan(40)
  expect(plotText({ ...square, hasDiagonal: false }, 60)).not.toContain("╱")
})

const anything = fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 1e308))
const anyPlot: fc.Arbitrary<Plot> = fc.record({
  title: fc.string({ unit: "grapheme" }),
  x: fc.record({
    label: fc.string(),
    scale: fc.constantFrom("linear", "log"),
    unit: fc.constantFrom("number", "share"),
  }),
  y: fc.record({
    label: fc.string(),
    scale: fc.constantFrom("linear", "log"),
    unit: fc.constantFrom("number", "share"),
  }),
  series: fc.array(
    fc.record({
      name: fc.string({ unit: "binary" }),
      points: fc.array(
        fc.record({ x: anything, y: anything, low: anything, high: anything }, { requiredKeys: ["x", "y"] }),
        { maxLength: 5 },
      ),
    }),
    { maxLength: 5 },
  ),
  hasDiagonal: fc.boolean(),
})
test("whatever the numbers and names are, both printers give a plot, without a number that is none", () => {
  fc.assert(
    fc.property(anyPlot, (plot) => {
      const svg = plotSvg(plot)
      expect(svg.replaceAll(/>[^<]*</g, "><")).not.toMatch(/NaN|Infinity|undefined/)
      expect(svg.endsWith("</svg>\n")).toBe(true)
      for (const line of plotText(plot, 60).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(300)
    }),
    { seed: 1, numRuns: 200 },
  )
})

test("names are words and never markup, and the whole is well-formed", (context) => {
  requireOrSkip(context, missingProgram("python3"))
  const name = `<script>&"'\u0000\ud800]]>`
  const svg = plotSvg({ ...CURVE, title: name, series: [{ name, points: [{ x: 10, y: 1 }] }] })
  expect(svg).not.toContain("<script")
  const { status, stderr } = spawnSync(
    "python3",
    ["-c", "import sys,xml.dom.minidom as m; m.parseString(sys.stdin.buffer.read())"],
    { input: svg, encoding: "utf8" },
  )
  expect([status, stderr]).toEqual([0, ""])
})

test("ranges: what is given, else what points and bands reach; nothing and one point have room", () => {
  expect(rangeOf(CURVE, "x")).toEqual([10, 1000])
  expect(rangeOf({ ...CURVE, y: { ...CURVE.y, range: undefined as never } }, "y")).toEqual([0, 1])
  expect(rangeOf({ ...CURVE, series: [] }, "x")).toEqual([1, 10])
  expect(rangeOf({ ...CURVE, series: [{ name: "", points: [{ x: 8, y: 0 }] }] }, "x")).toEqual([4, 16])
  expect(
    drawable(
      {
        name: "",
        points: [
          { x: 0, y: 1 },
          { x: 1, y: Number.NaN },
        ],
      },
      CURVE,
    ),
  ).toEqual([])
})
test("shares are written in percent", () => {
  expect([printTick(0.255, CURVE.y), printTick(1000, CURVE.x)]).toEqual(["25.5 %", "1000"])
})
