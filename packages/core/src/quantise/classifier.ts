import type { Numbers } from "../base/dtype.ts"
import type { Node, Signatures } from "../graph/graph.ts"
import {
  add,
  argmax,
  broadcastLike,
  convert,
  divide,
  fill,
  gatherSum,
  node as graphNode,
  input,
  integerSqrt,
  larger,
  matmul,
  requantise,
  shiftLeft,
  smaller,
  softmaxBits,
  weight,
} from "../graph/operations.ts"
import { TEMPERATURE_LIFT, TEMPERATURE_ONE, TEMPERATURE_SHIFT } from "../graph/temperature.ts"
import type { Outputs } from "../graph/text.ts"
import { type Levels, levelOf, MATRIX_LEVELS, mostOf, stepOf } from "./coarse.ts"
import { quantiseColumns, tooLarge } from "./columns.ts"
import { BIAS_MAX, belowQuarter, lifted, liftMax } from "./lift.ts"
import { packed } from "./packed.ts"

/** A learnt text classifier in floats, and how far its pooled vectors reach on the texts that it learnt from. */
export interface FloatClassifier {
  readonly table: Float32Array // [V,D]
  readonly linear: Float32Array // [D,C]
  readonly bias: Float32Array // [1,C]
  readonly pooledMax: number
  /** Factor of a bag of n n-grams, 1 / √n, for n up to `scales`; larger bags have that of the last. */
  scaleOf(count: number): number
  readonly scales: number
  /** How many values a number of the table can take: 255 of int8 where nothing is said. */
  readonly levels?: Levels
}
export interface QuantisedNet {
  readonly outputs: Outputs
  readonly weights: Readonly<Record<string, Numbers>>
}

/** Loop IR from text and length to slots and count: kernels/ngrams.ts makes it. */
export type Kernel = Signatures["kernel"]["attributes"]["program"]

/** One unit of a quantised logit: 1/256 bit. */
const UNITS_PER_NAT = 256 * Math.LOG2E

/**
 * The same classifier in integers, from text to answer: i8 rows summed in i32, requantised to an i8 vector with the
 * bag's factor folded into the multiplier, an i8 matrix with one scale for each label, logits i16 in 1/256 bit.
 *
 * Shapes: inputs text u8 [1,bytes], length i32 [1,1]; outputs label i32 [1,1], logits i16 [1,C],
 * probability u16 [1,C] in units of 2⁻¹⁶. Nothing is learnt again; with fewer `levels`, what was learnt knew of its grid
 * (coarse.ts), the matrix has four bits, and what else is stored is half as wide. The weight `temperature` is 1 and stands
 * between logits and probability alone: what a probability claims can be set right without another answer.
 * Errors: OB403 when weights are so large that their sums would wrap.
 * Source: Jacob et al. 2018, arXiv:1712.05877, sections 2.1 and 2.2, with symmetric ranges.
 */
export function quantiseClassifier(net: FloatClassifier, kernel: Kernel): QuantisedNet {
  const labels = net.bias.length
  const dims = net.linear.length / labels
  const bufferOf = (name: string): number => kernel.buffers.find((b) => b.name === name)!.length

  const { levels = 255 } = net
  const most = mostOf(levels)
  const tableScale = levels === 255 ? largest(net.table) / 127 : stepOf(net.table, most)
  const scaleMax = Array.from({ length: net.scales + 1 }, (_, n) => net.scaleOf(n)).reduce((a, b) => Math.max(a, b))
  const bagLiftMax = liftMax(128 * bufferOf("slots"))
  const pooledScale = Math.max(net.pooledMax / 127, (tableScale * scaleMax) / (0.24 * 2 ** bagLiftMax)) // no sum wraps
  const matrixLevels = levels === 255 ? 255 : MATRIX_LEVELS
  const columns = quantiseColumns(net.linear, labels, pooledScale, net.bias, mostOf(matrixLevels))
  const { scales: labelScales, values, offsets } = columns
  const bagScales = Array.from({ length: net.scales + 1 }, (_, n) => (tableScale * net.scaleOf(n)) / pooledScale)
  const logitScales = labelScales.map((scale) => pooledScale * scale * UNITS_PER_NAT)
  const bag = belowQuarter(bagScales)
  const logit = belowQuarter(logitScales)
  if (logit.lift > liftMax(128 * (mostOf(matrixLevels) + 1) * dims + furthestOf(offsets) + BIAS_ROUNDING)) {
    const bits = Math.round(Math.max(...logitScales) / 256)
    tooLarge(`one step of a sum is ${bits} bits of evidence`)
  }

  const text = input("text", "u8", [1, bufferOf("text")])
  const length = input("length", "i32", [1, 1])
  const part = (output: string): Node => graphNode("kernel", [text, length], { program: kernel, output })
  const [slots, count] = [part("slots"), part("count")]
  const rows = Int8Array.from(net.table, (v) => levelOf(v, tableScale, most))
  const table = packed("table", rows, dims, levels)
  const matrix = packed("linear", values, labels, matrixLevels)
  const small =
    levels === 255
      ? wide(bag.multipliers, offsets, logit.multipliers)
      : narrow(bag.multipliers[1]!, offsets, logit.multipliers, net.scales)
  const pooledSum = gatherSum(table.node, slots, count)
  const pooled = requantise(
    lifted(pooledSum, bag.lift),
    broadcastLike(small.bagMultiplier(count), pooledSum),
    bag.shift,
    "i8",
  )
  const sums = add(matmul(pooled, matrix.node), small.bias)
  const logits = requantise(lifted(sums, logit.lift), small.logitMultiplier, logit.shift, "i16")
  return {
    outputs: {
      label: argmax(logits),
      logits,
      probability: calibrated(logits, weight("temperature", "i32", [1, 1])),
    },
    weights: {
      ...table.weights,
      ...matrix.weights,
      ...small.weights,
      temperature: Int32Array.of(TEMPERATURE_ONE),
      table_scale: Float32Array.of(tableScale), // for those who learn on from these rows; no graph reads it
    },
  }
}

