import type { Numbers } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import { type Shape, sameShape } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import type { QuantisedNet } from "./classifier.ts"
import { mostOf } from "./coarse.ts"
import { quantiseColumns, tooLarge } from "./columns.ts"
import { flattened, type Layer, type Pooling, rowsOf, tapsOf, type Weighted } from "./layers.ts"
import { belowQuarter, lifted, liftMax } from "./lift.ts"
import { packed } from "./packed.ts"

export interface FloatSequential {
  /** [B,…S,C] or [B,K] of u8 or i8: an input, or what makes bytes of inputs. */
  readonly input: Node
  /** What one unit of these bytes stands for. */
  readonly inputScale: number
  readonly layers: readonly Layer[]
  readonly weights: Readonly<Record<string, Float32Array>>
  /** How far the values after each layer reach from 0, by its place; what is beyond is cut. */
  readonly reaches: readonly number[]
  /** 255 for int8; 15 for int4, which weights are best learnt on (coarse.ts). */
  readonly levels: 255 | 15
}

/** One unit of a logit is 1/256 bit. */
const NATS_PER_UNIT = 1 / (256 * Math.LOG2E)
/** Of u8, which what a ReLU gives needs no sign for, and of i8. */
const MOST = { u8: 255, i8: 127 } as const

/**
 * A learnt net of layers in sequence as integers: weights of eight bits or four with one scale for each column; values u8
 * after a ReLU, which is what saturating at 0 does, else i8; sums and biases i32.
 *
 * Shapes: `input` [B,…] → label i32 [B,1], logits i16 [B,N] in 1/256 bit, probability u16 [B,N] in 2⁻¹⁶.
 * Numbers: each value is rounded once, as `requantise` does; no sum wraps. The last layer is dense, or a convolution that
 * leaves one place.
 * Errors: OB403 when weights are so large that their sums would wrap.
 * Source: Jacob et al. 2018, arXiv:1712.05877, sections 2.1 to 2.4, with symmetric ranges.
 */
export function quantiseSequential(net: FloatSequential): QuantisedNet {
  const { input, layers, reaches } = net
  const weights: Record<string, Numbers> = {}
  const last = layers.at(-1)
  assert(last?.kind === "dense" || last?.kind === "convolution", "a net of layers ends in one that has weights")
  let value: Value = { node: input, scale: net.inputScale }
  for (const [i, layer] of layers.slice(0, -1).entries()) {
    const isRectified = layers[i + 1]!.kind === "relu"
    const hasNoSign = isRectified || (isAverage(layer) && value.node.dtype === "u8")
    const dtype = hasNoSign ? "u8" : "i8"
    const reach = Math.max(reaches[isRectified ? i + 1 : i] ?? 0, 2 ** -20)
    value = nextValue(net, value, layer, { dtype, unit: reach / MOST[dtype] }, weights)
  }
  const target = { dtype: "i16", unit: NATS_PER_UNIT } as const
  const sums = layerSums(net, value, last, target, weights)
  const logits = shaped(rescaled(sums, target, weights), [input.shape[0]!, last.outputs])
  return { outputs: { label: op.argmax(logits), logits, probability: op.softmaxBits(logits) }, weights }
}

/** A value in bytes, and what one unit of it stands for. */
interface Value {
  readonly node: Node
  readonly scale: number
}
interface Target {
  readonly dtype: "u8" | "i8" | "i16"
  readonly unit: number
}
type Weights = Record<string, Numbers>
const isAverage = ({ kind }: Layer): boolean => kind === "averagePool" || kind === "globalAverage"

function nextValue(net: FloatSequential, value: Value, layer: Layer, target: Target, weights: Weights): Value {
  const { node, scale } = value
  switch (layer.kind) {
    case "dense":
    case "convolution":
      return { node: rescaled(layerSums(net, value, layer, target, weights), target, weights), scale: target.unit }
    case "averagePool":
    case "globalAverage":
      return { node: rescaled(poolSums(value, layer), target, weights), scale: target.unit }
    case "maxPool": {
      const { taps, shape } = tapsOf(node, layer)
      return { node: op.reshape(op.maximum(taps, 1), shape), scale }
    }
    case "flatten":
      return { node: flattened(node), scale }
    case "relu":
      return { node: node.dtype === "u8" ? node : op.larger(node, op.fill(0, node)), scale }
    default:
      return layer satisfies never
  }
}

