import { expect, test } from "vitest"
import type { Dtype } from "../../base/dtype.ts"
import type { Node } from "../graph.ts"
import * as op from "../operations.ts"
import { resultOf, type Values } from "../testing/evaluate.ts"
import { FUNCTIONS, ulpErrors } from "../testing/ulp.ts"

const FLOATS = [Number.NaN, 0, -0, 1, -1, 0.5, -1.5, 2 ** -149, -(2 ** 24), 2 ** 31, -3e9, 3e38, Infinity, -Infinity]
const LOW = -(2 ** 31)
const WHOLE = [0, 1, -1, 2, -7, 127, 128, -128, 255, 256, 65536, 2 ** 31 - 1, LOW]
type Scalar = "f32" | "i32"
const pairs = (values: Values): readonly [Values, Values] => [
  values.flatMap((a) => values.map(() => a)),
  values.flatMap(() => values),
]
function ofTwo(build: (a: Node, b: Node) => Node, dtype: Scalar): readonly [a: Values, b: Values, y: Values] {
  const [a, b] = pairs(dtype === "f32" ? FLOATS.map(Math.fround) : WHOLE)
  const y = build(op.input("a", dtype, [a.length]), op.input("b", dtype, [a.length]))
  return [a, b, resultOf(y, { a, b })]
}
const ofOne = (build: (a: Node) => Node, a: Values, dtype: Dtype): Values =>
  resultOf(build(op.input("a", dtype, [a.length])), { a })

test("larger and smaller: the first stays unless the second wins, so NaN stays where it comes first", () => {
  for (const dtype of ["f32", "i32"] as const) {
    const [a, b, larger] = ofTwo(op.larger, dtype)
    expect(larger).toEqual(a.map((v, i) => (v < b[i]! ? b[i] : v)))
    expect(ofTwo(op.smaller, dtype)[2]).toEqual(a.map((v, i) => (b[i]! < v ? b[i] : v)))
  }
})
test("comparisons give 1 or 0 in the dtype of what is compared; nothing is less than NaN or equals it", () => {
  for (const dtype of ["f32", "i32"] as const) {
    const [a, b, less] = ofTwo(op.less, dtype)
    expect(less).toEqual(a.map((v, i) => Number(v < b[i]!)))
    expect(ofTwo(op.equal, dtype)[2]).toEqual(a.map((v, i) => Number(v === b[i]!)))
  }
})
test("integers divide towards zero; by zero it is 0, and the lowest by -1 itself", () => {
  const [a, b, y] = ofTwo(op.divide, "i32")
  expect(y).toEqual(a.map((v, i) => (b[i] === 0 ? 0 : Math.trunc(v / b[i]!) | 0)))
})
test("select: everything that is not 0 counts as true, NaN too", () => {
  const n = FLOATS.length
  const [yes, no] = [op.fill(1, { shape: [n], dtype: "i8" }), op.fill(2, { shape: [n], dtype: "i8" })]
  expect(ofOne((c) => op.select(c, yes, no), FLOATS, "f32")).toEqual(FLOATS.map((v) => (v === 0 ? 2 : 1)))
})
test("absolute and floor, at the ends of their dtypes", () => {
  const floats = FLOATS.map(Math.fround)
  expect(ofOne(op.absolute, floats, "f32")).toEqual(floats.map(Math.abs))
  expect(ofOne(op.absolute, WHOLE, "i32")).toEqual(WHOLE.map((v) => Math.abs(v) | 0))
  expect(ofOne(op.floor, floats, "f32")).toEqual(floats.map((v) => (v === 0 ? 0 : Math.floor(v))))
  const near = [-1, 1].flatMap((sign) => [2 ** 23 - 0.5, 2 ** 23, 2 ** 22 + 0.75].map((v) => sign * v)).map(Math.fround)
  expect(ofOne(op.floor, near, "f32")).toEqual(near.map(Math.floor))
})
test("convert gives the nearest number of the dtype: saturating, floats towards zero, NaN to 0", () => {
  const held = (v: number, low: number, high: number): number =>
    Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), low), high) + 0
  const ranges = {
    i8: [-128, 127],
    u8: [0, 255],
    i16: [-32768, 32767],
    u16: [0, 65535],
    i32: [LOW, 2 ** 31 - 1],
  } as const
  for (const [dtype, [low, high]] of Object.entries(ranges) as [keyof typeof ranges, readonly [number, number]][]) {
    expect(ofOne((a) => op.convert(a, dtype), FLOATS.map(Math.fround), "f32")).toEqual(
      FLOATS.map((v) => held(Math.fround(v), low, high)),
    )
    expect(ofOne((a) => op.convert(a, dtype), WHOLE, "i32")).toEqual(WHOLE.map((v) => held(v, low, high)))
  }
  expect(ofOne((a) => op.convert(a, "f32"), [2 ** 24 + 1, LOW, -7], "i32")).toEqual([2 ** 24, LOW, -7])
})

for (const name of Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[])
  test(`${name} lies within its stated units in the last place of Math, over a comb of all floats`, () => {
    expect(ulpErrors(name, 40_009).largest).toBeLessThanOrEqual(FUNCTIONS[name].ulps)
  })
test("tanh, sigmoid, sin and cos at the ends", () => {
  const ends = [Number.NaN, Infinity, -Infinity, 0, 2 ** -149, 2 ** 20, -(2 ** 20) - 1 / 8]
  expect(ofOne(op.tanh, ends, "f32")).toEqual([Number.NaN, 1, -1, 0, 2 ** -149, 1, -1])
  expect(ofOne(op.sigmoid, ends, "f32").slice(0, 5)).toEqual([Number.NaN, 1, 0, 0.5, 0.5])
  expect(ofOne(op.sigmoid, [-103, -104], "f32")).toEqual([2 ** -149, 0])
  const [sin, cos] = [op.sin, op.cos].map((f) => ofOne(f, ends, "f32"))
  expect(sin!.map((v) => v + 0)).toEqual([...[Number.NaN, Number.NaN, Number.NaN], 0, 2 ** -149, sin![5], Number.NaN])
  expect(cos!.slice(3)).toEqual([1, 1, cos![5], Number.NaN])
  expect(sin![5]).toBeCloseTo(Math.sin(2 ** 20), 6)
  expect(cos![5]).toBeCloseTo(Math.cos(2 ** 20), 6)
})
