import { expect, test } from "vitest"
import { TILES } from "../base/tiles.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import * as op from "../graph/operations.ts"
import { scan } from "../graph/scan.ts"
import { add, buffer, i32, load, local, mul, parallel, store } from "../ir/build.ts"
import type { Buffer, Program, Statement } from "../ir/program.ts"
import { validate } from "../ir/validate.ts"
import { lowerGraph } from "./lower.ts"
import { planMemory } from "./plan.ts"

let named = 0
const each = (from: Buffer, to: Buffer): Statement => {
  const i = local(`i${named++}`)
  return parallel(i, to.length, [store(to, i, add(mul(load(from, i), i32(3)), i32(1)))])
}
const scratch = (name: string, length = 8): Buffer => buffer("scratch", "i32", name, length)
const [x, y, a, b, c] = [
  buffer("input", "i32", "x", 8),
  buffer("output", "i32", "y", 8),
  ...["a", "b", "c"].map((n) => scratch(n)),
] as [...[Buffer, Buffer], ...[Buffer, Buffer, Buffer]]
const chain: Program = {
  name: "chain",
  buffers: [x, y, a, b, c],
  body: [each(x, a), each(a, b), each(b, c), each(c, y)],
}
const ran = (program: Program): readonly number[] => {
  expect(validate(program)).toEqual([])
  const { memory, run } = interpreterEngine.instantiate(program)
  memory["x"]!.set([1, 2, 3, 4, 5, 6, 7, -8])
  run()
  run()
  return [...memory["y"]!]
}

test("values that are never needed together share a place, and the answer stays", () => {
  const planned = planMemory(chain)
  expect(planned.buffers.map(({ name }) => name)).toEqual(["x", "y", "a", "b"])
  expect(ran(planned)).toEqual(ran(chain))
})
test("a place is as long as its longest value", () => {
  const [short, long] = [scratch("short", 4), scratch("long", 8)]
  const planned = planMemory({
    name: "two",
    buffers: [x, y, short, long],
    body: [each(x, short), each(short, buffer("output", "i32", "y", 4)), each(x, long), each(long, y)],
  })
  expect(planned.buffers.map(({ name, length }) => [name, length])).toEqual([
    ["x", 8],
    ["y", 8],
    ["short", 8],
  ])
})
test("what another entry touches, what the caller keeps, and other dtypes stay apart", () => {
  const entries = { prepare: [each(x, b)] }
  expect(planMemory({ ...chain, entries }).buffers.map(({ name }) => name)).toEqual(["x", "y", "a", "b"])
  const body = [each(x, a), each(a, c), each(b, y)]
  expect(planMemory({ ...chain, body, entries }).buffers.map(({ name }) => name)).toContain("b")
  expect(planMemory(chain, new Set(["a", "c"])).buffers.length).toBe(5)
  const halves = buffer("scratch", "i16", "halves", 8)
  const mixed = [each(x, a), each(a, y), each(x, halves), each(halves, y)]
  expect(planMemory({ ...chain, buffers: [x, y, a, halves], body: mixed }).buffers.length).toBe(4)
})
test("a deep net keeps no more than what is alive at once", () => {
  const input = op.input("x", "f32", [8, 32])
  const layers = Array.from({ length: 12 }, (_, i) => op.weight(`w${i}`, "f32", [32, 32]))
  const net = layers.reduce((value, weight) => op.matmul(value, weight), input as Parameters<typeof op.matmul>[0])
  const { buffers } = lowerGraph({ name: "deep", outputs: { y: net } })
  const bytes = buffers.reduce((sum, { access, length }) => sum + (access === "scratch" ? 4 * length : 0), 0)
  expect(bytes).toBeLessThanOrEqual(4 * (2 * 8 * 32 + 32 * 32))
})

const [w, v] = [op.weight("w", "i8", [40, 24]), op.weight("v", "f32", [24, 24])]
const prepared = {
  product: op.matmul(op.input("p", "i8", [1, 40]), w),
  float: op.matmul(op.input("q", "f32", [1, 24]), op.add(v, v)),
}
test("what depends on weights alone is done once, by `prepare`, and again when they change", () => {
  const [often, once] = [false, true].map((prepares) =>
    lowerGraph({ name: "net", outputs: prepared, prepares, tiles: { ...TILES, least: 0 } }),
  )
  expect(often!.entries).toBeUndefined()
  expect(Object.keys(once!.entries!)).toEqual(["prepare"])
  const instances = [often!, once!].map((program) => {
    expect(validate(program)).toEqual([])
    return interpreterEngine.instantiate(program)
  })
  for (const change of [1, 2]) {
    const results = instances.map(({ memory, run, entries }) => {
      for (const [name, array] of Object.entries(memory))
        if (["w", "v", "p", "q"].includes(name)) array.set(Array.from(array, (_, i) => ((i * 7 + change) % 23) - 11))
      entries["prepare"]?.()
      run()
      run()
      return [[...memory["product"]!], [...memory["float"]!]]
    })
    expect(results[1]).toEqual(results[0])
  }
})
test("a weight that a run changes is no constant", () => {
  const loss = op.matmul(op.input("q", "f32", [1, 24]), v)
  const updates = [{ weight: v, value: op.add(v, v) }]
  expect(lowerGraph({ name: "step", outputs: { loss }, updates, prepares: true }).entries).toBeUndefined()
})
test("results of one run are prepared together, also those that each round has to give", () => {
  const zero = op.fill(0, { dtype: "f32", shape: [1] })
  const rows = op.weight("rows", "f32", [4, 1])
  const { last, outputs } = scan({ carries: [zero], sequences: [rows] }, ([sum], [row]) => {
    const next = op.add(sum!, row!)
    return { next: [next], outputs: [next] }
  })
  const [given, total] = [last[0]!, op.sum(outputs[0]!, 0)]
  const { memory, run, entries } = interpreterEngine.instantiate(
    lowerGraph({ name: "net", outputs: { given, y: op.add(total, total) }, prepares: true }),
  )
  memory["rows"]!.set([1, -1, 1, -1])
  entries["prepare"]?.()
  run()
  expect([...memory["given"]!]).toEqual([0])
  expect([...memory["y"]!]).toEqual([4])
})
test("what is prepared and given is given anew by each run", () => {
  const program = lowerGraph({ name: "net", outputs: { y: op.add(v, v) }, prepares: true })
  expect(Object.keys(program.entries!)).toEqual(["prepare"])
  const { memory, run, entries } = interpreterEngine.instantiate(program)
  memory["v"]!.fill(1.5)
  entries["prepare"]!()
  for (let n = 0; n < 2; n++) {
    run()
    expect(new Set(memory["y"])).toEqual(new Set([3]))
    memory["y"]!.fill(0)
  }
})
