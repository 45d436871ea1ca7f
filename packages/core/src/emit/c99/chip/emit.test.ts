import { expect, test } from "vitest"
import * as op from "../../../graph/operations.ts"
import { add, buffer, i32, let_, load, local, loop, mul, set, store } from "../../../ir/build.ts"
import { freeze } from "../../../ir/freeze.ts"
import type { Program } from "../../../ir/program.ts"
import { rangesOf } from "../../../ir/ranges.ts"
import { lowerGraph } from "../../../lower/lower.ts"
import { convolution } from "../../../nn/convolution.ts"
import { emitChip } from "./emit.ts"
import { gathersOf } from "./gathers.ts"
import { productsOf } from "./products.ts"

/** k inputs of u8 to n outputs, requantised. */
function layer(k: number, n: number, weights: Int8Array, dtype: "u8" | "i8" = "u8"): Program {
  const sums = op.matmul(op.input("x", dtype, [1, k]), op.weight("w", "i8", [k, n]))
  const y = op.requantise(sums, op.broadcastLike(op.weight("m", "i32", [1, n]), sums), 24, "u8")
  const program = lowerGraph({ name: "layer", outputs: { y }, prepares: true, direct: true })
  return freeze(program, { values: { w: weights, m: new Int32Array(n).fill(9999) }, prepares: ["prepare"] })
}
const [only] = [...productsOf(layer(3, 2, Int8Array.of(1, -2, 3, 4, -128, 127))).values()]

test("a matrix of constants is found in loops again, with what its sums can reach", () => {
  expect(only?.dot).toMatchObject({ outputs: 2, runs: 1, length: 3, data: "u8", accumulator: 24 })
  expect(only?.dot.weights.map((row) => Array.from(row))).toEqual([
    [1, 3, -128],
    [-2, 4, 127],
  ])
  expect(only?.range).toEqual([-128 * 255, (4 + 127) * 255]) // the least and the most of any output
})
test("an accumulator is as wide as its own weights need, signs and all", () => {
  const of = (w: number, k: number, dtype?: "i8"): number | undefined =>
    [...productsOf(layer(k, 5, new Int8Array(5 * k).fill(w), dtype)).values()][0]?.dot.accumulator
  expect([of(1, 128), of(1, 129), of(-1, 128, "i8"), of(127, 259), of(127, 260)]).toEqual([16, 24, 16, 24, 32])
})
test("windows of a convolution are read where they lie: no memory is taken for them", () => {
  const x = op.input("x", "u8", [1, 8, 8, 2])
  const sums = convolution(x, op.weight("w", "i8", [3, 3, 2, 5]), { stride: [2, 2] })
  const y = op.requantise(sums, op.fill(9999, sums), 24, "u8")
  const program = lowerGraph({ name: "windows", outputs: { y }, prepares: true, direct: true })
  const frozen = freeze(program, { values: { w: new Int8Array(90).fill(3) }, prepares: ["prepare"] })
  expect(frozen.buffers.filter(({ access }) => access === "scratch")).toEqual([])
  const [product] = [...productsOf(frozen).values()]
  expect(product?.dot).toMatchObject({ outputs: 5, runs: 3, length: 6, jump: 16 })
  expect(emitChip(frozen).ramBytes).toBe(128 + 45)
})
test("rows that are added up are gone through row by row", () => {
  const [table, slots, count] = [
    op.weight("t", "i8", [6, 4]),
    op.input("s", "u16", [1, 9]),
    op.input("n", "i32", [1, 1]),
  ]
  const program = lowerGraph({
    name: "bag",
    outputs: { y: op.gatherSum(table, slots, count) },
    prepares: true,
    direct: true,
  })
  const frozen = freeze(program, { values: { t: Int8Array.from({ length: 24 }, (_, i) => (i % 3) - 1) }, prepares: [] })
  const [gather] = [...gathersOf(frozen, rangesOf(frozen)).values()]
  expect(gather).toMatchObject({ table: "t", width: 4, range: [-9, 9] })
  const { source, constantBytes } = emitChip(frozen)
  expect(constantBytes).toBe(8) // trits: two byte rows of four hold all six
  expect(source).toContain("gather_0_add")
})
test("sums with a first value, with two places of weights or over memory that is no constant are loops", () => {
  const [x, w, y] = [buffer("input", "u8", "x", 4), buffer("input", "i8", "w", 4), buffer("output", "i32", "y", 1)]
  const [i, sum] = [local("i"), local("sum")]
  const of = (start: number, isConstant: boolean): Program => ({
    name: "p",
    buffers: [x, isConstant ? { ...w, access: "constant", values: [1, 2, 3, 4] } : w, y],
    body: [let_(sum, i32(start)), loop(i, 4, [set(sum, add(sum, mul(load(x, i), load(w, i))))]), store(y, i32(0), sum)],
  })
  expect([of(0, true), of(1, true), of(0, false)].map((each) => productsOf(each).size)).toEqual([1, 0, 0])
})
test("the header says what a sketch needs, and all that is not declared is static", () => {
  const { header, source, ramBytes } = emitChip(layer(8, 6, new Int8Array(48).fill(5)))
  expect(header).toContain(
    "extern uint8_t layer_x[8]; /* input */\nextern uint8_t layer_y[6]; /* output */\nvoid layer_run(void);",
  )
  expect(header).toContain(`#define LAYER_RAM_BYTES ${ramBytes}`)
  const outside = source.match(/^[a-z_0-9]+ \*?(\w+)(?=[([])/gm) ?? []
  expect(outside.filter((line) => !/^(?:static|typedef|INLINE|LAYER)/.test(line))).toEqual([
    "uint8_t layer_x",
    "uint8_t layer_y",
    "void layer_run",
  ])
})
test("floats are refused before anything is printed", () => {
  const y = op.exp(op.input("x", "f32", [1]))
  expect(() => emitChip(lowerGraph({ name: "floats", outputs: { y } }))).toThrow("bug: floats on a chip")
})
