import fc from "fast-check"
import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import * as op from "./operations.ts"
import { LENGTHS } from "./testing/cases.ts"
import { evaluate, resultOf } from "./testing/evaluate.ts"

const random = stream(SEED, "mix", 2)
const draw = (length: number, from = 0): readonly number[] =>
  Array.from({ length }, (_, i) => Math.fround(random.uniform(from + i) * 4 - 2))
const same = (found: readonly number[], wanted: readonly number[]): void => expect(found).toEqual(wanted)

test(`a product is a sum over k in order, rounded at each step, in all four ways to lie (SEED=${SEED})`, () => {
  const [m, k, n] = [3, 7, 5]
  const [a, b] = [draw(m * k), draw(k * n, 100)]
  const wanted = Array.from({ length: m * n }, (_, at) => {
    let sum = 0
    for (let i = 0; i < k; i++)
      sum = Math.fround(sum + Math.fround(a[Math.floor(at / n) * k + i]! * b[i * n + (at % n)]!))
    return sum
  })
  const turned = (x: readonly number[], rows: number, columns: number): readonly number[] =>
    x.map((_, at) => x[(at % rows) * columns + Math.floor(at / rows)]!)
  for (const left of [false, true])
    for (const right of [false, true]) {
      const y = op.matmul(
        op.input("a", "f32", left ? [k, m] : [m, k]),
        op.input("b", "f32", right ? [n, k] : [k, n]),
        left,
        right,
      )
      same(resultOf(y, { a: left ? turned(a, m, k) : a, b: right ? turned(b, k, n) : b }), wanted)
    }
})
test(`a product of batches is that of each pair of matrices, to the bit (SEED=${SEED})`, () => {
  const [m, k, n] = [2, 5, 3]
  const [a, b] = [draw(6 * m * k), draw(6 * k * n, 200)]
  for (const left of [false, true])
    for (const right of [false, true]) {
      const [la, lb] = [left ? [k, m] : [m, k], right ? [n, k] : [k, n]]
      const of = (batch: readonly number[]): ReturnType<typeof op.matmul> =>
        op.matmul(op.input("a", "f32", [...batch, ...la]), op.input("b", "f32", [...batch, ...lb]), left, right)
      const wanted = Array.from({ length: 6 }, (_, i) =>
        resultOf(of([]), { a: a.slice(i * m * k, (i + 1) * m * k), b: b.slice(i * k * n, (i + 1) * k * n) }),
      )
      same(resultOf(of([3, 2]), { a, b }), wanted.flat())
    }
})
test("products of integers wrap in i32, whatever the dtypes", () => {
  const y = op.matmul(op.input("a", "i32", [1, 2]), op.input("b", "u8", [2, 1]))
  same(resultOf(y, { a: [2 ** 31 - 1, 2 ** 30], b: [255, 3] }), [
    (Math.imul(2 ** 31 - 1, 255) + Math.imul(2 ** 30, 3)) | 0,
  ])
})

/** 16 partial sums, then halves added to halves. */
function partialSum(values: readonly number[]): number {
  const partial = new Float32Array(16)
  values.forEach((value, i) => {
    partial[i % 16]! += value
  })
  for (const half of [8, 4, 2, 1]) for (let i = 0; i < half; i++) partial[i]! += partial[i + half]!
  return partial[0]!
}
test(`a sum is 16 interleaved partials and a tree, along whatever axis (SEED=${SEED})`, () => {
  for (const n of [...LENGTHS, 31, 100]) {
    const [outer, inner] = [2, 3]
    const x = draw(outer * n * inner).map((value) => Math.fround(value * 1e4 ** value)) // of many magnitudes
    const column = (o: number, s: number): readonly number[] =>
      Array.from({ length: n }, (_, i) => x[(o * n + i) * inner + s]!)
    const wanted = [0, 1].flatMap((o) => [0, 1, 2].map((s) => partialSum(column(o, s))))
    same(resultOf(op.sum(op.input("x", "f32", [outer, n, inner]), 1), { x }), wanted)
    const line = x.slice(0, n)
    same(resultOf(op.sum(op.input("x", "f32", [n]), 0), { x: line }), [partialSum(line)])
    same(resultOf(op.sum(op.input("x", "f32", [n, 1]), 0), { x: line }), [partialSum(line)])
  }
})
test("a sum of -0 is 0, since partials start at 0", () => {
  same(resultOf(op.sum(op.input("x", "f32", [3]), 0), { x: [-0, -0, -0] }), [0])
})
test("the largest of a row: the first of equals stays, NaN loses unless it comes first", () => {
  const y = op.maximum(op.input("x", "f32", [5, 3]), 1)
  const x = [
    [1, Number.NaN, 2],
    [Number.NaN, 1, 2],
    [-0, 0, -1],
    [0, -0, -1],
    [-Infinity, -Infinity, -Infinity],
  ]
  same(resultOf(y, { x: x.flat() }), [2, Number.NaN, -0, 0, -Infinity])
})

