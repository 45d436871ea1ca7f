import { expect, test } from "vitest"
import { type Dtype, numbersOf } from "../../base/dtype.ts"
import { stream } from "../../base/random.ts"
import { type Shape, sizeOf } from "../../base/shape.ts"
import { LEAST, TILES, type Tile } from "../../base/tiles.ts"
import { interpreterEngine } from "../../engine/interpreter.ts"
import { wasmEngine } from "../../engine/wasm.ts"
import type { Node } from "../../graph/graph.ts"
import * as op from "../../graph/operations.ts"
import type { Outputs } from "../../graph/text.ts"
import { buffer, local, table } from "../../ir/build.ts"
import { unprovedPromises } from "../../ir/independent.ts"
import type { Buffer, Program } from "../../ir/program.ts"
import { validate } from "../../ir/validate.ts"
import { lowerGraph } from "../lower.ts"
import { namer } from "../names.ts"
import { contraction } from "./contraction.ts"

interface Case {
  readonly a: Shape
  readonly b: Shape
  readonly transposeLeft?: boolean
  readonly transposeRight?: boolean
  readonly dtype?: Dtype
  readonly right?: Dtype
  readonly packsOnce?: boolean
  readonly tile?: Tile
}
/** The schedule and the reference beside it, over the same inputs. */
function both({ a, b, dtype = "f32", right = dtype, packsOnce = false, tile, ...flags }: Case): Program | undefined {
  const nodes = [op.input("a", dtype, a), op.input("b", right, b)] as const
  const node = op.matmul(...nodes, flags.transposeLeft ?? false, flags.transposeRight ?? false) as Node<"matmul">
  const buffers: Buffer[] = [buffer("input", dtype, "a", sizeOf(a)), buffer("input", right, "b", sizeOf(b))]
  const outputs = ["y", "wanted"].map((name) => buffer("output", node.dtype, name, sizeOf(node.shape)))
  const fresh = namer(["a", "b", "y", "wanted"])
  const declare = (made: Buffer): Buffer => {
    buffers.push(made)
    return made
  }
  const scratch = {
    locals: (scalars: Readonly<Record<string, "i32" | "f32" | "f64">>) =>
      Object.fromEntries(Object.entries(scalars).map(([stem, scalar]) => [stem, local(fresh(stem), scalar)])),
    buffer: (of: Dtype, length: number) => declare(buffer("scratch", of, fresh("scratch"), length)),
    table: (of: Dtype, values: readonly number[]) => declare(table(of, fresh("table"), values)),
  } as Parameters<typeof contraction>[3]["scratch"]
  const inputs = [
    { buffer: buffers[0]!, shape: a },
    { buffer: buffers[1]!, shape: b },
  ] as const
  const schedule = contraction(
    node,
    inputs,
    { buffer: outputs[0]!, shape: node.shape },
    { scratch, packsOnce, ...(tile && { tiles: { float: tile, integer: tile } }) },
  )
  if (!schedule) return undefined
  const { reference } = op.OPERATIONS.matmul
  if (reference.kind !== "loops") throw new Error("a product is loops")
  const wanted = reference.body(node)(inputs, { buffer: outputs[1]!, shape: node.shape }, scratch)
  return { name: "both", buffers: [...buffers, ...outputs], body: [...schedule.pack, ...schedule.body, ...wanted] }
}
function expectSame(each: Case): void {
  const program = both(each)
  if (!program) throw new Error("no schedule")
  expect(validate(program)).toEqual([])
  const random = stream(1, "mix", 0)
  for (const engine of [interpreterEngine, wasmEngine]) {
    const { memory, run } = engine.instantiate(program)
    for (const [at, name] of ["a", "b"].entries()) {
      const { dtype, length } = program.buffers.find((each) => each.name === name)!
      const value = (i: number): number =>
        dtype === "f32" ? random.uniform(2 * i + at) * 2 - 1 : (random.word(2 * i + at) << 16) >> 16
      memory[name]!.set(
        numbersOf(
          dtype,
          Array.from({ length }, (_, i) => value(i)),
        ),
      )
    }
    run()
    expect([engine.name, [...memory["y"]!]]).toEqual([engine.name, [...memory["wanted"]!]])
  }
}

const SIZES = [
  ...[[4, 8, 4] as const, [5, 9, 7] as const, [2, 16, 16] as const, [3, 13, 35] as const, [33, 20, 18] as const],
]
for (const [m, k, n] of SIZES)
  for (const [transposeLeft, transposeRight] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const)
    test(`f32 [${m},${k}] by [${k},${n}]${transposeLeft ? ", left transposed" : ""}${transposeRight ? ", right transposed" : ""}`, () => {
      const [a, b] = [transposeLeft ? [k, m] : [m, k], transposeRight ? [n, k] : [k, n]]
      expectSame({ a, b, transposeLeft, transposeRight, packsOnce: true })
      expectSame({ a: [3, ...a], b: [3, ...b], transposeLeft, transposeRight, packsOnce: true })
    })
for (const [dtype, right] of [
  ["i8", "i8"],
  ["u8", "i8"],
  ["i16", "i16"],
  ["i8", "i16"],
] as const)
  for (const [m, k, n] of SIZES)
    test(`${dtype} by ${right} [${m},${k}] by [${k},${n}]`, () => {
      expectSame({ a: [m, k], b: [k, n], dtype, right, packsOnce: true })
      expectSame({ a: [2, m, k], b: [2, n, k], dtype, right, transposeRight: true, packsOnce: true })
    })
