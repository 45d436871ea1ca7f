import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import { type Given, resultOf, type Values } from "../graph/testing/evaluate.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { gradients } from "../train/gradient.ts"
import { gelu, relu, silu, softplus } from "./activation.ts"
import { attention } from "./attention.ts"
import { layerNorm, rmsNorm } from "./norm.ts"
import { logSoftmax, softmax } from "./softmax.ts"
import { expectGradient } from "./testing/gradient.ts"
import { transformerBlock } from "./transformer.ts"

const random = stream(SEED, "mix", 3)
const draw = (length: number, from = 0): Values =>
  Array.from({ length }, (_, i) => Math.fround(random.uniform(from + i) * 4 - 2))
const close = (found: Values, wanted: Values, digits = 5): void => {
  expect(found.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, digits)
}
const rows = <T>(values: readonly T[], width: number): readonly (readonly T[])[] =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width))
const shares = (row: Values): Values => {
  const powers = row.map((v) => Math.exp(v - Math.max(...row)))
  const total = powers.reduce((a, b) => a + b)
  return powers.map((v) => v / total)
}
const f = (name: string, ...shape: readonly number[]): Node => op.input(name, "f32", shape)

test(`softmax and its logarithm, along any axis (SEED=${SEED})`, () => {
  const x = draw(12)
  close(resultOf(softmax(f("x", 3, 4)), { x }), rows(x, 4).flatMap(shares))
  close(
    resultOf(logSoftmax(f("x", 3, 4)), { x }),
    rows(x, 4).flatMap((row) => shares(row).map(Math.log)),
  )
  const turned = resultOf(softmax(f("x", 3, 4), 0), { x })
  for (const c of [0, 1, 2, 3])
    close(
      [0, 1, 2].map((r) => turned[r * 4 + c]!),
      shares([0, 1, 2].map((r) => x[r * 4 + c]!)),
    )
  expect(resultOf(softmax(f("x", 1, 3)), { x: [3e38, -3e38, 3e38] })).toEqual([0.5, 0, 0.5])
  expect(resultOf(logSoftmax(f("x", 1, 2)), { x: [0, -1000] })).toEqual([0, -1000])
  expectGradient(softmax(f("x", 2, 3)))
  expectGradient(logSoftmax(f("x", 2, 3), 0))
})

test(`norms have mean and variance, or mean square, of the gain (SEED=${SEED})`, () => {
  const [x, gain, bias] = [draw(15), draw(5, 100), draw(5, 200)]
  const wanted = rows(x, 5).flatMap((row) => {
    const mean = row.reduce((a, b) => a + b) / 5
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 5
    return row.map((v, c) => ((v - mean) / Math.sqrt(variance + 1e-5)) * gain[c]! + bias[c]!)
  })
  const norm = layerNorm(f("x", 3, 5), f("gain", 1, 5), f("bias", 1, 5))
  close(resultOf(norm, { x, gain, bias }), wanted)
  close(resultOf(layerNorm(f("x", 1, 3, 5), f("gain", 1, 5), f("bias", 1, 5)), { x, gain, bias }), wanted)
  const square = rows(x, 5).flatMap((row) => {
    const rms = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / 5 + 1e-6)
    return row.map((v, c) => (v / rms) * gain[c]!)
  })
  close(resultOf(rmsNorm(f("x", 3, 5), f("gain", 1, 5)), { x, gain }), square)
  expectGradient(norm)
  expectGradient(rmsNorm(f("x", 2, 1, 3), f("gain", 1, 3)))
  expect(() => layerNorm(f("x", 3, 5), f("gain", 1, 4), f("bias", 1, 5))).toThrow("OB312")
})

