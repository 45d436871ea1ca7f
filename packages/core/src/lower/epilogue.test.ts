import { expect, test } from "vitest"
import { TILES, type Tiles } from "../base/tiles.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import { validate } from "../ir/validate.ts"
import { relu } from "../nn/activation.ts"
import { type Entry, lowerGraph } from "./lower.ts"

const ALL: Tiles = { ...TILES, least: 0 }
const tiny: Tiles = { ...ALL, float: { rows: 2, columns: 4, unroll: 1 } }
/** The same entry with each product's value asked for, so that it has to be written out. */
const apart = (entry: Entry): Entry => {
  const asked = [...Object.values(entry.outputs), ...(entry.updates ?? []).map(({ value }) => value)]
  const products = inOrder(asked).filter((node) => isNode(node, "matmul"))
  return {
    ...entry,
    outputs: { ...entry.outputs, ...Object.fromEntries(products.map((node, i) => [`product${i}`, node])) },
  }
}
/** Held against the same with every product written out; how many loops over products it does without. */
function loopsSaved(entry: Entry): number {
  const programs = [entry, apart(entry)].map((each) => lowerGraph({ tiles: ALL, ...each }))
  const results = programs.flatMap((program) => {
    expect(validate(program)).toEqual([])
    return [interpreterEngine, wasmEngine].map((engine) => {
      const { memory, run } = engine.instantiate(program)
      for (const { name, access, dtype } of program.buffers)
        if (access === "input" || access === "state")
          memory[name]!.set(Array.from(memory[name]!, (_, i) => (((i * 37) % 41) - 20) / (dtype === "f32" ? 16 : 1)))
      run()
      const kept = programs[0]!.buffers.filter(({ access }) => access === "output" || access === "state")
      return kept.map(({ name }) => [name, [...memory[name]!]])
    })
  })
  for (const each of results) expect(each).toEqual(results[0])
  return programs[1]!.body.length - programs[0]!.body.length
}

const x = op.input("x", "f32", [6, 12])
const w = op.weight("w", "f32", [12, 10])
const bias = op.weight("bias", "f32", [1, 10])
const product = op.matmul(x, w)

test("a bias and an activation are done on sums in registers, at the edge too", () => {
  const y = relu(op.add(product, op.broadcastLike(bias, product)))
  for (const tiles of [ALL, tiny]) expect(loopsSaved({ name: "layer", outputs: { y }, tiles })).toBe(1)
})
test("through a reshape, with operands that are stretched along any axis, or whole", () => {
  const shaped = op.reshape(product, [2, 3, 10])
  const stretched = (["a", "b", "c", "d", "e"] as const).map((name, i) => {
    const shape = [
      [2, 1, 1],
      [1, 3, 1],
      [1, 1, 10],
      [2, 3, 1],
      [2, 3, 10],
    ][i]!
    return op.broadcastLike(op.input(name, "f32", shape), shaped)
  })
  const y = stretched.reduce<Node>((sum, each) => op.add(sum, op.multiply(each, op.fill(0.5, each))), shaped)
  const few = stretched.slice(0, 3).reduce<Node>(op.add, shaped)
  for (const tiles of [ALL, tiny]) {
    loopsSaved({ name: "whole", outputs: { y }, tiles })
    expect(loopsSaved({ name: "few", outputs: { y: few }, tiles })).toBe(1)
  }
})
test("a constant that is stretched lies nowhere, and is read as one", () => {
  const y = op.add(product, op.broadcast(op.fill(0.5, { dtype: "f32", shape: [1, 10] }), 0, 6))
  expect(loopsSaved({ name: "stretched", outputs: { y } })).toBe(1)
})
test("integers are requantised where they were summed, batches of products added to what lies there", () => {
  const q = op.matmul(op.input("q", "i8", [5, 24]), op.weight("v", "i8", [24, 20]))
  const multiplier = op.broadcastLike(op.weight("m", "i32", [1, 20]), q)
  expect(loopsSaved({ name: "q", outputs: { y: op.requantise(q, multiplier, 20, "i8") } })).toBe(1)
  const batched = op.matmul(op.input("l", "f32", [3, 5, 9]), op.input("r", "f32", [3, 9, 8]))
  const y = op.add(batched, op.input("s", "f32", [3, 5, 8]))
  expect(loopsSaved({ name: "batched", outputs: { y } })).toBe(1)
})
test("a step of gradient descent changes a weight in place, unless the product reads it", () => {
  const slope = op.matmul(op.input("z", "f32", [9, 12]), op.input("dy", "f32", [9, 10]), true, false)
  const step = (from: Node): Node => op.subtract(w, op.multiply(from, op.fill(0.25, from)))
  const updates = [{ weight: w as Node<"weight">, value: step(slope) }]
  expect(loopsSaved({ name: "step", outputs: {}, updates })).toBe(1)
  const square = op.weight("square", "f32", [12, 12])
  const own = op.matmul(square, square)
  const value = op.subtract(square, op.multiply(own, op.fill(0.25, own)))
  loopsSaved({ name: "own", outputs: {}, updates: [{ weight: square as Node<"weight">, value }] })
})
test("what another reads, what is asked for, long groups and divided integers are written out", () => {
  const twice = op.add(product, op.broadcastLike(bias, product))
  loopsSaved({ name: "read", outputs: { y: twice, z: op.matmul(product, op.input("r", "f32", [10, 9])) } })
  const long = Array.from({ length: 9 }).reduce<Node>((sum) => op.multiply(sum, sum), product)
  expect(loopsSaved({ name: "long", outputs: { y: long } })).toBe(0)
  const q = op.matmul(op.input("q", "i8", [5, 24]), op.weight("v", "i8", [24, 20]))
  expect(loopsSaved({ name: "q", outputs: { y: op.divide(q, op.fill(3, q)) } })).toBe(0)
  const deep = op.matmul(op.input("d", "f32", [5, 640]), op.weight("e", "f32", [640, 8]))
  expect(loopsSaved({ name: "deep", outputs: { y: relu(deep) } })).toBe(0)
})
test("a weight that changes in place in between is read as it was before", () => {
  const changed = op.add(w, w)
  const y = op.add(op.matmul(x, w), op.broadcastLike(op.sum(op.matmul(x, changed), 0), product))
  loopsSaved({ name: "order", outputs: { y }, updates: [{ weight: w as Node<"weight">, value: changed }] })
})
