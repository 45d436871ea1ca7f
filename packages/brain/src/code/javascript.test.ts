import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import type { PortType } from "@open-brains/core/composition/types.ts"
import type { Value } from "@open-brains/core/run/part.ts"
import { expect, onTestFinished, test } from "vitest"
import { openJavaScript } from "./javascript.ts"
import { openCode } from "./open.ts"
import { declareCode, TEXT } from "./testing/declare.ts"

const open = async (source: string, declared: Parameters<typeof declareCode>[0] = {}) => {
  const part = await openCode(declareCode(declared), source)
  onTestFinished(() => void part.close?.())
  return { ...part, ask: async (...inputs: Value[]) => part.ask(inputs, undefined) }
}
const SCORE: PortType = { type: "number", least: 0, most: 1 }
const LABEL: PortType = { type: "label", labels: ["yes", "no"] }
const VECTOR: PortType = { type: "vector", length: 3 }
const BYTES: PortType = { type: "bytes", bytesMax: 4 }
const RECORD: PortType = {
  type: "record",
  fields: [
    { name: "score", type: SCORE },
    { name: "vector", type: VECTOR },
  ],
}
const ALL = { text: TEXT, label: LABEL, number: SCORE, vector: VECTOR, bytes: BYTES, record: RECORD }

test("values of every type go in and out as JavaScript has them", async () => {
  const part = await open(
    `function answer(text, label, number, vector, bytes, record) {
      const kinds = [text, label, number].map((v) => v === null ? "null" : typeof v)
      for (const v of [vector, bytes, record.vector]) kinds.push(v.constructor.name)
      return { text: kinds.join() + text, label, number, vector: vector.map((x) => x / 3), bytes: bytes.reverse(), record }
    }`,
    { takes: ALL, gives: ALL },
  )
  const vector = Float32Array.of(1, 2, 3)
  const record = { fields: { score: 0.1, vector: Float32Array.of(0.1, -0, 3e-42) } }
  const given = await part.ask("ä\u0000€", { label: "no" }, 0.1, vector, Uint8Array.of(1, 2), record)
  expect(given).toEqual([
    "string,string,number,Float32Array,Uint8Array,Float32Arrayä\u0000€",
    { label: "no" },
    0.1,
    Float32Array.of(1 / 3, 2 / 3, 1),
    Uint8Array.of(2, 1),
    record,
  ])
  expect(await part.ask("", { label: undefined }, 1, vector, Uint8Array.of(), record)).toMatchObject({
    1: { label: undefined },
  })
  expect(vector).toEqual(Float32Array.of(1, 2, 3))
})

test.each<[string, PortType, string]>([
  ["return 'x'.repeat(1001)", TEXT, "it gave a text of 1001 characters where text up to 1000 bytes is wanted"],
  ["return 'ä'.repeat(501)", TEXT, "it gave for `reply` a text of more than 1000 bytes"],
  ["return 7", TEXT, "it gave number where a text is wanted"],
  ["", TEXT, "it gave undefined where a text is wanted"],
  ["return 'maybe'", LABEL, 'it gave for `reply` the label "maybe" where label { yes no } is wanted'],
  ["return undefined", LABEL, "it gave undefined where a label or null is wanted"],
  ["return 2", SCORE, "it gave for `reply` 2 where number from 0 to 1 is wanted"],
  ["return NaN", SCORE, "it gave NaN where a number is wanted"],
  ["return 1n", SCORE, "it gave bigint where a number is wanted"],
  ["return [1, 2, 3]", VECTOR, "it gave a list where a Float32Array is wanted"],
  ["return new Float64Array(3)", VECTOR, "it gave an object where a Float32Array is wanted"],
  ["return new Float32Array(2)", VECTOR, "it gave 2 numbers where 3 numbers is wanted"],
  ["return Float32Array.of(1, 2, NaN)", VECTOR, "not finite"],
  ["return new Uint8Array(5)", BYTES, "it gave 5 bytes where bytes up to 4 is wanted"],
  ["return { score: 0.5 }", RECORD, "it gave undefined where a Float32Array is wanted"],
  ["return null", RECORD, "it gave null where an object is wanted"],
])("%s is nothing where another thing is wanted", async (body, type, reason) => {
  const part = await open(`function answer(message) { ${body} }`, { gives: { reply: type } })
  expect(await part.ask("")).toEqual({ nothing: expect.stringContaining(reason) })
})

test("a failure names the line, and the state stays", async () => {
  const part = await open(`let count = 0
function answer(message) {
  count++
  if (message === "bad") message.no.where
  return "" + count
}`)
  expect(await part.ask("")).toEqual(["1"])
  expect(await part.ask("bad")).toEqual({
    nothing: "it failed: TypeError: cannot read property 'where' of undefined (rules.js:4)",
  })
  expect(await part.ask("")).toEqual(["3"])
})

test("reset, and a cut-off, give a fresh state; questions that are asked at once wait for one another", async () => {
  const part = await open("let n = 0; function answer(m) { n++; if (m === 'loop') for (;;); return '' + n }")
  expect(await Promise.all([part.ask(""), part.ask(""), part.ask("loop"), part.ask("")])).toEqual([
    ["1"],
    ["2"],
    { nothing: expect.stringContaining("50 ticks") },
    ["1"],
  ])
  part.reset?.()
  expect(await part.ask("")).toEqual(["1"])
})

