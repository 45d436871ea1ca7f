import fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson, type Json } from "../base/json.ts"
import { Refusal } from "../base/problem.ts"
import { compileGraph } from "../compile.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { lowerGraph } from "../lower/lower.ts"
import { quantiseClassifier } from "../quantise/classifier.ts"
import { inOrder, type Name } from "./graph.ts"
import { allGraphs, CASES } from "./testing/cases.ts"
import { graphFromJson, graphToJson, type Outputs } from "./text.ts"

const OPTIONS = { bytesMax: 16, buckets: 64, wordsMax: 2, charactersMin: 2, charactersMax: 3 }
const CLASSIFIER: Outputs = quantiseClassifier(
  {
    table: new Float32Array(64 * 4).fill(0.5),
    linear: new Float32Array(12).fill(1),
    bias: new Float32Array(3),
    pooledMax: 1,
    scaleOf: (n) => 1 / Math.max(1, n),
    scales: 8,
  },
  ngrams(OPTIONS),
).outputs
const throughText = (outputs: Outputs): Outputs =>
  graphFromJson(JSON.parse(canonicalJson(graphToJson(outputs))) as Json)
type Mutable = { [key: string]: Mutable } & Mutable[] & (string | number | boolean | null)
const copy = (outputs: Outputs): Mutable => JSON.parse(canonicalJson(graphToJson(outputs)))

/** What becomes of a graph out of a file: refused, or good for every later stage. */
function outcome(json: unknown): string {
  try {
    const outputs = graphFromJson(json as Json)
    compileGraph({ name: "p", outputs }, wasmEngine)
    return "runs"
  } catch (error) {
    if (error instanceof Refusal) return error.problems[0]!.code
    throw error
  }
}

test("a classifier's graph comes back as the same program", () => {
  const back = throughText(CLASSIFIER)
  expect(lowerGraph({ name: "p", outputs: back })).toEqual(lowerGraph({ name: "p", outputs: CLASSIFIER }))
  expect(canonicalJson(graphToJson(back))).toBe(canonicalJson(graphToJson(CLASSIFIER)))
})
test("so does a graph of every operation; each kernel is written once", () => {
  for (const name of Object.keys(CASES) as Name[]) {
    const outputs = allGraphs(name, [3, 5])
    expect([name, graphToJson(throughText(outputs))]).toEqual([name, graphToJson(outputs)])
  }
  expect((graphToJson(CLASSIFIER) as { programs: readonly Json[] }).programs.length).toBe(1)
})