/** More rows than a chunk, and long enough for blocks of k; a transposed left side is turned block by block. */
for (const [m, k, n] of [
  [133, 72, 20],
  [150, 640, 5],
  [256, 128, 16],
] as const)
  test(`chunks of rows: f32 [${m},${k}] by [${k},${n}]`, () => {
    expectSame({ a: [m, k], b: [k, n] })
    expectSame({ a: [k, m], b: [k, n], transposeLeft: true })
    expect(unprovedPromises(both({ a: [k, m], b: [k, n], transposeLeft: true })!)).toEqual([])
  })
test("one row, packed once", () => expectSame({ a: [1, 50], b: [50, 40], packsOnce: true }))
test("sums in blocks of k", () => {
  expectSame({ a: [5, 640], b: [640, 20] })
  expectSame({ a: [4, 1280], b: [1280, 18], dtype: "i8" })
})
test("other tiles, the same bits", () => {
  for (const tile of [
    { rows: 4, columns: 8, unroll: 2 },
    { rows: 1, columns: 32, unroll: 8 },
    { rows: 3, columns: 4, unroll: 1 },
  ])
    for (const dtype of ["f32", "i8"] as const) expectSame({ a: [11, 37], b: [37, 45], dtype, tile })
})
test("integers in fours of bytes", () => {
  for (const dtype of ["i8", "u8"] as const)
    for (const depth of [40, 41, 42, 43])
      for (const rows of [1, 7]) {
        const tile = { rows: 2, columns: 16, unroll: 2, dot: "bytes" } as const
        expectSame({ a: [rows, depth], b: [depth, 37], dtype, right: "i8", tile, packsOnce: true })
        expectSame({
          a: [2, rows, depth],
          b: [2, 37, depth],
          transposeRight: true,
          dtype,
          right: "i8",
          tile,
          packsOnce: true,
        })
      }
  expectSame({ a: [4, 2560], b: [2560, 18], dtype: "i8", tile: { ...TILES.integer, dot: "bytes" } })
})
test("small products, wide integers and the transposed left of integers stay with the reference", () => {
  expect(both({ a: [3, 40], b: [40, 40] })).toBeUndefined()
  expect(both({ a: [40, 40], b: [40, 3] })).toBeUndefined()
  expect(both({ a: [40, 40], b: [40, 40], dtype: "i32" })).toBeUndefined()
  expect(both({ a: [40, 40], b: [40, 40], dtype: "u16" })).toBeUndefined()
  expect(both({ a: [40, 40], b: [40, 40], dtype: "i8", transposeLeft: true })).toBeUndefined()
})

const small = TILES.integer
const halves = { ...TILES, least: 0 }
const asBytes = { ...halves, integer: { ...small, rows: 1, dot: "bytes" } as const }
test("numbers of four bits are multiplied as they are stored", () => {
  for (const [rows, depth, columns] of [
    [1, 24, 20],
    [3, 64, 37],
    [2, 8, 4],
  ] as const) {
    const net = (): Outputs => {
      const packed = op.weight("w", "u8", [columns, depth / 2])
      return { y: op.matmul(op.input("x", "i8", [rows, depth]), op.unpackNibbles(packed), false, true) }
    }
    const results = [halves, asBytes].flatMap((tiles) => {
      const program = lowerGraph({ name: "net", outputs: net(), prepares: true, tiles })
      expect(validate(program)).toEqual([])
      const isUnpacked = program.buffers.some(({ dtype, length }) => dtype === "i8" && length === columns * depth)
      expect(isUnpacked).toBe(tiles === halves)
      return [interpreterEngine, wasmEngine].map((engine) => {
        const { memory, run, entries } = engine.instantiate(program)
        for (const name of ["x", "w"]) memory[name]!.set(Array.from(memory[name]!, (_, i) => (i * 37 + 11) & 255))
        entries["prepare"]!()
        run()
        return [...memory["y"]!]
      })
    })
    for (const each of results) expect(each).toEqual(results[0])
  }
})
test("nibbles that something else reads too, or whose depth is no whole number of words, are unpacked", () => {
  const w = op.unpackNibbles(op.weight("w", "u8", [16, 12]))
  const y = op.matmul(op.input("x", "i8", [1, 24]), w, false, true)
  const odd = op.unpackNibbles(op.weight("o", "u8", [16, 14]))
  const z = op.matmul(op.input("z", "i8", [1, 28]), odd, false, true)
  for (const outputs of [{ y, unpacked: w }, { answer: z }])
    expect(validate(lowerGraph({ name: "net", outputs, prepares: true, tiles: asBytes }))).toEqual([])
})

test("a product of plain loops reads what is unpacked, whatever its schedule would take", () => {
  const x = op.input("x", "i8", [3, 64])
  const w = op.weight("w", "u8", [16, 32])
  const y = op.matmul(x, op.unpackNibbles(w), false, true)
  const [cut, direct] = [false, true].map((direct) => {
    const program = lowerGraph({ name: "net", outputs: { y }, prepares: true, tiles: asBytes, direct })
    const { memory, run, entries } = interpreterEngine.instantiate(program)
    for (const name of ["x", "w"]) memory[name]!.set(Array.from(memory[name]!, (_, i) => (i * 37 + 11) & 255))
    entries["prepare"]!()
    run()
    return [...memory["y"]!]
  })
  expect(direct).toEqual(cut)
})
test("small products are left to the reference, and read what is unpacked", () => {
  const nibbles = op.unpackNibbles(op.weight("n", "u8", [20, 12]))
  const small = op.matmul(op.input("x", "i8", [1, 24]), nibbles, false, true)
  const { buffers, entries } = lowerGraph({
    name: "net",
    outputs: { small },
    prepares: true,
    tiles: { ...asBytes, least: LEAST },
  })
  expect(buffers.some(({ dtype, length }) => dtype === "i8" && length === 20 * 24)).toBe(true)
  expect(Object.keys(entries!)).toEqual(["prepare"])
})