test("two parts of one file have a state each", async () => {
  const source = "let n = 0; function answer() { return '' + ++n }"
  const [one, other] = [await open(source), await open(source)]
  await one.ask("")
  expect([await one.ask(""), await other.ask("")]).toEqual([["2"], ["1"]])
})

test("the same questions run out of fuel at the same one, however often they are asked", async () => {
  const source = "let n = 0; function answer() { for (let i = 0; i < 450000 + 5000 * n; i++); return '' + n++ }"
  const lasts: number[] = []
  for (let round = 0; round < 3; round++) {
    const part = await open(source, { limits: { latencyMs: 200 } })
    let last = 0
    let answered = await part.ask("")
    for (; !("nothing" in answered); answered = await part.ask("")) last++
    expect(answered.nothing).toBe("it took more than 100 ticks of work; a tick is 10000 jumps of loops and calls")
    lasts.push(last)
  }
  expect(lasts[0]).toBeGreaterThan(5)
  expect(new Set(lasts).size).toBe(1)
})

test("no clock and no chance: they throw and say why", async () => {
  const part = await open(`function answer(m) { return "" + eval(m) }`)
  for (const m of ["Date.now()", "new Date()", "Date()", "Math.random()"])
    expect(await part.ask(m)).toEqual({ nothing: expect.stringContaining("the same input must give the same answer") })
  for (const name of ["performance", "setTimeout", "SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry"])
    expect(await part.ask(`typeof ${name}`)).toEqual(["undefined"])
})

test("a cut-off of the brain that is shorter than its own holds", async () => {
  const part = await openCode(declareCode({ limits: { latencyMs: 10_000 } }), "function answer() { for (;;); }")
  const before = performance.now()
  expect(await part.ask([""], { withinMs: 10 })).toEqual({ nothing: "it took longer than 10 ms" })
  expect(performance.now() - before).toBeLessThan(1000)
  await part.close?.()
})

test("a part that is not closed keeps no process alive", async () => {
  const script = `
    import { openCode } from "${new URL("./open.ts", import.meta.url).href}"
    const part = await openCode(${JSON.stringify(declareCode())}, "function answer(m) { return m }")
    console.log((await part.ask(["asked"], undefined))[0])`
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "pipe" })
  let said = ""
  child.stdout.on("data", (bytes: Buffer) => (said += bytes))
  child.stderr.on("data", (bytes: Buffer) => (said += bytes))
  const [code] = await once(child, "close")
  expect([code, said]).toEqual([0, "asked\n"])
})

test.each([
  ["function answer(", "OB660", "1:17"],
  ["\n  let = = 1", "OB660", "2:"],
  ["export function answer() {}", "OB660", "no `import` or `export`"],
  ["const a = 1\nnull.b", "OB661", "2:5"],
  ["throw 'odd'", "OB661", "odd"],
  ["for (;;);", "OB661", "does not come to an end"],
  ["let all = []; for (;;) all.push(new Array(1000).fill(all.length))", "OB661", "memory"],
  ["const answer = 7", "OB662", "no function `answer`"],
])("%j is refused", async (source, code, seen) => {
  await expect(openCode(declareCode({ limits: { memoryBytes: 2 ** 20 } }), source)).rejects.toThrow(
    new RegExp(`error\\[${code}\\].*${seen.replace(/[.()]/g, "\\$&")}`, "s"),
  )
})

test("limits that cannot be kept, and a file that is too long, are refused", async () => {
  const source = "function answer() {}"
  await expect(openCode(declareCode({ limits: { memoryBytes: 1000 } }), source)).rejects.toThrow("error[OB664]")
  await expect(openCode(declareCode({ limits: { latencyMs: 1e9 } }), source)).rejects.toThrow("error[OB664]")
  await expect(openCode(declareCode(), `${source}//${"x".repeat(2 ** 20)}`)).rejects.toThrow("error[OB665]")
})

test("the code stops itself when its time is over, without anybody who ends its thread", async () => {
  const engine = new URL(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"))
  const compiled = await WebAssembly.compile(await readFile(engine))
  const source = new TextEncoder().encode("function answer() { for (;;); }")
  const { takes, gives } = declareCode()
  const limits = { memoryBytes: 2 ** 22, outputBytes: 100, fuel: 20_000, fuelToOpen: 1000 } // 2 s and more of this loop
  const guest = await openJavaScript({ language: "javascript", source, takes, gives, limits }, compiled)
  if ("unfit" in guest) throw new Error(guest.why)
  expect(guest.ask([""], 30)).toEqual({ nothing: "it took longer than 30 ms", spoilt: true, byMachine: true })
})

test("what is measured is cut off by ticks alone: a busy clock changes no answer", async () => {
  const slow =
    'function answer() { let n = 0; for (let i = 0; i < 40; i++) n += "x".repeat(400000).length; return "" + n }'
  const declared = declareCode({ limits: { latencyMs: 2 } })
  const hasty = await openCode(declared, slow)
  const measured = await openCode(declared, slow, { isMeasured: true })
  onTestFinished(() => void Promise.all([hasty.close?.(), measured.close?.()]))
  expect(await hasty.ask(["x"], undefined)).toEqual({ nothing: "it took longer than 2 ms" })
  expect(await measured.ask(["x"], { withinMs: 1 } as never)).toEqual(["16000000"])
  const endless = await openCode(declared, "function answer() { for (;;); }", { isMeasured: true })
  onTestFinished(() => void endless.close?.())
  expect(await endless.ask(["x"], undefined)).toEqual({ nothing: expect.stringContaining("ticks of work") })
})
