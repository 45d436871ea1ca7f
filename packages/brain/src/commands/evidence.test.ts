import { expect, test } from "vitest"
import { widthOf } from "../layout.ts"
import { type Evident, tableOf } from "./evidence.ts"

const MESSAGES: Evident = {
  ...{ name: "shop/messages", items: 20_000, better: 150, equal: 19_794, worse: 56, margin: 0.005, mean: -0.4063 },
  ...{ evidence: { noHarm: Math.log(2851), gain: Math.log(1050), harm: -1 }, isProvenHarmless: true },
}
const NEEDED = { noHarm: 4, gain: 6, harm: 5 }
const drawn = (columns: number) => tableOf([MESSAGES], NEEDED, (_, text) => text, columns)

test("a column stands under its heading", () => {
  const [heading = "", row = ""] = drawn(100)
  expect(row).toBe("shop/messages  20000    150  19794     56  −40.63    0.5 ██████ 1 : 2851  1 : 1050  2.7 : 1")
  for (const [what, value] of [
    ["items", "20000"],
    ["worse", "   56"],
    ["points", "−40.63"],
    ["margin", "   0.5"],
  ] as const)
    expect(row.slice(heading.indexOf(what), heading.indexOf(what) + value.length)).toBe(value)
  expect(row.indexOf("██████")).toBe(heading.indexOf("no harm"))
  expect(row.indexOf("1 : 1050")).toBe(heading.indexOf("gain"))
})

test("a narrow terminal gets the same without bars", () => {
  for (const [columns, most] of [
    [100, 92],
    [80, 86],
  ] as const)
    for (const line of drawn(columns)) expect(widthOf(line)).toBeLessThanOrEqual(most)
  expect(drawn(80)[1]).toContain("0.5 1 : 2851")
})
