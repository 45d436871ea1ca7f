import type { Part } from "@open-brains/core/run/part.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import wabtStart from "wabt"
import { openCode } from "./open.ts"
import { ATTACKS, LATE } from "./testing/attacks.ts"
import { declareCode, TEXT } from "./testing/declare.ts"

const LATENCY_MS = 60
/** Beyond its limit, on a machine that does other things as well: to end a thread and to notice. */
const LITTLE_MS = 400
const MEMORY = 4 * 2 ** 20
const limits = { latencyMs: LATENCY_MS, memoryBytes: MEMORY, outputBytes: 2000 }

let neighbour: Part
beforeAll(async () => {
  neighbour = await openCode(declareCode(), "let n = 0; function answer(m) { return m + ++n }")
})
afterAll(() => neighbour.close?.())
let asked = 0

/** Nothing with a reason, soon; afterwards the part answers, in a fresh state where it was cut off, and so does another part. */
async function contained(part: Part, attack: string, reason: RegExp): Promise<void> {
  const before = performance.now()
  const answered = await part.ask([attack], undefined)
  const took = performance.now() - before
  expect(answered).toEqual({ nothing: expect.stringMatching(reason) })
  expect(took).toBeLessThan(LATENCY_MS + LITTLE_MS)
  expect(await part.ask(["well"], undefined)).toEqual(["well"])
  expect(await neighbour.ask(["n"], undefined)).toEqual([`n${++asked}`])
}

test.each(Object.entries(ATTACKS))("contained: %s", async (_, [attack, reason]) => {
  const source = `function attack() { ${attack} }
function answer(message) { return message === "well" ? message : attack(message) }`
  const gives = { reply: { ...TEXT, bytesMax: 1500 } }
  const part = await openCode(declareCode({ limits: { ...limits, outputBytes: 1000 }, gives }), source)
  await contained(part, "attack", reason)
  await part.close?.()
})

test("many outputs: getters without end, and fields by a prototype", async () => {
  const gives = { one: TEXT, two: TEXT }
  const source = `function answer(m) {
    if (m === "loop") return { one: "x", get two() { for (;;); } }
    if (m === "once") { let n = 0; return { one: "x", get two() { return n++ ? 7 : "y" } } }
    return m === "cycle" ? (() => { const o = {}; o.one = o; return o })() : []
  }`
  const part = await openCode(declareCode({ limits, gives }), source)
  expect(await part.ask(["loop"], undefined)).toEqual({ nothing: expect.stringMatching(LATE) })
  expect(await part.ask(["once"], undefined)).toEqual(["x", "y"])
  expect(await part.ask(["cycle"], undefined)).toEqual({ nothing: "it gave an object where a text is wanted" })
  expect(await part.ask(["list"], undefined)).toEqual({ nothing: expect.stringContaining("it gave a list") })
  await part.close?.()
})

test("typed arrays that are not what they seem", async () => {
  const gives = { vector: { type: "vector", length: 3 } } as const
  const source = `class Odd extends Float32Array { get length() { return 3 } get [Symbol.toStringTag]() { return "Float32Array" } }
  function answer(m) {
    if (m === "odd") return new Odd(1000)
    if (m === "tag") return { [Symbol.toStringTag]: "Float32Array", length: 3, 0: 1, 1: 1, 2: 1 }
    if (m === "proxy") return new Proxy(new Float32Array(3), {})
    const v = new Float32Array(3); v.constructor = null; Float32Array.prototype.set = () => { for (;;); }
    return v
  }`
  const part = await openCode(declareCode({ limits, gives }), source)
  for (const m of ["odd", "tag", "proxy"])
    expect(await part.ask([m], undefined)).toEqual({ nothing: expect.any(String) })
  expect(await part.ask(["set"], undefined)).toEqual([new Float32Array(3)])
  await part.close?.()
})

const wabt = await wabtStart()
const wasm = (text: string, features = {}): Uint8Array =>
  wabt.parseWat("rules.wat", text, { ...features }).toBinary({}).buffer