test(`a graph that is damaged anywhere is refused or still runs: nothing else is thrown (SEED=${SEED})`, () => {
  const values = fc.constantFrom<unknown>(
    ...[
      null,
      true,
      -1,
      0,
      1,
      2,
      3,
      0.5,
      1e308,
      2 ** 28,
      2 ** 31,
      "",
      "f64",
      "f32",
      "i8",
      "kernel",
      "matmul",
      "__proto__",
      "constructor",
    ],
    ...[[], {}, [[]], [0, 0, 0], { operation: "add" }, "x".repeat(100)],
  )
  const paths = (json: unknown, at: readonly string[] = []): readonly (readonly string[])[] =>
    typeof json === "object" && json !== null
      ? Object.entries(json).flatMap(([key, value]) => [[...at, key], ...paths(value, [...at, key])])
      : []
  // A small kernel, so that damage falls on nodes as often as on statements.
  const small = { ...CLASSIFIER, logits: CLASSIFIER["label"]! }
  const all = paths(copy(small)).filter((path) => path[0] !== "programs" || path.length < 6)
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.constantFrom(...all), values, fc.boolean(), (path, value, removes) => {
      const json = copy(small)
      const parent = path.slice(0, -1).reduce<Mutable>((inner, key) => inner[key]!, json)
      if (removes) delete parent[path.at(-1)!]
      else parent[path.at(-1)!] = value as Mutable
      const found = outcome(JSON.parse(JSON.stringify(json)))
      seen.set(found, (seen.get(found) ?? 0) + 1)
    }),
    { seed: SEED, numRuns: 300 },
  )
  expect(seen.size).toBeGreaterThan(3) // different rules catch different damage
})
/** What no reader of attributes should let pass, and what it may: the rules of shape and dtype see the rest. */
const HOSTILE: readonly unknown[] = [
  ...[null, true, -1, 0, 1, 0.5, 9, 300, 2 ** 28, 1e308, "", "f64", "i8", {}],
  ...[[], [0], [-1], [1, 1], [0, 1], [1.5, 1], ["1", 1], [2 ** 28, 2 ** 28], [1, 1, 1], [9, 9, 9, 9]],
  ...[Array(9).fill(1), [[1], [1]]],
]
test("every attribute of every operation is refused or good for every later stage, whatever it is", () => {
  for (const name of Object.keys(CASES) as Name[]) {
    if (name === "kernel") continue // its program is damaged above
    const outputs = Object.fromEntries(Object.entries(allGraphs(name, [3])).slice(-1))
    const codes = new Set<string>()
    for (const [at, { operation, attributes }] of Object.entries(copy(outputs)["nodes"] as Mutable[]))
      for (const key of operation === name ? Object.keys(attributes!) : [])
        for (const value of [...HOSTILE, undefined]) {
          const damaged = copy(outputs)
          ;(damaged["nodes"]![Number(at)]!["attributes"] as { [key: string]: unknown })[key] = value
          codes.add(outcome(JSON.parse(JSON.stringify(damaged)))) // which leaves out what is undefined
        }
    for (const code of codes)
      expect([name, code]).toEqual([name, expect.stringMatching(/^(?:OB(?:2[12]|3[1-3])\d|runs)$/)])
  }
})
test(`random JSON is refused (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (nodes, outputs, programs) => {
      expect(outcome(nodes)).toMatch(/^OB22/)
      const code = outcome({ operations: 1, nodes, outputs, programs })
      if (code !== "runs") expect(code).toMatch(/^OB2/)
    }),
    { seed: SEED },
  )
})

const graph = (nodes: readonly unknown[], more: object = {}): unknown => ({
  ...{ operations: 1, nodes, outputs: { y: nodes.length - 1 }, programs: [] },
  ...more,
})
const leaf = (dtype: string, shape: readonly number[], name = "x"): unknown => ({
  ...{ operation: "input", inputs: [], attributes: { name, dtype, shape } },
})
test("what no graph may hold is refused by name", () => {
  const node = (operation: string, inputs: readonly unknown[], attributes: object = {}): unknown => ({
    operation,
    inputs,
    attributes,
  })
  const x = leaf("i32", [2])
  const cases: readonly (readonly [code: string, json: unknown])[] = [
    ["OB221", { operations: 2 }],
    ["OB220", graph([node("no_such", [])])],
    ["OB220", graph([node("constructor", [])])],
    ["OB220", graph([node("__proto__", [])])],
    ["OB220", graph([x, node("add", [0])])],
    ["OB220", graph([x, node("add", [0, 1])])], // itself: no cycle can be written
    ["OB220", graph([x, node("add", [0, -1])])],
    ["OB220", graph([x, node("add", [0, "0"])])],
    ["OB220", graph([x, node("add", [0, 0], { axis: 0 })])],
    ["OB220", graph([leaf("f64", [2])])],
    ["OB220", graph([leaf("i32", [0])])],
    ["OB220", graph([leaf("i32", [2 ** 28 + 1])])],
    ["OB220", graph([leaf("i32", [2], "9")])],
    ["OB220", graph([x], { outputs: { y: 5 } })],
    ["OB317", graph([x, node("requantise", [0, 0], { shift: 20, dtype: "f32" })])],
    ["OB317", graph([node("fill", [], { value: 0.5, dtype: "i32", shape: [1] })])],
    ["OB316", graph([x, node("requantise", [0, 0], { shift: 3, dtype: "i8" })])],
    ["OB212", graph([leaf("i32", [2 ** 28, 2 ** 28])])],
    ["OB210", graph([x, leaf("i32", [3]), node("add", [1, 1])], { outputs: { a: 0, b: 2 } })], // one name, two inputs
    ["OB210", graph([x], { outputs: { "no name": 0 } })],
  ]
  for (const [i, [code, json]] of cases.entries()) expect([i, outcome(json)]).toEqual([i, code])
  expect(outcome(graph([x, node("add", [0, 0])]))).toBe("runs")
})
test("deep and long graphs end in a refusal, not in a full stack or a wait", () => {
  const chain = Array.from({ length: 30_000 }, (_, i) =>
    i === 0 ? leaf("i32", [1]) : { operation: "add", inputs: [i - 1, i - 1], attributes: {} },
  )
  expect(outcome(graph(chain))).toBe("OB220")
  expect(inOrder(Object.values(graphFromJson(graph(chain.slice(0, 10_000)) as Json))).length).toBe(10_000)
  expect(outcome(graph([leaf("i32", Array(9).fill(1))]))).toBe("OB220")
})

const kernel = (program: object): unknown =>
  graph([leaf("i32", [1, 1]), { operation: "kernel", inputs: [0], attributes: { program: 0, output: "y" } }], {
    programs: [program],
  })
const [x, y] = ["input", "output"].map((access, i) => ({ name: "xy"[i], dtype: "i32", length: 1, access }))
const load = (index: unknown): object => ({ kind: "load", dtype: "i32", buffer: "x", index })
const zero = { kind: "constant", scalar: "i32", value: 0 }
const body = (value: unknown, index: unknown = zero): object => ({
  ...{ name: "k", buffers: [x, y], body: [{ kind: "store", buffer: "y", index, value }] },
})
test("kernels that reach out of range, loop without end or compute in f64 are refused", () => {
  expect(outcome(kernel(body(load(zero))))).toBe("runs")
  expect(outcome(kernel(body(load({ ...zero, value: 1 }))))).toBe("OB210")
  expect(outcome(kernel(body(zero, load(zero))))).toBe("OB210")
  expect(outcome(kernel({ name: "k", buffers: [x, { ...y, dtype: "f64" }], body: [] }))).toBe("OB220")
  const wide = { kind: "unary", op: "i32.from_f64", value: { kind: "constant", scalar: "f64", value: 1 } }
  expect(outcome(kernel(body(wide)))).toBe("OB220")
  expect(outcome(kernel({ ...body(zero), entries: { other: [{ kind: "let", name: "w", value: wide }] } }))).toBe(
    "OB220",
  )
  const loop = { kind: "loop", index: "i", count: zero, maximum: 2 ** 40, body: [] }
  expect(outcome(kernel({ name: "k", buffers: [x, y], body: [loop] }))).toBe("OB210")
  expect(outcome(kernel({ name: "k", buffers: [{ ...x, dtype: "u8" }, y], body: [] }))).toBe("OB318")
  expect(outcome(kernel({ name: "k", buffers: [x, { ...y, access: "state" }], body: [] }))).toBe("OB220")
})

test("loops that end only after years are refused: their maxima multiply", () => {
  const nest = (depth: number): object[] =>
    depth === 0
      ? []
      : [{ kind: "loop", index: `i${depth}`, count: load(zero), maximum: 2 ** 31 - 1, body: nest(depth - 1) }]
  expect(outcome(kernel({ name: "k", buffers: [x, y], body: nest(10) }))).toBe("OB212")
  expect(outcome(kernel({ name: "k", buffers: [x, y], body: nest(1) }))).toBe("runs")
})

test("a number that would not outlast a canonical text is refused: -0 and what is not finite", () => {
  const fill = (value: string): Json =>
    JSON.parse(
      JSON.stringify(
        graph([{ operation: "fill", inputs: [], attributes: { dtype: "f32", shape: [1], value: "V" } }]),
      ).replace('"V"', value),
    )
  expect(["-0", "1e999", "-0.0", "0", "2.5"].map((value) => outcome(fill(value)))).toEqual([
    "OB220",
    "OB220",
    "OB220",
    "runs",
    "runs",
  ])
  const constant = (value: string): Json =>
    JSON.parse(JSON.stringify(kernel(body({ ...zero, value: "V" }))).replace('"V"', value))
  expect(["-0", "1e999", "7"].map((value) => outcome(constant(value)))).toEqual(["OB211", "OB211", "runs"])
})

test("what one run of a kernel left behind does not show in the next", () => {
  const kept = { name: "kept", dtype: "i32", length: 1, access: "scratch" }
  const held = { kind: "load", dtype: "i32", buffer: "kept", index: zero }
  const grow = { kind: "binary", op: "i32.add", left: held, right: { ...zero, value: 1 } }
  const counts = {
    name: "k",
    buffers: [x, y, kept],
    body: [
      { kind: "store", buffer: "kept", index: zero, value: grow },
      { kind: "store", buffer: "y", index: zero, value: held },
    ],
  }
  const { memory, run } = compileGraph({ name: "p", outputs: graphFromJson(kernel(counts) as Json) }, wasmEngine)
  const answers = [1, 2, 3].map(() => {
    run()
    return Object.entries(memory).find(([name]) => name in graphFromJson(kernel(counts) as Json))![1][0]
  })
  expect(answers).toEqual([1, 1, 1])
})
