import type { Numbers } from "../base/dtype.ts"
import type { Node, Signatures } from "../graph/graph.ts"
import {
  add,
  argmax,
  broadcastLike,
  convert,
  fill,
  gatherSum,
  node as graphNode,
  input,
  matmul,
  requantise,
  softmaxBits,
  weight,
} from "../graph/operations.ts"
import type { Outputs } from "../graph/text.ts"
import { quantiseColumns, tooLarge } from "./columns.ts"
import { BIAS_MAX, belowQuarter, lifted, liftMax } from "./lift.ts"

/** A learnt text classifier in floats, and how far its pooled vectors reach on the texts that it learnt from. */
export interface FloatClassifier {
  readonly table: Float32Array // [V,D]
  readonly linear: Float32Array // [D,C]
  readonly bias: Float32Array // [1,C]
  readonly pooledMax: number
  /** Factor of a bag of n n-grams, for n up to `scales`; larger bags have that of the last. */
  scaleOf(count: number): number
  readonly scales: number
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
 * probability u16 [1,C] in units of 2⁻¹⁶. Post-training: nothing is learnt again. The weight `temperature` is 1 and stands
 * between logits and probability alone: what a probability claims can be set right without another answer.
 * Errors: OB403 when weights are so large that their sums would wrap.
 * Source: Jacob et al. 2018, arXiv:1712.05877, sections 2.1 and 2.2, with symmetric ranges.
 */
export function quantiseClassifier(net: FloatClassifier, kernel: Kernel): QuantisedNet {
  const labels = net.bias.length
  const dims = net.linear.length / labels
  const buckets = net.table.length / dims
  const bufferOf = (name: string): number => kernel.buffers.find((b) => b.name === name)!.length

  const tableScale = largest(net.table) / 127
  const scaleMax = Array.from({ length: net.scales + 1 }, (_, n) => net.scaleOf(n)).reduce((a, b) => Math.max(a, b))
  const bagLiftMax = liftMax(128 * bufferOf("slots"))
  const pooledScale = Math.max(net.pooledMax / 127, (tableScale * scaleMax) / (0.24 * 2 ** bagLiftMax)) // no sum wraps
  const { scales: labelScales, values, offsets } = quantiseColumns(net.linear, labels, pooledScale, net.bias)
  const bagScales = Array.from({ length: net.scales + 1 }, (_, n) => (tableScale * net.scaleOf(n)) / pooledScale)
  const logitScales = labelScales.map((scale) => pooledScale * scale * UNITS_PER_NAT)
  const bag = belowQuarter(bagScales)
  const logit = belowQuarter(logitScales)
  if (logit.lift > liftMax(128 * 128 * dims + BIAS_MAX)) {
    const bits = Math.round(Math.max(...logitScales) / 256)
    tooLarge(`one step of a sum is ${bits} bits of evidence`)
  }

  const text = input("text", "u8", [1, bufferOf("text")])
  const length = input("length", "i32", [1, 1])
  const part = (output: string): Node => graphNode("kernel", [text, length], { program: kernel, output })
  const [slots, count] = [part("slots"), part("count")]
  const one = fill(1, { shape: [1, 1], dtype: "i32" })
  const bagMultiplier = gatherSum(weight("bag_multiplier", "i16", [net.scales + 1, 1]), count, one)
  const pooledSum = gatherSum(weight("table", "i8", [buckets, dims]), slots, count)
  const pooled = requantise(lifted(pooledSum, bag.lift), broadcastLike(bagMultiplier, pooledSum), bag.shift, "i8")
  const product = matmul(pooled, weight("linear", "i8", [dims, labels]))
  const sums = add(product, weight("bias", "i32", [1, labels]))
  const logitMultiplier = weight("logit_multiplier", "i32", [1, labels])
  const logits = requantise(lifted(sums, logit.lift), logitMultiplier, logit.shift, "i16")

  return {
    outputs: {
      label: argmax(logits),
      logits,
      probability: calibrated(logits, weight("temperature", "i32", [1, 1])),
    },
    weights: {
      table: Int8Array.from(net.table, (v) => Math.round(v / tableScale)),
      linear: values,
      bias: offsets,
      bag_multiplier: Int16Array.from(bag.multipliers),
      logit_multiplier: Int32Array.from(logit.multipliers),
      temperature: Int32Array.of(TEMPERATURE_ONE),
      table_scale: Float32Array.of(tableScale), // for those who learn on from these rows; no graph reads it
    },
  }
}

/** What the weight `temperature` counts in: 1 / T, the factor of the logits, in units of 2⁻¹³. */
export const TEMPERATURE_ONE = 2 ** 13
/** Left by so much first: the factor may be anything below 4, and 1 gives back each logit as it was. */
const TEMPERATURE_LIFT = 8
/**
 * Probabilities of logits that are scaled by one factor: softmax(z / T).
 *
 * Shapes: logits i16 [B,C] in 1/256 bit, temperature i32 [1,1], 1 / T in 2⁻¹³, 1 … 32767 → u16 [B,C] in 2⁻¹⁶.
 * Numbers: a scaled logit is rounded once and saturated to i16. Source: Guo et al. 2017, section 4.2.
 */
export function calibrated(logits: Node, temperature: Node): Node {
  const wide = lifted(convert(logits, "i32"), TEMPERATURE_LIFT)
  const shift = Math.log2(TEMPERATURE_ONE) + TEMPERATURE_LIFT
  return softmaxBits(requantise(wide, broadcastLike(temperature, wide), shift, "i16"))
}

const largest = (values: Float32Array): number =>
  values.reduce<number>((most, v) => Math.max(most, Math.abs(v)), 2 ** -20)
