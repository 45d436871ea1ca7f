import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { add, buffer, i32, load, local, loop, mul, store, table } from "../ir/build.ts"
import type { Program } from "../ir/program.ts"
import { validate } from "../ir/validate.ts"
import { link, type Part } from "./link.ts"

const i = local("i")
/** y = x · factor + 1, by way of a scratch, with the factor in a table. */
function scaled(factor: number, length = 3): Program {
  const [x, y] = [buffer("input", "i32", "x", length), buffer("output", "i32", "y", length)]
  const [held, factors] = [buffer("scratch", "i32", "held", length), table("i32", "factors", [factor])]
  const body = [
    loop(i, length, [store(held, i, mul(load(x, i), load(factors, i32(0))))]),
    loop("j", length, [store(y, local("j"), add(load(held, local("j")), i32(1)))]),
  ]
  return { name: "scaled", buffers: [x, y, held, factors], body }
}
/** total += the first element of x. */
function counter(access: "input" | "state" = "state"): Program {
  const [x, total] = [buffer("input", "i32", "x", 1), buffer(access, "i32", "total", 1)]
  const [seen, at] = [buffer("output", "i32", "seen", 1), i32(0)]
  const change = access === "state" ? [store(total, at, add(load(total, at), load(x, at)))] : []
  return { name: "counter", buffers: [x, total, seen], body: [...change, store(seen, at, load(total, at))] }
}
const part = (name: string, program: Program, wires: Part["wires"] = {}): Part => ({ name, program, wires })

test.each([interpreterEngine, wasmEngine])("the output of one part is the input of the next, on $name", (engine) => {
  const parts = [part("a", scaled(2), { x: "given", y: "middle" }), part("b", scaled(10), { x: "middle", y: "answer" })]
  const { program, names } = link("chain", parts, { runs: ["a", "b"] })
  expect(validate(program)).toEqual([])
  expect(names["b"]).toEqual({ x: "middle", y: "answer", held: "b_held", factors: "b_factors" })
  const { memory, run } = engine.instantiate(program)
  memory["given"]!.set([1, 2, 3])
  run()
  expect([...memory["answer"]!]).toEqual([31, 51, 71])
  expect([...memory["a_held"]!]).toEqual([2, 4, 6]) // what is private stays apart
})

test("parts that do not run are entries over one state, and what is not wired is nobody else's", () => {
  const wires = { total: "total" }
  const { program, names } = link("net", [part("learn", counter(), wires), part("predict", counter("input"), wires)])
  expect(validate(program)).toEqual([])
  expect(program.buffers.filter(({ name }) => name === "total")).toEqual([buffer("state", "i32", "total", 1)])
  expect([names["learn"]!["x"], names["predict"]!["x"]]).toEqual(["learn_x", "predict_x"])
  const { memory, entries } = interpreterEngine.instantiate(program)
  memory["learn_x"]!.set([5])
  entries["learn"]!()
  entries["learn"]!()
  entries["predict"]!()
  expect([memory["predict_seen"]![0], memory["predict_x"]![0]]).toEqual([10, 0])
})

test("one program can stand in a whole more than once", () => {
  const parts = ["one", "two", "three"].map((name) => part(name, scaled(3), { x: "x" }))
  const { program } = link("net", parts, { runs: ["three", "one"] })
  expect(validate(program)).toEqual([])
  expect(Object.keys(program.entries!)).toEqual(["two"])
  const { memory, run } = interpreterEngine.instantiate(program)
  memory["x"]!.set([1, 1, 1])
  run()
  expect([memory["three_y"]![0], memory["two_y"]![0]]).toEqual([4, 0])
})

test("a shorter use of a buffer has the first of its elements", () => {
  const parts = [part("all", scaled(2), { x: "x" }), part("some", scaled(5, 2), { x: "x" })]
  const { program } = link("net", parts)
  expect(program.buffers.find(({ name }) => name === "x")!.length).toBe(3)
  expect(validate(program)).toEqual([])
})

test("names stay names: long ones are cut and told apart, those taken are avoided", () => {
  const long = "p".repeat(60)
  const { program } = link("net", [part(long, scaled(2)), part("b", scaled(2))], { taken: ["b_x", "b_i"] })
  expect(validate(program)).toEqual([])
  expect(program.buffers.map(({ name }) => name)).not.toContain("b_x")
})

test("entries of parts are named after them; what the parts that run prepare is one entry", () => {
  const prepared: Program = { ...scaled(2), entries: { prepare: [loop("k", 3, [])], reset: [loop("l", 3, [])] } }
  const parts = ["a", "b", "c"].map((name) => part(name, prepared))
  const { program } = link("net", parts, { runs: ["a", "b"] })
  expect(Object.keys(program.entries!).sort()).toEqual(["a_reset", "b_reset", "c", "c_prepare", "c_reset", "prepare"])
  expect(program.entries!["prepare"]).toHaveLength(2)
  expect(validate(program)).toEqual([])
})

test.each<[string, readonly Part[]]>([
  [
    "dtypes differ",
    [
      part("a", scaled(2), { x: "x", held: "x" }),
      part("b", { ...scaled(2), buffers: [buffer("input", "u8", "x", 3)] }, { x: "x" }),
    ],
  ],
  ["two sets of values", [part("a", scaled(2), { factors: "f" }), part("b", scaled(3), { factors: "f" })]],
  ["no such buffer", [part("a", scaled(2), { z: "x" })]],
  ["two parts of one name", [part("a", scaled(2)), part("a", scaled(2))]],
])("wires that do not fit are a bug: %s", (_, parts) => {
  expect(() => link("net", parts)).toThrow(/^bug: /)
})
