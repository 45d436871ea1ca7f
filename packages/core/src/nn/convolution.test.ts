import { expect, test } from "vitest"
import type { Dtype } from "../base/dtype.ts"
import { stream } from "../base/random.ts"
import { sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import { fill, input, requantise } from "../graph/operations.ts"
import { resultOf, type Values } from "../graph/testing/evaluate.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { type ConvolutionOptions, convolution, depthwiseConvolution, windowsOf, withBias } from "./convolution.ts"
import { averagePool, maxPool } from "./pooling.ts"
import { expectGradient } from "./testing/gradient.ts"

const random = stream(SEED, "mix", 4)
const draw = (shape: readonly number[], from = 0): Values =>
  Array.from({ length: sizeOf(shape) }, (_, i) => random.below(from + i, 19) - 9) // small and whole: every sum is exact
const x = (...shape: readonly number[]): Node => input("x", "f32", shape)
const w = (...shape: readonly number[]): Node => input("w", "f32", shape)

interface Plane {
  readonly values: Values
  readonly shape: readonly [batch: number, height: number, width: number, channels: number]
}
/** What the words say, in plain loops over two axes of space: y[b,o,p,n] for a kernel [h,w,deep,outputs]. */
function plain(of: Plane, kernel: Values, shape: readonly number[], options: ConvolutionOptions): Values {
  const [batch, height, width, channels] = of.shape
  const [kh, kw, deep, outputs] = shape as [number, number, number, number]
  const { stride, dilation, before, after } = windowsOf([kh, kw], options)
  const each = outputs / (options.groups ?? 1)
  const count = (length: number, k: number, i: number): number =>
    Math.floor((length + before[i]! + after[i]! - (k - 1) * dilation[i]! - 1) / stride[i]!) + 1
  const y: number[] = []
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < count(height, kh, 0); o++)
      for (let p = 0; p < count(width, kw, 1); p++)
        for (let n = 0; n < outputs; n++) {
          let sum = 0
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++)
              for (let c = 0; c < deep; c++) {
                const [r, s] = [
                  o * stride[0]! + i * dilation[0]! - before[0]!,
                  p * stride[1]! + j * dilation[1]! - before[1]!,
                ]
                if (r < 0 || r >= height || s < 0 || s >= width) continue
                const channel = Math.floor(n / each) * deep + c
                sum +=
                  of.values[((b * height + r) * width + s) * channels + channel]! *
                  kernel[((i * kw + j) * deep + c) * outputs + n]!
              }
          y.push(sum)
        }
  return y
}

const OPTIONS: readonly ConvolutionOptions[] = [
  {},
  { padding: "same" },
  { padding: "causal", dilation: [2, 1] },
  { stride: [2, 1], padding: "same", dilation: [1, 2] },
  { groups: 2, stride: [1, 2] },
  { groups: 4, padding: "same" },
]
test(`convolution over two axes equals plain loops, in floats and in integers (SEED=${SEED})`, () => {
  const shape = [2, 5, 6, 4] as const
  for (const options of OPTIONS) {
    const kernel = [3, 2, 4 / (options.groups ?? 1), 4]
    const given = { x: draw(shape), w: draw(kernel, 1000) }
    const wanted = plain({ values: given.x, shape }, given.w, kernel, options)
    for (const [a, b] of [
      ["f32", "f32"],
      ["i8", "i8"],
      ["u8", "i16"],
    ] as const) {
      const of = (name: "x" | "w", dtype: Dtype, dims: readonly number[]): Node => input(name, dtype, dims)
      const y = convolution(of("x", a, shape), of("w", b, kernel), options)
      expect(y.dtype).toBe(a === "f32" ? "f32" : "i32")
      if (a !== "u8") expect(resultOf(y, given)).toEqual(wanted)
      else {
        const positive = { ...given, x: given.x.map((v) => v + 100) }
        expect(resultOf(y, positive)).toEqual(plain({ values: positive.x, shape }, given.w, kernel, options))
      }
    }
  }
})
test(`over one axis, and each channel by its own kernel (SEED=${SEED})`, () => {
  const given = { x: draw([2, 7, 3]), w: draw([3, 3, 2], 500) }
  const k = draw([3, 3], 700)
  const flat = { values: given.x, shape: [2, 7, 1, 3] } as const
  const options = { stride: [2], padding: "same" } as const
  const along = { ...options, stride: [2, 1] }
  expect(resultOf(convolution(x(2, 7, 3), w(3, 3, 2), options), given)).toEqual(
    plain(flat, given.w, [3, 1, 3, 2], along),
  )
  for (const dtype of ["f32", "i8"] as const) {
    const y = depthwiseConvolution(input("x", dtype, [2, 7, 3]), input("k", dtype, [3, 3]), options)
    expect(resultOf(y, { x: given.x, k })).toEqual(plain(flat, k, [3, 1, 1, 3], { ...along, groups: 3 }))
  }
})
test("gradients of all kinds of convolution and pooling", () => {
  expectGradient(convolution(x(1, 5, 2), w(3, 2, 2), { padding: "causal", stride: [2] }), 4)
  expectGradient(convolution(x(1, 3, 4, 2), w(2, 2, 1, 2), { groups: 2 }), 4)
  expectGradient(depthwiseConvolution(x(1, 4, 3, 2), w(2, 3, 2), { padding: "same" }), 4)
  expectGradient(withBias(x(2, 2, 3), input("b", "f32", [1, 3])), 4)
  expectGradient(averagePool(x(1, 4, 4, 2), [2, 2]), 4)
  expectGradient(maxPool(input("x", "f32", [1, 3, 1]), [2], { stride: [1] }), 4)
})
test("pooling: the largest and the mean of each window, for each channel", () => {
  const values = [1, 10, 2, 20, 3, 30, 4, 40, 5, 50]
  expect(resultOf(maxPool(x(1, 5, 2), [2]), { x: values })).toEqual([2, 20, 4, 40])
  expect(resultOf(maxPool(input("x", "i8", [1, 5, 2]), [3], { stride: [1] }), { x: values.map((v) => -v) })).toEqual([
    -1, -10, -2, -20, -3, -30,
  ])
  expect(resultOf(averagePool(x(1, 2, 5, 1), [2, 2]), { x: values })).toEqual([
    (1 + 10 + 30 + 4) / 4,
    (2 + 20 + 40 + 5) / 4,
  ])
  expect(() => maxPool(x(1, 2, 5, 1), [3, 1])).toThrow("OB324")
})
test("an integer convolution requantised stays within half a unit of the scaled sum", () => {
  const given = { x: draw([1, 6, 4]), w: draw([3, 4, 2], 300) }
  const sums = convolution(input("x", "i8", [1, 6, 4]), input("w", "i8", [3, 4, 2]), { padding: "same" })
  const y = requantise(sums, fill(20_000, sums), 20, "i8")
  const exact = resultOf(sums, given).map((sum) => (sum * 20_000) / 2 ** 20)
  for (const [i, value] of resultOf(y, given).entries()) expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(0.5)
})