/** Attention as the paper writes it, in plain loops. */
function attended(
  q: Values,
  k: Values,
  v: Values,
  places: number,
  width: number,
  heads: number,
  causal: boolean,
): Values {
  const features = width * heads
  return Array.from({ length: places * features }, (_, at) => {
    const [t, c] = [Math.floor(at / features), at % features]
    const from = Math.floor(c / width) * width
    const seen = Array.from({ length: causal ? t + 1 : places }, (_, s) => s)
    const score = (s: number): number =>
      Array.from({ length: width }, (_, d) => q[t * features + from + d]! * k[s * features + from + d]!).reduce(
        (a, b) => a + b,
      )
    const weights = shares(seen.map((s) => score(s) / Math.sqrt(width)))
    return seen.reduce((sum, s) => sum + weights[s]! * v[s * features + c]!, 0)
  })
}
test(`attention equals plain loops, causal or not, for each text of a batch (SEED=${SEED})`, () => {
  const [batch, places, width, heads] = [2, 5, 3, 2]
  const size = places * width * heads
  const [q, k, v] = [0, 100, 200].map((from) => draw(batch * size, from))
  const shape = [batch, places, width * heads]
  for (const causal of [false, true]) {
    const y = attention(f("q", ...shape), f("k", ...shape), f("v", ...shape), { heads, causal })
    const wanted = [0, size].flatMap((at) => {
      const [a, b, c] = [q, k, v].map((each) => each!.slice(at, at + size))
      return attended(a!, b!, c!, places, width, heads, causal)
    })
    close(resultOf(y, { q: q!, k: k!, v: v! }), wanted)
  }
  const crossed = attention(f("q", 1, 2, 4), f("k", 1, 3, 4), f("v", 1, 3, 4), { heads: 2, causal: false })
  expectGradient(crossed, 5)
  expectGradient(attention(f("q", 1, 3, 4), f("k", 1, 3, 4), f("v", 1, 3, 4), { heads: 2, causal: true }), 5)
})
test("causal attention in blocks of queries sees the same, to the bit, and never what comes later", () => {
  const shape = [2, 48, 4] // blocks of 16 places: sums over keys have 16 partials, so that zeros more or less change nothing
  const of = (name: string): Node => f(name, ...shape)
  const [q, k, v] = [0, 1000, 2000].map((from) => draw(2 * 48 * 4, from)) as [Values, Values, Values]
  const seen = (queryBlocks: number, given = { q, k, v }): Values =>
    resultOf(attention(of("q"), of("k"), of("v"), { heads: 2, causal: true, queryBlocks }), given)
  expect(seen(3)).toEqual(seen(1))
  const spoilt = v.map((value, i) => (i % (48 * 4) >= 32 * 4 ? Number.NaN : value)) // of the last block alone
  expect(seen(3, { q, k, v: spoilt }).slice(0, 32 * 4)).toEqual(seen(1).slice(0, 32 * 4))
  expectGradient(
    attention(f("q", 1, 4, 2), f("k", 1, 4, 2), f("v", 1, 4, 2), { heads: 1, causal: true, queryBlocks: 2 }),
    5,
  )
  expect(() => seen(5)).toThrow("OB320")
  expect(() => attention(of("q"), f("k", 2, 32, 4), f("v", 2, 32, 4), { heads: 2, causal: true })).toThrow("OB312")
})
test("with rotary places attention sees how far apart two places are, not where", () => {
  const shape = [1, 4, 4] // as many features as places: values that are the identity give the shares themselves
  const of = (name: string): Node => f(name, ...shape)
  const net = attention(of("q"), of("k"), of("v"), { heads: 1, causal: true, rotary: 100 })
  const alike = (row: Values): Values => Array<Values>(4).fill(row).flat()
  const v = Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0))
  const share = rows(resultOf(net, { q: alike([1, 2, 0, 1]), k: alike([0, 1, 1, -1]), v }), 4)
  expect(share[3]![2]! / share[3]![3]!).toBeCloseTo(share[1]![0]! / share[1]![1]!, 4)
  expect(share[3]![1]! / share[3]![3]!).toBeCloseTo(share[2]![0]! / share[2]![2]!, 4)
  expect(Math.abs(share[1]![0]! - share[1]![1]!)).toBeGreaterThan(0.01) // without places they would be equal
  expectGradient(net, 3)
})
test("no later place changes what a causal place sees, not by a bit", () => {
  const shape = [1, 4, 2]
  const y = attention(f("q", ...shape), f("k", ...shape), f("v", ...shape), { heads: 1, causal: true })
  const given = { q: draw(8), k: draw(8, 50), v: draw(8, 90) }
  const other = { ...given, k: given.k.with(7, 1e6), v: given.v.with(6, -1e6) }
  expect(resultOf(y, other).slice(0, 6)).toEqual(resultOf(y, given).slice(0, 6))
})

test("relu, silu and softplus, at the ends too", () => {
  const x = [-Infinity, -200, -1.5, 0, 0.25, 3, 200, Infinity, Number.NaN]
  const of = (build: (x: Node) => Node): Values => resultOf(build(f("x", x.length)), { x })
  expect(of(relu)).toEqual([0, 0, 0, 0, 0.25, 3, 200, Infinity, Number.NaN])
  close(
    of(silu).slice(1, 7),
    x.slice(1, 7).map((v) => v / (1 + Math.exp(-v))),
  )
  close(
    of(softplus).slice(1, 7),
    x.slice(1, 7).map((v) => (v > 50 ? v : Math.log1p(Math.exp(v)))),
  )
  expect([of(softplus)[0], of(softplus)[8]]).toEqual([0, Number.NaN])
  for (const build of [silu, softplus, gelu]) expectGradient(build(f("x", 2, 3)))
  const [x3, dy] = [f("x", 3), op.input("dy", "f32", [3])]
  const slope = gradients(op.sum(op.multiply(relu(x3), dy), 0), [x3])[0]!
  expect(resultOf(slope, { x: [-1, 0, 2], dy: [5, 6, 7] })).toEqual([0, 6, 7])
})
test("gelu keeps its stated distance from x · Φ(x)", () => {
  const x = Array.from({ length: 101 }, (_, i) => (i - 50) / 10)
  const found = resultOf(gelu(f("x", 101)), { x })
  /** Φ(x) by the series of its odd powers. */
  const normal = (z: number): number => {
    let [term, sum] = [z, z]
    for (let i = 1; i < 200; i++) sum += term *= (z * z) / (2 * i + 1)
    return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
  }
  for (const [i, value] of x.entries()) expect(Math.abs(found[i]! - value * normal(value))).toBeLessThan(0.0005)
})

test(`a transformer block: weights by name, gradients of all of them (SEED=${SEED})`, () => {
  const { y, weights, decaying } = transformerBlock(f("x", 2, 3, 4), "b0", {
    ...{ features: 4, heads: 2, hidden: 6, causal: true },
  })
  expect(decaying.map(({ attributes: { name } }) => name)).toEqual(
    ["query", "key", "value", "out", "up", "down"].map((part) => `b0_${part}`),
  )
  expect(weights.length).toBe(16)
  expectGradient(y, 2)
  const given: Given = Object.fromEntries(
    weights.map(({ attributes }) => [attributes.name, Array(sizeOf(attributes.shape)).fill(0)]),
  )
  const x = draw(24)
  expect(resultOf(y, { ...given, x })).toEqual(x) // with weights of 0 a block lets everything pass
})
