import fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson, type Json } from "./json.ts"

test("the example of RFC 8785, section 3.2.2", () => {
  const value: Json = {
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  }
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})
test("keys are in the order of their code units, not of a language", () => {
  expect(canonicalJson({ é: 1, z: 2, Z: 3, "10": 4, "9": 5, "😀": 6, "\ufb33": 7, "": 8 })).toBe(
    '{"":8,"10":4,"9":5,"Z":3,"z":2,"é":1,"😀":6,"\ufb33":7}',
  )
})
test("the order in which an object was made does not show, and the value is read back", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value as Json)
      expect(canonicalJson(reversed(value as Json))).toBe(text)
      expect(canonicalJson(JSON.parse(text) as Json)).toBe(text)
    }),
  )
})
test("a number without JSON is our bug", () => {
  for (const value of [Number.NaN, Infinity, [-Infinity]]) expect(() => canonicalJson(value)).toThrow("has no JSON")
})

function reversed(value: Json): Json {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(reversed)
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  )
}
