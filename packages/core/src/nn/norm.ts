import type { Node } from "../graph/graph.ts"
import { add, broadcastLike, divide, fill, multiply, sqrt, subtract, sum } from "../graph/operations.ts"
import { perFeature } from "./per_feature.ts"

/** y = Σ x / n along an axis, which stays with length 1. */
export function mean(x: Node, axis: number): Node {
  const total = sum(x, axis)
  return multiply(total, fill(1 / x.shape[axis]!, total))
}

/**
 * y = (x − mean) / √(variance + ε) · gain + bias, over the last axis.
 *
 * Shapes: x […,C], gain [1,C], bias [1,C] → y […,C].
 * Numbers: |y| ≤ √C · |gain| + |bias|; ε = 1e-5 keeps a row of equals at its bias.
 * Errors: OB312 or OB320 when gain or bias is not [1,C].
 * Source: Ba et al. 2016, arXiv:1607.06450, equation 4, over the features of each place.
 */
export function layerNorm(x: Node, gain: Node, bias: Node): Node {
  const last = x.shape.length - 1
  const centred = subtract(x, broadcastLike(mean(x, last), x))
  return add(multiply(normalised(centred, 1e-5), perFeature(gain, x)), perFeature(bias, x))
}

/**
 * y = x / √(mean(x²) + ε) · gain, over the last axis.
 *
 * Shapes: x […,C], gain [1,C] → y […,C].
 * Numbers: |y| ≤ √C · |gain|; ε = 1e-6 keeps a row of zeros at zero. Errors: as layerNorm.
 * Source: Zhang & Sennrich 2019, arXiv:1910.07467, equation 4; ε as in practice.
 */
export const rmsNorm = (x: Node, gain: Node): Node => multiply(normalised(x, 1e-6), perFeature(gain, x))

function normalised(x: Node, epsilon: number): Node {
  const meanSquare = mean(multiply(x, x), x.shape.length - 1)
  return divide(x, broadcastLike(sqrt(add(meanSquare, fill(epsilon, meanSquare))), x))
}
