import { expect, test } from "vitest"
import type { Json } from "../base/json.ts"
import { bindDims, type Dims, generalise, samplePoints, substitute } from "./dims.ts"

/** The form of a number that depends on dims, by what it is at a few bindings. */
const formOf = (maxima: Dims, value: (dims: Dims) => Json): Json | undefined =>
  generalise(samplePoints(maxima).map((dims) => ({ dims, json: value(dims) })))

test.each<[string, (dims: Dims) => number, Json]>([
  ["T", ({ T }) => T!, { dims: ["T"] }],
  ["2T + 1", ({ T }) => 2 * T! + 1, { dims: ["T"], times: 2, plus: 1 }],
  ["64 - T", ({ T }) => 64 - T!, { dims: ["T"], times: -1, plus: 64 }],
  ["8BT", ({ B, T }) => 8 * B! * T!, { dims: ["B", "T"], times: 8 }],
  ["T² - 1", ({ T }) => T! * T! - 1, { dims: ["T", "T"], plus: -1 }],
  ["1 / T", ({ T }) => 1 / T!, { dims: ["T"], under: 1 }],
  ["1 / 3BT", ({ B, T }) => 1 / (3 * B! * T!), { dims: ["B", "T"], times: 3, under: 1 }],
  ["-1 / T", ({ T }) => -1 / T!, { dims: ["T"], times: -1, under: 1 }],
  ["a constant", () => 5, 5],
])("%s is found from samples, and gives its number at every binding", (_, value, form) => {
  for (const maxima of [
    { B: 16, T: 256 },
    { B: 2, T: 3 },
  ]) {
    const found = formOf(maxima, value)
    expect(found).toEqual(form)
    for (let T = 1; T <= maxima.T; T++) expect(substitute(found!, { B: 2, T })).toBe(value({ B: 2, T }))
  }
})

test.each<[string, (dims: Dims) => Json]>([
  ["a square root", ({ T }) => 1 / Math.sqrt(T!)],
  ["a sum of two dims", ({ B, T }) => B! + T!],
  ["half, rounded", ({ T }) => Math.floor(T! / 2)],
  ["lists of different lengths", ({ T }) => Array.from({ length: T! }, () => 0)],
  ["other words", ({ T }) => `${T}`],
  ["other keys", ({ T }) => ({ [`k${T}`]: 1 })],
  ["a key more", ({ T }) => (T! % 2 ? { a: 1 } : { a: 1, b: 2 })],
  ["a number or none", ({ T }) => (T! % 2 ? 1 : "1")],
])("%s has no form", (_, value) => {
  expect(formOf({ B: 16, T: 256 }, value)).toBeUndefined()
})

test("what is around a form stays as it is", () => {
  const json = formOf({ T: 64 }, ({ T }) => ({ name: "x", shape: [T!, 8], flags: [true, null] }))
  expect(json).toEqual({ name: "x", shape: [{ dims: ["T"] }, 8], flags: [true, null] })
  expect(substitute(json!, { T: 3 })).toEqual({ name: "x", shape: [3, 8], flags: [true, null] })
})

test.each<[string, Json]>([
  ["an unknown dim", { dims: ["U"] }],
  ["a name of every object", { dims: ["constructor"] }],
  ["no dims", { dims: [] }],
  ["too many", { dims: ["T", "T", "T", "T"] }],
  ["half a dim", { dims: ["T"], times: 0.5 }],
  ["a stray member", { dims: ["T"], minus: 1 }],
  ["a form inside a form", { dims: ["T"], plus: { dims: ["T"] } }],
  ["no list", { dims: "T" }],
  ["a huge factor", { dims: ["T"], times: 1e300 }],
  ["a deep nest", Array.from({ length: 100 }).reduce<Json>((inner) => [inner], 1)],
])("a stranger's form is refused: %s", (_, form) => {
  expect(() => substitute({ shape: [form] }, { T: 3 })).toThrow("error[OB220]")
})

test("dims that are not named are at their maxima; no other name, no other number", () => {
  expect(bindDims({ T: 256, B: 8 }, { T: 17 })).toEqual({ B: 8, T: 17 })
  expect(bindDims({ T: 256 }, { T: 256 })).toEqual({ T: 256 })
  for (const T of [0, -1, 257, 1.5, Number.NaN]) expect(() => bindDims({ T: 256 }, { T })).toThrow("error[OB330]")
  expect(() => bindDims({ T: 256 }, { t: 3 })).toThrow("Did you mean `T`?")
})
