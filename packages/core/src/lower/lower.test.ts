import fc from "fast-check"
import { expect, test } from "vitest"
import { sizeOf } from "../base/shape.ts"
import { compileGraph } from "../compile.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { inOrder, isNode, type Name, type Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import { buffer, i32, load, store } from "../ir/build.ts"
import { type Program, statementsOf } from "../ir/program.ts"
import { RUNS, SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { type Entry, lowerGraph } from "./lower.ts"

type Update = NonNullable<Entry["updates"]>[number]
const FLOATS = [0, -0, 1, -1, 0.5, 3, 2 ** -149, -(2 ** -126), 1e30, Infinity, -Infinity, Number.NaN]
const float = fc.oneof(fc.constantFrom(...FLOATS), fc.float())
const SHAPES = [
  [4, 5],
  [1, 5],
  [4, 1],
  [1, 1],
  [5, 4],
] as const

const LEAVES = [
  ...["a", "b", "c"].map((name) => ({ name, shape: [4, 5] })),
  ...SHAPES.map((shape, i) => ({ name: `x${i}`, shape })),
]
/** Draws as plain numbers, so that they shrink: each call takes the next, below a limit. */
const draws = fc.array(fc.nat(1000), { minLength: 100, maxLength: 100 }).map((words) => {
  return (): ((below: number) => number) => {
    let at = 0
    return (below) => words[at++ % words.length]! % below
  }
})
type Draw = (below: number) => number

/** Random nodes over weights a, b, c [4,5] and inputs of each shape: what a layer, a loss and an optimiser are made of. */
function randomNodes(size: number, draw: Draw): readonly Node[] {
  const nodes: Node[] = LEAVES.map(({ name, shape }) =>
    name < "x" ? op.weight(name, "f32", shape) : op.input(name, "f32", shape),
  )
  const pick = (fits: (node: Node) => boolean = () => true): Node => {
    const fitting = nodes.filter(fits)
    return fitting[draw(fitting.length)]!
  }
  const like = (a: Node): Node =>
    op.broadcastLike(
      pick(({ shape }) => shape.every((n, axis) => n === 1 || n === a.shape[axis])),
      a,
    )
  for (let n = 0; n < size; n++) {
    const a = pick()
    const [kind, axis] = [draw(16), draw(2)]
    if (kind < 9) nodes.push([op.add, op.subtract, op.multiply, op.divide, op.equal][draw(5)]!(a, like(a)))
    else if (kind === 9) nodes.push(op.sqrt(a))
    else if (kind === 10) nodes.push(op.multiply(op.fill([2, 0.1, -1][draw(3)]!, a), a))
    else if (kind === 11)
      nodes.push(
        op.matmul(
          a,
          pick(({ shape }) => shape[0] === a.shape[1]),
        ),
      )
    else if (kind === 12) nodes.push(op.maximum(a, axis))
    else if (kind === 13) nodes.push(like(pick(({ shape }) => shape[0] === 4 && shape[1] === 5)))
    else nodes.push(op.sum(a, axis))
  }
  return nodes
}
const numbers = (length: number): fc.Arbitrary<number[]> =>
  fc.array(float, { minLength: length, maxLength: length, size: "max" })
const contents = fc.record(Object.fromEntries(LEAVES.map(({ name, shape }) => [name, numbers(sizeOf(shape))])))

function proved(entry: Entry): Program {
  const program = lowerGraph(entry)
  expect(validate(program)).toEqual([])
  const names = [
    ...program.buffers.map(({ name }) => name),
    ...[...statementsOf(program.body)].flatMap((s) =>
      s.kind === "let" ? [s.name] : s.kind === "loop" ? [s.index] : [],
    ),
  ]
  expect(names.length).toBe(new Set(names).size)
  return program
}
type Results = Readonly<Record<string, readonly number[]>>
/** Runs an entry, on the judge and in WebAssembly; gives the outputs and the weights after it. */
function ran(entry: Entry, given: Results): Results {
  const program = proved(entry)
  const results = [interpreterEngine, wasmEngine].map((engine) => {
    const { memory, run } = engine.instantiate(program)
    for (const [name, values] of Object.entries(given)) memory[name]?.set(values)
    run()
    const kept = program.buffers.filter(({ access }) => access === "output" || access === "state")
    const leaves = Object.keys(entry.outputs).filter((name) => name in memory)
    return Object.fromEntries([...kept.map(({ name }) => name), ...leaves].map((name) => [name, [...memory[name]!]]))
  })
  expect(results[1]).toEqual(results[0])
  return results[0]!
}
/** Each node by a program of its own, from the values of its inputs. */
function oneByOne(outputs: readonly Node[], given: Results): ReadonlyMap<Node, readonly number[]> {
  const values = new Map<Node, readonly number[]>()
  for (const node of inOrder(outputs)) {
    if (isNode(node, "input") || isNode(node, "weight")) {
      values.set(node, [...Float32Array.from(given[node.attributes.name]!)])
      continue
    }
    const inputs = node.inputs.map(({ shape, dtype }, i) => op.input(`input${i}`, dtype, shape))
    const alone = op.node(
      node.operation as Name,
      inputs as unknown as readonly [],
      node.attributes as Record<string, never>,
    )
    const fed = Object.fromEntries(node.inputs.map((input, i) => [`input${i}`, values.get(input)!]))
    const { memory, run } = interpreterEngine.instantiate(lowerGraph({ name: "alone", outputs: { result: alone } }))
    for (const [name, numbers] of Object.entries(fed)) memory[name]!.set(numbers)
    run()
    values.set(node, [...memory["result"]!])
  }
  return values
}
const limits = { seed: SEED, numRuns: RUNS / 2, interruptAfterTimeLimit: 100 * RUNS }

test(`fused or one by one, asked for or not, a node has the same bits (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(draws, contents, (draw, given) => {
      const next = draw()
      const nodes = randomNodes(12, next)
      const wanted = oneByOne(nodes, given)
      for (const asked of [nodes, nodes.filter(() => next(4) === 0)]) {
        const outputs = Object.fromEntries(asked.map((node, i) => [`out${i}`, node]))
        const found = ran({ name: "whole", outputs }, given)
        for (const [i, node] of asked.entries()) expect([i, found[`out${i}`]]).toEqual([i, wanted.get(node)])
      }
    }),
    limits,
  )
})

test(`weights take their new values all at once, in place or through copies, and outputs are from before (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(draws, contents, (draw, given) => {
      const next = draw()
      const nodes = randomNodes(10, next)
      const fitting = nodes.filter(({ shape }) => shape[0] === 4 && shape[1] === 5)
      const updates = [0, 1, 2].flatMap((i): Update[] =>
        next(4) === 0 ? [] : [{ weight: nodes[i] as Node<"weight">, value: fitting[next(fitting.length)]! }],
      )
      const some = nodes.filter(() => next(6) === 0)
      const outputs = Object.fromEntries(some.map((node, i) => [`out${i}`, node]))
      const wanted = oneByOne([...some, ...updates.map(({ value }) => value)], given)
      const found = ran({ name: "step", outputs, updates }, given)
      for (const [i, node] of some.entries()) expect([i, found[`out${i}`]]).toEqual([i, wanted.get(node)])
      for (const { weight, value } of updates) {
        const { name } = weight.attributes
        expect([name, found[name]]).toEqual([name, wanted.get(value)])
      }
    }),
    limits,
  )
})

