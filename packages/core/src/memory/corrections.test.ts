import fc from "fast-check"
import { expect, test } from "vitest"
import { Refusal } from "../base/problem.ts"
import {
  CORRECTION_LIMITS,
  type Correction,
  checkCorrection,
  parseCorrections,
  printCorrections,
} from "./corrections.ts"

const codesOf = (work: () => unknown): readonly string[] => {
  try {
    work()
    return []
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.problems.map(({ code }) => code)
  }
}
const ONE: Correction = { text: 'where is "it"?\n', label: "parcel" }
const NONE: Correction = { text: "tell me a joke", label: undefined }

test("one canonical line each; what is printed is read", () => {
  expect(printCorrections([ONE, NONE])).toBe(
    '{"label":"parcel","text":"where is \\"it\\"?\\n"}\n{"label":null,"text":"tell me a joke"}\n',
  )
  expect(parseCorrections(printCorrections([ONE, NONE]))).toEqual([ONE, NONE])
  expect(parseCorrections("")).toEqual([])
})

test("whatever is damaged is OB552, and never taken for something else", () => {
  const line = printCorrections([ONE])
  const damaged = [
    line.slice(0, -1),
    `${line}\n`,
    ` ${line}`,
    line.replace(":", ": "),
    '{"text":"x","label":"a"}\n',
    '{"label":"a","text":"x","more":1}\n',
    '{"label":1,"text":"x"}\n',
    '{"label":"a","text":""}\n',
    '{"label":"a\\nb","text":"x"}\n',
    '{"label":" a","text":"x"}\n',
    "[]\n",
    "null\n",
    `${printCorrections([ONE]).repeat(CORRECTION_LIMITS.lessons + 1)}`,
  ]
  for (const source of damaged)
    expect(
      codesOf(() => parseCorrections(source)),
      source.slice(0, 80),
    ).toEqual(["OB552"])
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 255 }), (at, byte) => {
      const bytes = new TextEncoder().encode(printCorrections([ONE, NONE]))
      bytes[at % bytes.length] = byte
      const source = new TextDecoder().decode(bytes)
      const codes = codesOf(() => {
        expect(printCorrections(parseCorrections(source))).toBe(source)
      })
      expect([[], ["OB552"]]).toContainEqual(codes)
    }),
  )
})

test("a correction has a text, and a label of one line or none", () => {
  const flaws = [
    { text: " ", label: "a" },
    { text: "x".repeat(CORRECTION_LIMITS.textUnits + 1), label: "a" },
    ...["", " a", "a\nb", "x".repeat(257)].map((label) => ({ text: "x", label })),
  ]
  for (const flaw of flaws) expect(codesOf(() => checkCorrection(flaw))).toEqual(["OB550"])
  for (const fine of [ONE, NONE]) expect(checkCorrection(fine)).toBe(fine)
})
