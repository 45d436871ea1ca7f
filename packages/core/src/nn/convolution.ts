import { DTYPE } from "../base/dtype.ts"
import { type Shape, sizeOf } from "../base/shape.ts"
import type { Node, Windows } from "../graph/graph.ts"
import { add, broadcastLike, convert, matmul, multiply, reshape, sum, transpose, unfold } from "../graph/operations.ts"
import { perFeature } from "./per_feature.ts"

/** How windows lie on the axes of space: one number for each, all 1 and no padding unless told otherwise. */
export interface Placement {
  readonly stride?: Shape
  readonly dilation?: Shape
  /** `same`: zeros around it, so that a stride of 1 keeps every axis as long as it is; `causal`: all of them before. */
  readonly padding?: "none" | "same" | "causal"
}
export interface ConvolutionOptions extends Placement {
  /** G parts of the channels, each seen by its own share of the outputs. */
  readonly groups?: number
}

/** The windows that `unfold` takes, of a kernel so placed. */
export function windowsOf(kernel: Shape, { stride, dilation, padding = "none" }: Placement): Windows {
  const ones = kernel.map(() => 1)
  const spread = kernel.map((n, i) => (n - 1) * (dilation?.[i] ?? 1))
  const before = spread.map((n) => (padding === "none" ? 0 : padding === "causal" ? n : Math.floor(n / 2)))
  const after = spread.map((n, i) => (padding === "same" ? n - before[i]! : 0))
  return { kernel, stride: stride ?? ones, dilation: dilation ?? ones, before, after }
}

/**
 * y[b,o,n] = Σ_{k,c} x[b, o · stride + k · dilation − before, c] · w[k,c,n]: a convolution over one axis or more, all
 * channels or those of n's group. A correlation in the words of mathematics: the kernel is not turned.
 *
 * Shapes: x [B,…S,C], w […K,C/G,N] → y [B,…O,N].
 * Numbers: a sum over (k, c) for each output, in that order; integers of 8 or 16 bits give i32, to be requantised.
 * Errors: OB324 when the windows do not fit, OB320 when the groups do not divide, OB314 when the channels differ.
 * Source: Chellapilla et al. 2006, "High performance convolutional neural networks for document processing".
 */
export function convolution(x: Node, w: Node, options: ConvolutionOptions = {}): Node {
  const { groups = 1 } = options
  const [kernel, [deep, outputs]] = [w.shape.slice(0, -2), w.shape.slice(-2) as [number, number]]
  const seen = unfold(x, windowsOf(kernel, options))
  const places = seen.shape.slice(0, 1 + kernel.length)
  const [rows, taps] = [sizeOf(places), sizeOf(kernel)]
  if (groups === 1) {
    const channels = x.shape.at(-1)!
    const product = matmul(reshape(seen, [rows, taps * channels]), reshape(w, [taps * deep, outputs]))
    return reshape(product, [...places, outputs])
  }
  const parts = transpose(reshape(seen, [rows, taps, groups, deep]), [2, 0, 1, 3])
  const each = outputs / groups
  const matrices = transpose(reshape(w, [taps * deep, groups, each]), [1, 0, 2])
  const product = matmul(reshape(parts, [groups, rows, taps * deep]), matrices) // [G,rows,N/G]
  return reshape(transpose(product, [1, 0, 2]), [...places, outputs])
}

/**
 * y[b,o,c] = Σ_k x[b, o · stride + k · dilation − before, c] · w[k,c]: each channel by its own kernel.
 *
 * Shapes: x [B,…S,C], w […K,C] → y [B,…O,C].
 * Numbers: floats in 16 partials over k, as `sum` adds; integers give i32. Errors: OB324, OB320.
 * Source: Howard et al. 2017, arXiv:1704.04861, section 3.1.
 */
export function depthwiseConvolution(x: Node, w: Node, placement: Placement = {}): Node {
  const [kernel, channels] = [w.shape.slice(0, -1), w.shape.at(-1)!]
  const seen = unfold(x, windowsOf(kernel, placement))
  const places = seen.shape.slice(0, 1 + kernel.length)
  const flat = reshape(wide(seen), [sizeOf(places), sizeOf(kernel), channels])
  const taps = reshape(wide(w), [1, sizeOf(kernel), channels])
  return reshape(sum(multiply(flat, broadcastLike(taps, flat)), 1), [...places, channels])
}
const wide = (x: Node): Node => (DTYPE[x.dtype].scalar === "i32" ? convert(x, "i32") : x)

/** A number for each channel, added everywhere. Shapes: x […,C], b [1,C] → […,C]. Errors: OB312 or OB320. */
export const withBias = (x: Node, b: Node): Node => add(x, perFeature(b, x))