const [a, b] = [op.weight("a", "f32", [2, 2]), op.weight("b", "f32", [2, 2])]
const given = { a: [1, 2, 3, 4], b: [5, 6, 7, 8] }
const step = (outputs: Entry["outputs"], ...updates: readonly (readonly [Node<"weight">, Node])[]): Results =>
  ran({ name: "step", outputs, updates: updates.map(([weight, value]) => ({ weight, value })) }, given)

test("two weights swap", () => {
  expect(step({}, [a, b], [b, a])).toEqual({ a: given.b, b: given.a })
  const shifted = step({}, [a, b], [b, op.add(b, b)])
  expect(shifted).toEqual({ a: given.b, b: [10, 12, 14, 16] })
})
test("a product that comes after a weight's new value still reads the old one", () => {
  const doubled = op.add(a, a)
  const found = step({ y: op.matmul(doubled, a) }, [a, doubled])
  expect(found).toEqual({ a: [2, 4, 6, 8], y: [14, 20, 30, 44] })
})
test("a weight with a new value keeps the old one for the loops that come after, also through a broadcast", () => {
  const row = op.weight("row", "f32", [1, 2])
  const doubled = op.add(row, row)
  const inSameLoop = op.add(doubled, row) // so that the new value is needed in no other loop
  const later = op.broadcast(op.sum(inSameLoop, 1), 1, 2)
  const values = { row: [1, 2] }
  const run = (y: Node): Results =>
    ran({ name: "step", outputs: { y }, updates: [{ weight: row, value: doubled }] }, values)
  expect(run(op.add(op.sqrt(op.matmul(inSameLoop, op.fill(0, { dtype: "f32", shape: [2, 2] }))), row))["y"]).toEqual([
    1, 2,
  ])
  expect(run(op.matmul(op.sum(inSameLoop, 1), row))).toEqual({ row: [2, 4], y: [9, 18] })
  expect(run(op.add(later, row))).toEqual({ row: [2, 4], y: [10, 11] })
  const [tall, tallRow] = [op.broadcast(inSameLoop, 0, 2), op.broadcast(row, 0, 2)]
  for (const y of [op.add(tall, tallRow), op.add(tallRow, tall)])
    expect(run(y)).toEqual({ row: [2, 4], y: [4, 8, 4, 8] })
})
test("a weight that is an output is given as it was", () => {
  expect(step({ old: a }, [a, op.add(a, b)])).toEqual({ old: given.a, a: [6, 8, 10, 12] })
  expect(step({ old: a }, [a, op.matmul(a, b)])).toEqual({ old: given.a, a: [19, 22, 43, 50] })
})
test("a new value that is also an output, and one that two weights take", () => {
  const sum = op.add(a, b)
  expect(step({ sum }, [a, sum])).toEqual({ sum: [6, 8, 10, 12], a: [6, 8, 10, 12] })
  expect(step({}, [a, sum], [b, sum])).toEqual({ a: [6, 8, 10, 12], b: [6, 8, 10, 12] })
})
test("an element-wise update happens in place, without a copy", () => {
  const updates = [{ weight: a, value: op.add(a, b) }]
  expect(lowerGraph({ name: "step", outputs: {}, updates }).buffers.map(({ name }) => name)).toEqual(["a", "b"])
})
test("a node under two names, an input as an output, and under its own name", () => {
  const x = op.input("x", "i32", [2])
  const y = op.add(x, x)
  expect(ran({ name: "p", outputs: { one: y, two: y, copy: x, x } }, { x: [3, -4] })).toEqual({
    ...{ one: [6, -8], two: [6, -8], copy: [3, -4], x: [3, -4] },
  })
})
test("names that a caller gives never meet our own", () => {
  const x = op.input("value_0", "f32", [4, 4])
  const y = op.matmul(op.sum(op.matmul(x, x, false, true), 0), op.input("scratch_0", "f32", [4, 1]))
  const names = ["m_0", "n_0", "k_0", "sum_0", "i_0", "axis0_0", "element_0", "value_1", "lane_0"]
  const outputs = Object.fromEntries(names.map((name) => [name, op.add(y, op.input(`partial_${name}`, "f32", [1, 1]))]))
  proved({ name: "p", outputs: { ...outputs, table_0: op.log(y) } })
})
test("kernels of any names stand beside each other", () => {
  const kernel = (name: string, inner: string): Program => {
    const [x, y] = [buffer("input", "i32", inner, 1), buffer("output", "i32", "y", 1)]
    const held = buffer("scratch", "i32", `${inner}_held`.slice(0, 64), 1)
    return {
      name,
      buffers: inner.length > 60 ? [x, y] : [x, y, held],
      body: [...(inner.length > 60 ? [] : [store(held, i32(0), load(x, i32(0)))]), store(y, i32(0), load(x, i32(0)))],
    }
  }
  const x = op.input("x", "i32", [1, 1])
  const programs = [
    kernel("a", "b_0_x"),
    kernel("a_0_b", "x"),
    kernel("n".repeat(64), "x".repeat(64)),
    kernel("a", "b_0_x"),
  ]
  const outputs = Object.fromEntries(
    programs.map((program, i) => [`k_a_${i}`, op.node("kernel", [x], { program, output: "y" })]),
  )
  expect(Object.values(ran({ name: "p", outputs }, { x: [7] }))).toEqual([[7], [7], [7], [7]])
})
test("a chain of thirty thousand nodes lowers in time, and is then refused for its length", () => {
  const x = op.input("x", "f32", [1, 1])
  const chain = (next: (node: Node) => Node): Node => Array.from({ length: 30_000 }).reduce<Node>(next, x)
  const sums = chain((node) => op.add(node, x))
  expect(() => compileGraph({ name: "p", outputs: { y: sums } }, wasmEngine)).toThrow("OB212")
  const stretched = chain((node) => op.broadcast(node, 0, 1))
  expect(ran({ name: "p", outputs: { y: op.add(stretched, x) } }, { x: [2] })).toEqual({ y: [4] })
})
