import { sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import {
  add,
  broadcastLike,
  convert,
  divide,
  fill,
  integerSqrt,
  larger,
  matmul,
  multiply,
  requantise,
  reshape,
  select,
  shiftLeft,
  softmaxBits,
  subtract,
  sum,
  transpose,
} from "../graph/operations.ts"
import { type AttentionOptions, isLater, splitHeads } from "./attention.ts"
import { perFeature } from "./per_feature.ts"

/** A real scale below a quarter, as multiplier / 2^shift: graph/requantise.ts makes it. */
export interface Scale {
  readonly multiplier: number
  readonly shift: number
}
const scaled = (x: Node, { multiplier, shift }: Scale, dtype: "i8" | "i16"): Node =>
  requantise(x, fill(multiplier, x), shift, dtype)

/** Fraction bits of the norm before its gain. */
export const NORM_BITS = 15
/**
 * y[…,c] = saturate(round(x / rms · gain_c)), rms = √(mean(x²)), gain_c = 2¹⁵ · multiplier_c / 2^shift units of y: an
 * RMS norm in integers, of a number in whatever unit, since that cancels.
 *
 * Shapes: x i8 […,C], C ≤ 2¹⁵, multiplier i32 [1,C] in 1 … 32767 → y i8 […,C].
 * Numbers: rms is cut to a multiple of 2⁻⁸ and x / rms to one of 2⁻¹⁵, then y is rounded once. A row of zeros stays 0.
 * Errors: OB312 or OB320 when the multipliers are not [1,C], OB316 for a wider row.
 */
export function integerRmsNorm(x: Node, multiplier: Node, shift: number): Node {
  const features = x.shape.at(-1)!
  const wide = convert(x, "i32")
  const squares = sum(multiply(wide, wide), x.shape.length - 1) // at most 2¹⁴ · C
  const rms = integerSqrt(meanOf(squares, features)) // in 2⁻⁸
  const ratio = divide(shiftLeft(wide, NORM_BITS + 8), broadcastLike(larger(rms, fill(1, rms)), x))
  return requantise(ratio, perFeature(multiplier, x), shift, "i8")
}

/** ⌊squares · 2¹⁶ / features⌋, in two divisions whose numerators fit 31 bits. */
function meanOf(squares: Node, features: number): Node {
  const count = fill(features, squares)
  const room = 15 - Math.ceil(Math.log2(features))
  const first = shiftLeft(squares, room)
  const whole = divide(first, count)
  const rest = subtract(first, multiply(whole, count))
  return add(shiftLeft(whole, 16 - room), divide(shiftLeft(rest, 16 - room), count))
}

export interface IntegerAttention extends AttentionOptions {
  /** From products of queries and keys to 1/256 bit, 1/√d and log₂ e with them. */
  readonly score: Scale
  /** From shares in 2⁻¹⁶ times values to the units of y. */
  readonly value: Scale
}
/** Lowest score that takes part: more than 16 bits above what is masked, which then counts exactly 0. */
const SCORE_MIN = -28_000

/**
 * y = softmax(q kᵀ · score) v · value for each head: attention in integers.
 *
 * Shapes: q i8 [B,T,D], k and v i8 [B,S,D] → y i8 [B,T,D]; causal needs T = S.
 * Numbers: d ≤ 2¹⁶ features a head and S ≤ 65536, so that no sum wraps; shares as softmax_bits states.
 * Errors: those of attention, OB316 and OB319.
 */
export function integerAttention(q: Node, k: Node, v: Node, options: IntegerAttention): Node {
  const { heads, causal, score, value } = options
  const products = matmul(splitHeads(q, heads, [0, 2, 1, 3]), splitHeads(k, heads, [0, 2, 3, 1])) // i32 [B,H,T,S]
  const scores = scaled(products, score, "i16")
  const bounded = larger(scores, fill(SCORE_MIN, scores))
  const seen = causal ? select(isLater(scores), fill(-32768, scores), bounded) : bounded
  const columns = scores.shape.at(-1)!
  const shares = reshape(softmaxBits(reshape(seen, [sizeOf(scores.shape) / columns, columns])), scores.shape)
  const sums = transpose(matmul(shares, splitHeads(v, heads, [0, 2, 1, 3])), [0, 2, 1, 3])
  return reshape(scaled(sums, value, "i8"), q.shape)
}