const FRAME = `(memory (export "memory") 1 64)
  (func (export "input") (param i32) (result i32) i32.const 0)
  (func (export "output") (result i32) i32.const 0)`
const ASK = `(func (export "ask") (param i32) (result i32) local.get 0)`
/** Gives the input back when it has 4 bytes ("well"). */
const attacked = (body: string, more = ""): string => `(module ${FRAME} ${more}
  (func $attack (param i32) (result i32) ${body})
  (func (export "ask") (param i32) (result i32)
    (if (result i32) (i32.eq (local.get 0) (i32.const 4)) (then (local.get 0)) (else (call $attack (local.get 0))))))`

const WASM_ATTACKS: Readonly<Record<string, readonly [module: string, reason: RegExp]>> = {
  "an endless loop": [attacked("(loop br 0) unreachable"), /^it took longer than 60 ms$/],
  "deep recursion": [attacked("local.get 0 call $attack i32.const 1 i32.add"), /^it trapped: Maximum call stack/],
  unreachable: [attacked("unreachable"), /^it trapped: unreachable$/],
  "memory beyond its maximum": [
    attacked("(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"),
    /^it trapped: unreachable$/,
  ],
  "an answer outside of its memory": [attacked("i32.const 1999", ""), /^its answer .*is longer|^it gave|UTF-8|text/],
  "a long answer": [attacked("i32.const 0x7fffffff"), /^its answer of 2147483647 bytes is longer than the 2000/],
  "no answer": [attacked("i32.const -1"), /^it says that it has no answer$/],
  "bytes that are no UTF-8": [
    attacked("(i32.store8 (i32.const 0) (i32.const 255)) i32.const 1"),
    /^its answer is no UTF-8$/,
  ],
}
test.each(Object.entries(WASM_ATTACKS))("contained, in wasm: %s", async (_, [module, reason]) => {
  const gives = { reply: { ...TEXT, bytesMax: 1500 } }
  const part = await openCode(declareCode({ limits, gives, language: "wasm" }), wasm(module))
  await contained(part, "attack", reason)
  await part.close?.()
})

test.each([
  ["an import", `(module (import "a" "b" (func)) ${FRAME})`, /imports/],
  ["a memory without maximum", `(module (memory (export "memory") 1))`, /no maximum.*\(memory 1 64\)/],
  ["a memory over its limit", `(module (memory (export "memory") 1 65))`, /65 pages/],
  ["a memory that begins over its limit", `(module (memory 100 100))`, /100 pages/],
  ["a table without maximum", `(module (table 1 funcref) ${FRAME})`, /table without a maximum/],
  ["a great table", `(module (table 1 100000 funcref) ${FRAME})`, /table of up to 100000/],
])("refused, in wasm: %s", async (_, text, why) => {
  const opened = openCode(declareCode({ limits, language: "wasm" }), wasm(text))
  await expect(opened).rejects.toThrow(expect.objectContaining({ message: expect.stringMatching(/OB663/) }))
  await expect(opened).rejects.toThrow(why)
})

test.each([
  ["no module", "hello", /OB663.*no WebAssembly module/s],
  ["a cut one", wasm(`(module ${FRAME})`).slice(0, 27), /OB66[03]/],
  ["objects", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 3, 1, 0x5f, 0), /garbage-collected/],
  ["a shared memory", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1), /shared/],
  ["exceptions", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 13, 1, 0), /section 13/],
  ["no `ask`", wasm(`(module ${FRAME})`), /OB662.*function `ask`/s],
  [
    "a start without end",
    wasm(`(module ${FRAME} ${ASK} (func $s (loop br 0)) (start $s))`),
    /OB661.*does not come to an end/s,
  ],
  ["a start that traps", wasm(`(module ${FRAME} ${ASK} (func $s unreachable) (start $s))`), /OB661.*unreachable/s],
] as const)("refused, in wasm: %s", async (_, source, why) => {
  await expect(openCode(declareCode({ limits, language: "wasm" }), source)).rejects.toThrow(why)
})
