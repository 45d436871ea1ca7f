import fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson, type Json } from "../base/json.ts"
import { Refusal } from "../base/problem.ts"
import { compileGraph } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { type Program, statementsOf } from "../ir/program.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { type Entry, lowerGraph } from "../lower/lower.ts"
import { gradients } from "../train/gradient.ts"
import type { Node } from "./graph.ts"
import * as op from "./operations.ts"
import { type Given, type Results, type ScanOptions, type Step, scan } from "./scan.ts"
import { evaluate } from "./testing/evaluate.ts"
import { graphFromJson, graphToJson } from "./text.ts"

/** The same as a graph without a loop. */
function unrolled(
  { carries, sequences, constants = [] }: Given,
  step: Step,
  { reverse = false }: ScanOptions,
): Results {
  const steps = sequences[0]!.shape[0]!
  const part = (a: Node, t: number): Node => {
    const rest = a.shape.slice(1)
    return op.reshape(op.slice(a, [t, ...rest.map(() => 0)], [t + 1, ...rest]), rest)
  }
  let last = carries
  const outputs: (readonly Node[])[] = []
  const times = Array.from({ length: steps }, (_, t) => t)
  for (const t of reverse ? times.toReversed() : times) {
    const found = step(
      last,
      sequences.map((a) => part(a, t)),
      constants,
    )
    last = found.next
    outputs[t] = found.outputs ?? []
  }
  const stacked = outputs[0]!.map((first, i) =>
    op.concatenate(
      outputs.map((of) => op.reshape(of[i]!, [1, ...first.shape])),
      0,
    ),
  )
  return { last, outputs: stacked }
}
const named = ({ last, outputs }: Results): Entry["outputs"] =>
  Object.fromEntries([...last, ...outputs].map((node, i) => [`result${i}`, node]))

const GIVEN: Given = {
  carries: [op.input("a", "f32", [2, 3]), op.input("b", "f32", [2, 3])],
  sequences: [op.input("x", "f32", [4, 2, 3]), op.input("y", "f32", [4, 3, 3])],
  constants: [op.input("w", "f32", [3, 3]), op.input("row", "f32", [1, 3])],
}
const LEAVES = { a: 6, b: 6, x: 24, y: 36, w: 9, row: 3 }

/** A step out of random nodes; now and then a carry is a slice, the other carry, or itself. */
const randomStep =
  (words: readonly number[]): Step =>
  (carries, slices, constants) => {
    let at = 0
    const draw = (below: number): number => words[at++ % words.length]! % below
    const nodes = [...carries, ...slices, ...constants]
    const pick = (rows: number): Node => {
      const fitting = nodes.filter(({ shape }) => shape[0] === rows)
      return fitting[draw(fitting.length)]!
    }
    for (let n = 0; n < 8; n++) {
      const a = pick(2)
      const kind = draw(6)
      if (kind === 0) nodes.push(op.matmul(a, pick(3)))
      else if (kind === 1) nodes.push(op.broadcastLike(op.sum(a, 0), a))
      else if (kind === 2) nodes.push(op.broadcastLike(pick(1), a))
      else if (kind === 3) nodes.push(op.sigmoid(a))
      else nodes.push([op.add, op.multiply][kind % 2]!(a, pick(2)))
    }
    return { next: [pick(2), pick(2)], outputs: [pick(2), nodes.at(-1)!, pick(3)] }
  }
const numbers = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.oneof(fc.constantFrom(-0, Infinity, Number.NaN, 2 ** -149), fc.float()), {
    ...{ minLength: length, maxLength: length, size: "max" as const },
  })
const contents = fc.record(Object.fromEntries(Object.entries(LEAVES).map(([name, n]) => [name, numbers(n)])))

type Numbers = Readonly<Record<string, readonly number[]>>
function resultsOf(outputs: Entry["outputs"], given: Numbers, engine: Engine, runs: number): Numbers {
  const { memory, run } = compileGraph({ name: "p", outputs }, engine)
  for (const [name, values] of Object.entries(given)) memory[name]?.set(values) // not all are read
  for (let n = 0; n < runs; n++) run()
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, [...memory[name]!]]))
}

