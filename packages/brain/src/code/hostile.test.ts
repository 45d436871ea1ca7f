import type { Part } from "@open-brains/core/run/part.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import wabtStart from "wabt"
import { openCode } from "./open.ts"
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

const LATE = /^it took (?:more than 30 ticks of work|longer than 60 ms)/
const FULL = /memory|too long|invalid (?:array|typed array)/
/** Many small things take time to make. */
const FULL_OR_LATE = /memory|^it took/
const FAILED = /^it failed: /
const WRONG = /where a text is wanted$/

const ATTACKS: Readonly<Record<string, readonly [attack: string, reason: RegExp]>> = {
  "an endless loop": ["for (;;);", LATE],
  "an endless loop that catches": ["for (;;) try { for (;;); } catch {} finally { for (;;); }", LATE],
  "endless calls": ["const f = () => {}; for (;;) f.call()", LATE],
  "a getter without end": ["return { get a() { for (;;); } }.a", LATE],
  "a toString without end": ["return '' + { toString() { for (;;); } }", LATE],
  "a Symbol.toPrimitive without end": ["return 1 + { [Symbol.toPrimitive]() { for (;;); } }", LATE],
  "a Proxy without end": ["return new Proxy({}, { get() { for (;;); } }).x", LATE],
  "a regular expression that tracks back": ["return '' + /(a+)+$/.test('a'.repeat(60) + 'b')", LATE],
  "a function of the language without end": ["Array.prototype.slice.call({ length: 2 ** 40 }, 0, 2 ** 32 - 1)", LATE],
  "a sort without end": ["[...Array(1e4).keys()].sort(() => { for (;;); })", LATE],
  "a generator without end": ["[...(function* () { for (;;) yield 1 })()]", FULL_OR_LATE],
  "thrown, with a message without end": ["throw { get message() { for (;;); } }", LATE],
  "a job without end": ["Promise.resolve().then(() => { for (;;); }); return 7", WRONG],
  "an async function": ["return (async () => 'x')()", WRONG],
  "a thenable": ["return { then(f) { f('x') } }", WRONG],
  "one text": ["let s = 'x'; for (;;) s += s", FULL],
  "many texts": ["const a = []; for (let i = 0; ; i++) a.push('x'.repeat(1000) + i)", FULL_OR_LATE],
  "a list": ["return '' + new Array(2 ** 31).fill(1)", FULL],
  "a long list": ["const a = []; for (;;) a.push(1)", FULL_OR_LATE],
  "a typed array": ["return '' + new Float64Array(2 ** 28)", FULL],
  "typed arrays": ["const a = []; for (;;) a.push(new Uint8Array(2 ** 16))", FULL],
  "a growing buffer": [
    "return '' + new ArrayBuffer(1, { maxByteLength: 2 ** 31 }).resize(2 ** 31)",
    /memory|RangeError|TypeError/,
  ],
  "many objects": ["let o = {}; for (;;) o = { o, p: {} }", FULL_OR_LATE],
  "a map": ["const m = new Map(); for (let i = 0; ; i++) m.set(i, {})", FULL_OR_LATE],
  "a great integer": ["return '' + 3n ** 10000000n", /memory|BigInt|longer/],
  "memory that it catches": ["const a = []; for (;;) try { for (;;) a.push(new Uint8Array(2 ** 16)) } catch {}", LATE],
  "deep recursion": ["const f = (n) => f(n + 1) + 1; return '' + f(0)", /stack overflow/],
  "deep recursion of the language": [
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a)",
    /stack|memory|^it took/,
  ],
  "a deep text of JSON": ["return '' + JSON.parse('['.repeat(1e5))", /stack|SyntaxError/],
  "a deep regular expression": ["return '' + new RegExp('('.repeat(1e5))", /stack|SyntaxError/],
  "a deep program": ["return eval('('.repeat(1e5))", /stack|SyntaxError/],
  "a long answer": ["return 'x'.repeat(1e6)", /a text of 1000000 characters where text up to 1500 bytes/],
  "an answer over its limit": ["return 'x'.repeat(1400)", /^its answer of 1400 bytes is longer than the 1000/],
  process: ["return process.version", /process/],
  "process of the world": ["return globalThis.process.version", FAILED],
  require: ["return require('fs').readdirSync('/').join()", /require/],
  "a dynamic import": ["return import('fs')", WRONG],
  "import.meta": ["return eval('import.meta.url')", FAILED],
  "a way out by a constructor": ["return [].constructor.constructor('return this')().process.version", FAILED],
  "a way out by its inputs": ["return arguments[0].constructor.constructor('return process')().version", /process/],
  "a way out by an error": [
    "try { null.x } catch (e) { return e.constructor.constructor('return process')().version }",
    /process/,
  ],
  "a way out by the bridge": [
    "return (new Error).stack.includes('bridge') ? answer.caller.constructor('return process')() : 7",
    /./,
  ],
  "Atomics.wait": ["Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", FAILED],
  SharedArrayBuffer: ["return '' + new SharedArrayBuffer(4)", /SharedArrayBuffer/],
  WebAssembly: ["return '' + new WebAssembly.Module(new Uint8Array(8))", /WebAssembly/],
  fetch: ["return fetch('http://127.0.0.1/')", /fetch/],
  "a prototype that answers for all": [
    "Object.prototype.toJSON = () => 'x'; Object.prototype.nothing = 'n'; Array.prototype.next = 9; Array.prototype.toJSON = 1; return {}",
    WRONG,
  ],
  "__proto__ in what it gives": ['return JSON.parse(\'{"__proto__": {"nothing": "x"}}\')', WRONG],
  "functions of the language that are not what they were": [
    `Function.prototype.call = Function.prototype.apply = Reflect.apply = JSON.stringify = JSON.parse = () => "forged"
     String = undefined; Object.prototype.slice = Array.prototype[Symbol.iterator] = undefined; return 7`,
    WRONG,
  ],
  "a toJSON": ["return { toJSON() { return 'x' } }", WRONG],
  "a text object": ["return new String('x')", WRONG],
  "a cycle": ["const o = {}; o.o = o; return o", WRONG],
  "a function": ["return answer", WRONG],
  "a revoked Proxy": ["const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy", /./],
  "throws undefined": ["throw undefined", /it failed: undefined/],
  "throws null": ["throw null", /^it threw null/],
  "throws a symbol": ["throw Symbol('x')", /it failed: a symbol/],
  "throws a function": ["throw () => 1", FAILED],
  "throws a Proxy": ["throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })", FAILED],
  "throws what says that memory ran out": ["throw new InternalError('out of memory')", /memory/],
  "throws a long message": ["throw new Error('x'.repeat(1e6))", /^it failed: Error: x{290,300}(?: \(rules.js:\d+\))?$/],
  "throws an error with a forged place": [
    "const e = new Error('x'); e.stack = 'code.js:99999999999:1'; throw e",
    FAILED,
  ],
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