/**
 * Probabilities of logits that are scaled by one factor: softmax(z / T).
 *
 * Shapes: logits i16 [B,C] in 1/256 bit, temperature i32 [1,1], 1 / T in 2⁻¹³, 1 … 32767 → u16 [B,C] in 2⁻¹⁶.
 * Numbers: a scaled logit is rounded once and saturated to i16. Source: Guo et al. 2017, section 4.2.
 */
export function calibrated(logits: Node, temperature: Node): Node {
  const wide = lifted(convert(logits, "i32"), TEMPERATURE_LIFT)
  return softmaxBits(requantise(wide, broadcastLike(temperature, wide), TEMPERATURE_SHIFT, "i16"))
}

/** What a net has beside its two matrices. */
interface Small {
  bagMultiplier(count: Node): Node
  readonly bias: Node
  readonly logitMultiplier: Node
  readonly weights: Readonly<Record<string, Numbers>>
}
type Multipliers = readonly number[]

/** As wide as it comes; bags look their factor up. */
function wide(bag: Multipliers, offsets: Int32Array, logit: Multipliers): Small {
  const one = fill(1, { shape: [1, 1], dtype: "i32" })
  return {
    bagMultiplier: (count) => gatherSum(weight("bag_multiplier", "i16", [bag.length, 1]), count, one),
    bias: weight("bias", "i32", [1, offsets.length]),
    logitMultiplier: weight("logit_multiplier", "i32", [1, logit.length]),
    weights: { bag_multiplier: Int16Array.from(bag), bias: offsets, logit_multiplier: Int32Array.from(logit) },
  }
}

/** Half as wide, and bags compute their factor: 2.6 KB less, and 1/1000 off at most. */
function narrow(ofOne: number, offsets: Int32Array, logit: Multipliers, scales: number): Small {
  const furthest = furthestOf(offsets)
  let shift = 0
  while (furthest / 2 ** shift > 32767) shift++
  const stored = (name: string): Node => convert(weight(name, "i16", [1, offsets.length]), "i32")
  return {
    bagMultiplier(count) {
      const number = (value: number): Node => fill(value, count)
      const bounded = smaller(larger(count, number(1)), number(scales))
      const root = integerSqrt(shiftLeft(bounded, 2 * ROOT_BITS)) // √n in 2⁻¹⁰
      return divide(number(ofOne * 2 ** ROOT_BITS), root)
    },
    bias: shift === 0 ? stored("bias") : shiftLeft(stored("bias"), shift),
    logitMultiplier: stored("logit_multiplier"),
    weights: {
      bias: Int16Array.from(offsets, (offset) => Math.round(offset / 2 ** shift)),
      logit_multiplier: Int16Array.from(logit),
    },
  }
}
const furthestOf = (offsets: Int32Array): number =>
  offsets.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0)
/** Half of what one unit of a bias of 16 bits stands for at most, since none is beyond BIAS_MAX. */
const BIAS_ROUNDING = BIAS_MAX / 2 ** 15
/** 2²⁰ times the 1024 n-grams that are told apart is less than 2³¹, and so is a multiplier of 15 bits times 2¹⁰. */
const ROOT_BITS = 10

const largest = (values: Float32Array): number =>
  values.reduce<number>((most, v) => Math.max(most, Math.abs(v)), 2 ** -20)
