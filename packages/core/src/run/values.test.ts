import { expect, test } from "vitest"
import { FINITE, type PortType } from "../composition/types.ts"
import type { Value } from "./part.ts"
import { checkValue, checkValues, jsonOf, type Plain, plainFromJson, plainOf, sizeOf } from "./values.ts"

const text: PortType = { type: "text", bytesMax: 4 }
const bytes: PortType = { type: "bytes", bytesMax: 2 }
const label: PortType = { type: "label", labels: ["yes", "no"] }
const number: PortType = { type: "number", least: 0, most: 1 }
const vector: PortType = { type: "vector", length: 2 }
const record: PortType = {
  type: "record",
  fields: [
    { name: "answer", type: label },
    { name: "score", type: number },
  ],
}

test.each<[unknown, PortType, Value]>([
  ["abcd", text, "abcd"],
  ["ää", text, "ää"],
  ["a\ud800", text, "a\ufffd"],
  [Uint8Array.of(1, 2), bytes, Uint8Array.of(1, 2)],
  ["yes", label, { label: "yes" }],
  [null, label, { label: undefined }],
  [1, number, 1],
  [-1e300, { type: "number", ...FINITE }, -1e300],
  [Float32Array.of(1, -2), vector, Float32Array.of(1, -2)],
  [{ answer: "no", score: 0.5, more: 1 }, record, { fields: { answer: { label: "no" }, score: 0.5 } }],
])("%j is a value", (given, type, value) => {
  expect(checkValue(given, type)).toEqual(value)
})

test.each<[unknown, PortType, string]>([
  ["abcde", text, "a text of more than 4 bytes where text up to 4 bytes is wanted"],
  ["äää", text, "a text of more than 4 bytes"],
  [7, text, "7 where text"],
  [undefined, text, "nothing at all"],
  [Uint8Array.of(1, 2, 3), bytes, "3 bytes where bytes up to 2"],
  ["maybe", label, 'the label "maybe" where label { yes no } is wanted'],
  ["x".repeat(99), label, `the label "${"x".repeat(40)}…"`],
  [undefined, label, "nothing at all"],
  [Number.NaN, number, "NaN where number from 0 to 1"],
  [Number.POSITIVE_INFINITY, { type: "number", ...FINITE }, "Infinity"],
  [1.5, number, "1.5"],
  ["1", number, 'the text "1"'],
  [Float32Array.of(1), vector, "a vector of 1 numbers"],
  [Float32Array.of(1, Number.NaN), vector, "not finite"],
  [[1, 2], vector, "a list"],
  [{ answer: "no" }, record, "of its field `score`: nothing at all"],
  [Object.create({ answer: "no", score: 1 }), record, "of its field `answer`: nothing at all"],
  [null, record, "null"],
  [Symbol("s"), record, "a symbol"],
  [1, { type: "stream", of: number, hz: 1 }, "a single value"],
])("%s is none", (given, type, reason) => {
  expect(checkValue(given, type)).toEqual({ nothing: expect.stringContaining(reason) })
})

test("no code of an object is run while it is checked", () => {
  const trap = {
    get answer(): string {
      throw new Error("ran")
    },
    score: 1,
  }
  expect(checkValue(trap, record)).toEqual({ nothing: expect.stringContaining("`answer`: nothing at all") })
})

test("of several the first wrong one is named", () => {
  const ports = [
    { name: "a", type: number },
    { name: "b", type: text },
  ]
  expect(checkValues([1, "b"], ports)).toEqual([1, "b"])
  expect(checkValues([1], ports)).toEqual({ nothing: expect.stringMatching(/^it gave for `b` nothing at all/) })
})

test.each<[Plain, PortType]>([
  ["ä", text],
  [Uint8Array.of(0, 255), bytes],
  [null, label],
  [0.1, number],
  [Float32Array.of(0.1, -3e-42), vector],
  [{ answer: null, score: 1 }, record],
])("%j goes through JSON to the bit", (plain, type) => {
  const there = plainFromJson(JSON.parse(JSON.stringify(jsonOf(plain))), type)
  expect(there).toEqual(plain)
  const value = checkValue(there, type) as Value
  expect(plainOf(value)).toEqual(plain)
})

test("a list with something else than numbers, and what is no base 64, are left to be refused", () => {
  expect(plainFromJson([1, null], vector)).toEqual([1, null])
  expect(plainFromJson("?", bytes)).toBe("?")
})

test("sizes against a limit", () => {
  expect(
    sizeOf({ fields: { a: "ä", b: 1, c: Float32Array.of(1, 2), d: { label: "yes" }, e: { label: undefined } } }),
  ).toBe(2 + 8 + 8 + 3)
})
