import { expect, test } from "vitest"
import type { OpenExample } from "./data/split.ts"
import { place } from "./examples.ts"
import { remarksOn } from "./remarks.ts"

const given: readonly OpenExample[] = [
  { text: "where is my parcel", label: "parcel", line: 2 },
  { text: "money back", label: "refund", line: 3 },
  { text: "Money back", label: "refund", line: 4 },
  { text: "no parcel came", label: "parcel", line: 5 },
  { text: "WHERE is my parcel?", label: "parcel", split: "test", line: 9 },
  { text: "refund me", label: "refund", split: "test", line: 10 },
]

test("a test's text among the examples is named with both lines, counted, and not learnt from", () => {
  const placed = place(given, 1)
  expect(remarksOn(given, placed, 1024)).toEqual({
    duplicates: 1,
    leaks: [{ text: "where is my parcel", line: 2, testLine: 9 }],
    conflicts: [],
    cut: 0,
  })
  expect(placed.filter(({ split }) => split !== "test").map(({ text }) => text)).not.toContain("where is my parcel")
})
test("without tests of one's own nothing leaks", () => {
  const own = given.filter(({ split }) => split === undefined)
  expect(remarksOn(own, place(own, 1), 1024)).toMatchObject({ duplicates: 1, leaks: [] })
})