test(`scattering is adjoint to gathering: Σ g · gather(t) = Σ scatter(g) · t (SEED=${SEED})`, () => {
  const [rows, width, bags, most] = [6, 3, 4, 5]
  const small = fc.integer({ min: -9, max: 9 }) // so that sums are exact
  const many = (length: number, one = small): fc.Arbitrary<number[]> =>
    fc.array(one, { minLength: length, maxLength: length })
  const [slots, count] = [op.input("slots", "i32", [bags, most]), op.input("count", "i32", [bags, 1])]
  const gathered = op.gatherSum(op.input("table", "f32", [rows, width]), slots, count)
  const scattered = op.scatterAdd(op.input("g", "f32", [bags, width]), slots, count, rows)
  fc.assert(
    fc.property(many(rows * width), many(bags * width), many(bags * most), many(bags), (table, g, places, counts) => {
      const given = { table, g, slots: places, count: counts }
      const found = evaluate({ gathered, scattered }, given)
      const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
      expect(dot(g, found["gathered"]!)).toBe(dot(table, found["scattered"]!))
      const wanted = Array.from({ length: bags * width }, (_, at) => {
        const b = Math.floor(at / width)
        const used = places.slice(b * most, b * most + Math.max(0, Math.min(most, counts[b]!)))
        return used.reduce((sum, slot) => sum + table[Math.min(Math.max(slot, 0), rows - 1) * width + (at % width)]!, 0)
      })
      expect(found["gathered"]!.map((v) => v + 0)).toEqual(wanted.map((v) => v + 0))
    }),
    { seed: SEED, numRuns: 50 },
  )
})

test("of equals the first is the largest place, also at the ends of i32", () => {
  const y = op.argmax(op.input("x", "i32", [4, 3]))
  const low = -(2 ** 31)
  same(
    resultOf(y, {
      x: [
        [3, 3, 1],
        [low, low, low],
        [low, 0, 2 ** 31 - 1],
        [-1, -2, -1],
      ].flat(),
    }),
    [0, 0, 2, 0],
  )
})

test(`probabilities from logits keep their stated error: 2⁻¹⁴, and 2⁻¹⁴ relative for each other column (SEED=${SEED})`, () => {
  const logits = (columns: number): fc.Arbitrary<number[]> =>
    fc.oneof(
      ...[300, 4096, 32767].map((reach) =>
        fc.array(fc.integer({ min: -reach, max: reach }), { minLength: columns, maxLength: columns, size: "max" }),
      ),
    )
  const check = (x: readonly number[]): void => {
    const p = resultOf(op.softmaxBits(op.input("x", "i16", [1, x.length])), { x })
    const best = Math.max(...x)
    const powers = x.map((value) => 2 ** ((value - best) / 256))
    const sum = powers.reduce((a, b) => a + b)
    for (const [i, power] of powers.entries()) {
      const exact = power / sum
      expect(Math.abs(p[i]! / 65536 - exact)).toBeLessThanOrEqual(2 ** -14 + exact * (x.length - 1) * 2 ** -14)
    }
  }
  for (const columns of [1, 2, 3, 17, 150]) fc.assert(fc.property(logits(columns), check), { seed: SEED, numRuns: 20 })
  check([0, ...Array.from({ length: 2000 }, () => -14 * 256 - 1)]) // where cutting parts off costs most
  check([-32768, 32767])
})
test("a lone logit is as sure as 16 bits can say; 65536 equal ones have one unit each", () => {
  same(resultOf(op.softmaxBits(op.input("x", "i16", [1, 1])), { x: [-5] }), [65535])
  const all = resultOf(op.softmaxBits(op.input("x", "i16", [1, 65536])), {}, wasmEngine)
  expect(new Set(all)).toEqual(new Set([1]))
})

test("exp and log at the ends", () => {
  const x = op.input("x", "f32", [9])
  const values = [Number.NaN, 0, -0, Infinity, -Infinity, -104, -103.9, 88.72283, 88.72284]
  same(resultOf(op.exp(x), { x: values }), [
    Number.NaN,
    1,
    1,
    Infinity,
    0,
    0,
    2 ** -149,
    Math.fround(Math.exp(Math.fround(88.72283))),
    Infinity,
  ])
  const smallest = Math.fround(Math.log(2 ** -149))
  same(resultOf(op.log(x), { x: [Number.NaN, 0, -0, Infinity, -Infinity, -1, -(2 ** -149), 2 ** -149, 1] }), [
    ...[Number.NaN, -Infinity, -Infinity, Infinity, Number.NaN, Number.NaN, Number.NaN, smallest, 0],
  ])
})