/** Sums [R,N] of i32, what one unit of each column stands for, and how far a sum may be from 0. */
interface Sums {
  readonly name: string
  readonly flat: Node
  /** As what they are not flattened. */
  readonly shape: Shape
  readonly scales: readonly number[]
  readonly magnitude: number
}

function layerSums(
  net: FloatSequential,
  { node, scale }: Value,
  layer: Weighted,
  { unit }: Target,
  weights: Weights,
): Sums {
  const { name, outputs } = layer
  const { rows, shape } = rowsOf(node, layer)
  const [matrix, bias] = [net.weights[name], net.weights[`${name}_bias`]]
  assert(matrix?.length === rows.shape[1]! * outputs && bias?.length === outputs, `weights for the layer ${name}`)
  const most = mostOf(net.levels)
  const { scales, values, offsets } = quantiseColumns(matrix, outputs, scale, bias, most, (least) =>
    net.levels === 255 ? inBytes(least, scale / unit) : least,
  )
  const stored = packed(name, values, outputs, net.levels)
  Object.assign(weights, stored.weights, { [`${name}_bias`]: offsets })
  const product = op.matmul(rows, stored.node)
  const offset = op.weight(`${name}_bias`, "i32", [1, outputs])
  const furthest = offsets.reduce((reach, each) => Math.max(reach, Math.abs(each)), 0)
  const largest = node.dtype === "u8" ? 255 : 128
  return {
    ...{ name, shape, flat: op.add(product, op.broadcastLike(offset, product)) },
    scales: scales.map((each) => each * scale),
    magnitude: largest * most * rows.shape[1]! + furthest,
  }
}

/**
 * Scales that are a little larger, so that each multiplier is a number of 7 bits and 8 zeros: a chip of 8 bits then
 * multiplies in half the time, and nothing is lost but the last steps of the largest weights. As they are where columns
 * differ so much that the smallest would lose more than 1 in 16.
 */
function inBytes(scales: readonly number[], factor: number): readonly number[] {
  const { multipliers, shift, lift } = belowQuarter(scales.map((scale) => scale * factor))
  const isTooLarge = multipliers.some((m) => m > 127 * 256)
  const step = isTooLarge ? 512 : 256
  const bytes = multipliers.map((m) => Math.ceil(m / step))
  if (bytes.some((byte) => byte < 16)) return scales
  return bytes.map((byte) => (byte * step * 2 ** lift) / 2 ** shift / factor)
}

function poolSums({ node, scale }: Value, layer: Pooling): Sums {
  const { taps, shape } = tapsOf(node, layer)
  const [rows, count, channels] = taps.shape as [number, number, number]
  const flat = op.reshape(op.sum(taps, 1), [rows, channels])
  return { name: "pool", shape, flat, scales: [scale / count], magnitude: 255 * count }
}

/** Sums in units of the target, saturated. One scale serves every column, or each has its own, which is stored. */
function rescaled({ name, flat, shape, scales, magnitude }: Sums, { dtype, unit }: Target, weights: Weights): Node {
  const { multipliers, shift, lift } = belowQuarter(scales.map((scale) => scale / unit))
  if (lift > liftMax(magnitude)) tooLarge(`a value of \`${name}\` would jump from one step of a sum to the next`)
  const wide = lifted(flat, lift)
  const multiplier = (): Node => {
    if (multipliers.length === 1) return op.fill(multipliers[0]!, wide)
    weights[`${name}_multiplier`] = Int32Array.from(multipliers)
    return op.broadcastLike(op.weight(`${name}_multiplier`, "i32", [1, multipliers.length]), wide)
  }
  const bytes = op.requantise(wide, multiplier(), shift, dtype)
  return shaped(bytes, shape)
}
const shaped = (x: Node, shape: Shape): Node => (sameShape(x.shape, shape) ? x : op.reshape(x, shape))