test(`a scan has the bits of its steps one after another, whatever is asked of it (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
      contents,
      fc.boolean(),
      fc.constantFrom<"all" | number>("all", 1, 2, 3),
      fc.nat(30),
      (words, given, reverse, save, asked) => {
        const step = randomStep(words)
        const some = (results: Results): Entry["outputs"] =>
          Object.fromEntries(Object.entries(named(results)).filter((_, i) => i === asked % 5 || (asked >> i) % 2 === 0))
        const wanted = resultsOf(some(unrolled(GIVEN, step, { reverse })), given, interpreterEngine, 1)
        const outputs = some(scan(GIVEN, step, { reverse, save }))
        for (const engine of [interpreterEngine, wasmEngine])
          expect(resultsOf(outputs, given, engine, 2)).toEqual(wanted) // the second time from what the first one left
      },
    ),
    { seed: SEED, numRuns: 40 },
  )
})

test("carries change all at once, and what was read of one before stays", () => {
  const STEPS: readonly Step[] = [
    ([a, b]) => ({ next: [b!, a!], outputs: [a!, b!] }),
    ([a], [x]) => ({ next: [x!, a!] }), // a register of two places
    ([a, b], [x]) => ({ next: [op.add(a!, x!), op.add(b!, a!)], outputs: [op.reshape(a!, [6]), op.sum(b!, 0)] }),
    ([a, b], [x], [w]) => ({ next: [op.add(op.matmul(a!, w!), x!), op.multiply(op.matmul(b!, w!), a!)] }),
    ([a], [x]) => ({ next: [op.add(a!, x!), op.add(a!, op.broadcastLike(op.sum(op.add(a!, x!), 0), a!))] }),
  ]
  const given = Object.fromEntries(
    Object.entries(LEAVES).map(([name, n]) => [name, Array.from({ length: n }, (_, i) => i % 7)]),
  )
  for (const [i, step] of STEPS.entries()) {
    const wanted = resultsOf(named(unrolled(GIVEN, step, {})), given, interpreterEngine, 1)
    expect([i, resultsOf(named(scan(GIVEN, step)), given, wasmEngine, 1)]).toEqual([i, wanted])
  }
})

const h = op.input("h", "f32", [1, 8])
const deep: Step = ([h], [x], [w]) => {
  let next = op.add(h!, x!)
  for (let n = 0; n < 6; n++) next = op.tanh(op.matmul(next, w!))
  return { next: [next], outputs: [next] }
}
const deepScan = (steps: number, options?: ScanOptions): Results =>
  scan(
    { carries: [h], sequences: [op.input("x", "f32", [steps, 1, 8])], constants: [op.weight("w", "f32", [8, 8])] },
    deep,
    options,
  )
const loopsOver = (program: Program, rounds: number): number =>
  [...statementsOf(program.body)].filter((s) => s.kind === "loop" && !s.parallel && s.maximum === rounds).length

test("one loop serves all results of a run, and one all slopes that flow back into it", () => {
  const { last, outputs } = deepScan(5)
  const forward = lowerGraph({ name: "p", outputs: { last: last[0]!, all: outputs[0]! } })
  expect(loopsOver(forward, 5)).toBe(1)
  const loss = op.add(op.sum(outputs[0]!, 0), op.reshape(last[0]!, [1, 1, 8]))
  const slopes = gradients(loss, [h, op.weight("other", "f32", [1])])
  expect(loopsOver(lowerGraph({ name: "p", outputs: { loss, slope: slopes[0]! } }), 5)).toBe(2)
})
test("a carry that no asked result depends on is left out", () => {
  const results = scan(GIVEN, ([a, b], [x]) => ({ next: [op.add(a!, x!), op.exp(b!)], outputs: [op.negate(a!)] }))
  const { buffers } = lowerGraph({ name: "p", outputs: { all: results.outputs[0]! } })
  const carries = buffers.filter(({ access }) => access === "scratch")
  expect(carries.map(({ length }) => length)).toEqual([6])
})
test("with fewer carries saved, a gradient needs less memory", () => {
  const scratch = (save: "all" | number): number => {
    const [slope] = gradients(deepScan(400, { save }).last[0]!, [h])
    const { buffers } = lowerGraph({ name: "p", outputs: { slope: slope! } })
    return buffers.reduce((sum, { access, length }) => sum + (access === "scratch" ? length : 0), 0)
  }
  expect(scratch(20)).toBeLessThan(scratch("all") / 4)
})
test("a scan takes the place of a loop in a scan", () => {
  const [rows, columns] = [3, 5]
  const matrix = op.input("m", "i32", [rows, columns, 1])
  const zero = op.fill(0, { dtype: "i32", shape: [1] })
  const total = scan({ carries: [zero], sequences: [matrix] }, ([sum], [row]) => {
    const { last, outputs } = scan({ carries: [sum!], sequences: [row!] }, ([sum], [x]) => {
      const next = op.add(sum!, x!)
      return { next: [next], outputs: [next] }
    })
    return { next: last, outputs }
  })
  const numbers = Array.from({ length: rows * columns }, (_, i) => i + 1)
  const found = evaluate({ ...named(total) }, { m: numbers })
  expect(found["result0"]).toEqual([120])
  expect(found["result1"]).toEqual(numbers.map((n) => (n * (n + 1)) / 2))
})

const nested = (): Entry["outputs"] => named(deepScan(6, { save: 2 }))
type Mutable = { [key: string]: Mutable } & Mutable[] & (string | number | boolean | null)
const copy = (outputs: Entry["outputs"] = nested()): Mutable => JSON.parse(canonicalJson(graphToJson(outputs)))
function outcome(json: unknown): string {
  try {
    compileGraph({ name: "p", outputs: graphFromJson(json as Json) }, wasmEngine)
    return "runs"
  } catch (error) {
    if (error instanceof Refusal) return error.problems[0]!.code
    throw error
  }
}
test("scans in scans come back from text as the same program, each body written once, inner ones first", () => {
  const back = graphFromJson(copy() as unknown as Json)
  expect(canonicalJson(graphToJson(back))).toBe(canonicalJson(graphToJson(nested())))
  expect(lowerGraph({ name: "p", outputs: back })).toEqual(lowerGraph({ name: "p", outputs: nested() }))
  expect(
    copy()["bodies"]!.map(({ nodes }) => nodes!.filter(({ operation }) => `${operation}` === "scan").length),
  ).toEqual([0, 2])
})
test("no body runs itself, and none grows beyond all bounds in others", () => {
  const leaf = (name: string, shape: readonly number[]): object => ({
    ...{ operation: "input", inputs: [], attributes: { name, dtype: "f32", shape } },
  })
  const run = (body: number, inputs: readonly number[]): object => ({
    ...{ operation: "scan", inputs, attributes: { body, output: 3, stacked: false, reverse: false, recompute: false } },
  })
  /** A step that runs the body before it so many times, the first of all none. */
  const body = (i: number, times: number): object => {
    const fill = { operation: "fill", inputs: [], attributes: { value: 1, shape: [2, 1], dtype: "f32" } }
    const sum = { operation: "add", inputs: [0, 1], attributes: {} }
    const runs = Array.from({ length: times }, (_, n) => run(i - 1, [n === 0 ? 0 : 2 + n, 2]))
    const nodes = [leaf("a", [1]), leaf("x", [1]), fill, ...(i === 0 ? [sum] : runs)]
    return { nodes, carries: [0], slices: [1], constants: [], next: [3] }
  }
  const graph = (depth: number, times: number, last = depth - 1): object => ({
    ...{
      operations: 1,
      programs: [],
      bodies: Array.from({ length: depth }, (_, i) => body(i, times)),
      outputs: { y: 2 },
    },
    nodes: [leaf("a", [1]), leaf("x", [2, 1]), run(last, [0, 1])],
  })
  expect([1, 8, 9].map((depth) => outcome(graph(depth, 1)))).toEqual(["runs", "runs", "OB220"])
  expect([3, 4, 8].map((depth) => outcome(graph(depth, 30)))).toEqual(["runs", "OB220", "OB220"])
  expect(outcome(graph(2, 1, 2))).toBe("OB220")
  const itself = graph(2, 1) as { bodies: { nodes: { attributes: object }[] }[] }
  itself.bodies[1]!.nodes[3]!.attributes = { ...itself.bodies[1]!.nodes[3]!.attributes, body: 1 }
  expect(outcome(itself)).toBe("OB220")
})
test(`a graph with scans that is damaged anywhere is refused or still runs: nothing else is thrown (SEED=${SEED})`, () => {
  const values = [
    null,
    true,
    -1,
    0,
    1,
    2,
    3,
    0.5,
    2 ** 31,
    "",
    "scan",
    "input",
    "i8",
    [],
    {},
    [[]],
    [0, 0, 0],
    { nodes: [] },
  ]
  const paths = (json: unknown, at: readonly string[] = []): readonly (readonly string[])[] =>
    typeof json === "object" && json !== null
      ? Object.entries(json).flatMap(([key, value]) => [[...at, key], ...paths(value, [...at, key])])
      : []
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      fc.constantFrom(...paths(copy())),
      fc.constantFrom<unknown>(...values),
      fc.boolean(),
      (path, value, removes) => {
        const json = copy()
        const parent = path.slice(0, -1).reduce<Mutable>((inner, key) => inner[key]!, json)
        if (removes) delete parent[path.at(-1)!]
        else parent[path.at(-1)!] = value as Mutable
        seen.add(outcome(JSON.parse(JSON.stringify(json))))
      },
    ),
    { seed: SEED, numRuns: 200 },
  )
  expect(seen.size).toBeGreaterThan(2)
})
