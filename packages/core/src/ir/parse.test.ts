import fc from "fast-check"
import { expect, test } from "vitest"
import type { Json } from "../base/json.ts"
import { Refusal } from "../base/problem.ts"
import { interpret, memoryOf } from "./interpret.ts"
import { parseProgram } from "./parse.ts"
import type { Program } from "./program.ts"
import { hostileProgram, SEED } from "./testing/hostile.ts"
import { validate } from "./validate.ts"

const json = (program: Program): Json => JSON.parse(JSON.stringify(program)) as Json
/** The program, or what the refusal said; anything else that is thrown goes on. */
function attempt(text: Json): Program | string {
  try {
    return parseProgram(text)
  } catch (error) {
    if (error instanceof Refusal && error.problems.length > 0) return error.message
    throw error
  }
}
/** All of JSON, with the words of the format in it more often than chance would have them. */
const JSONS: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<Json>(null, true, 0, -0, 1, -1, 0.5, 1e308, 2 ** 31),
    fc.constantFrom("i32", "f32", "f64", "toString", "__proto__", "constant", "local", "load", "unary", "binary"),
    fc.constantFrom("select", "let", "set", "store", "if", "loop", "i32.add", "f32.sqrt", "input", "", "\u0000"),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        ..."name buffers body kind scalar value dtype buffer index op left right condition yes no".split(" "),
        "length",
        "access",
        "values",
        "count",
        "maximum",
        "__proto__",
      ),
      tie("json"),
      { maxKeys: 6 },
    ),
  ),
})).json

test("what is written is read back, but for promises, which a stranger may not make", () => {
  const constants = /NaN|Infinity/ // JSON has none
  for (const program of fc.sample(hostileProgram(), { numRuns: 40, seed: SEED })) {
    const text = JSON.stringify(program, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? `${v}` : v))
    if (constants.test(text)) continue
    const kept = JSON.parse(text.replaceAll('"parallel":true', '"parallel":false')) as Json
    expect(parseProgram(json(program))).toEqual(kept)
  }
})

test(`random JSON is refused, never a crash (SEED=${SEED})`, () => {
  const rooted = fc.oneof(JSONS, fc.record({ name: fc.constant("p"), buffers: fc.array(JSONS), body: fc.array(JSONS) }))
  fc.assert(
    fc.property(rooted, (text) => void attempt(text)),
    { seed: SEED, numRuns: 2000 },
  )
})

test(`a damaged program is refused, or is a valid one that runs within its memory (SEED=${SEED})`, () => {
  const damaged = fc.tuple(hostileProgram(), fc.array(fc.tuple(fc.nat(), JSONS), { minLength: 1, maxLength: 3 }))
  let refused = 0
  fc.assert(
    fc.property(damaged, ([program, wounds]) => {
      let text = json(program)
      for (const [at, wound] of wounds) text = replaced(text, at % (placesIn(text) + 1), wound)
      const outcome = attempt(text)
      if (typeof outcome === "string") return void refused++
      expect(validate(outcome)).toEqual([])
      interpret(bounded(outcome), memoryOf(outcome)) // asserts every index
    }),
    { seed: SEED, numRuns: 80 },
  )
  expect(refused).toBeGreaterThan(20)
})

test("nesting beyond all limits is refused before the stack ends", () => {
  const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`) as Json
  expect(attempt(deep)).toContain("OB211")
  expect(attempt({ name: "p", buffers: [], body: [{ kind: "let", name: "x", value: deep }] })).toContain("OB211")
  let value: Json = { kind: "constant", scalar: "i32", value: 1 }
  for (let i = 0; i < 5000; i++) value = { kind: "load", dtype: "u8", buffer: "x", index: value }
  expect(attempt({ name: "p", buffers: [], body: [{ kind: "let", name: "x", value }] })).toContain("nested too deep")
})

const placesIn = (text: Json): number =>
  typeof text === "object" && text !== null
    ? Object.values(text).reduce((sum: number, each) => sum + 1 + placesIn(each as Json), 0)
    : 0
/** `text` with its place number `at` replaced. */
function replaced(text: Json, at: number, by: Json): Json {
  let left = at
  const visit = (each: Json): Json => {
    if (left-- === 0) return by
    if (Array.isArray(each)) return each.map(visit)
    if (typeof each !== "object" || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([key, member]) => [key, visit(member)]))
  }
  return visit(text)
}
/** A damaged maximum may be 2³¹: legal, but a test has no such time. */
const bounded = (program: Program): Program =>
  JSON.parse(JSON.stringify(program), (key, value) => (key === "maximum" ? Math.min(value, 7) : value)) as Program
