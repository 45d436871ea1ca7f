import type { Node } from "../graph/graph.ts"
import { broadcastLike, exp, log, maximum, multiply, subtract, sum } from "../graph/operations.ts"

/**
 * loss = Σ_b Σ_c target[b,c] · (log Σ_c' e^x[b,c'] − x[b,c]): cross entropy in nats against given probabilities,
 * summed over the batch. A row of zeros in `target` counts nothing: that is how a batch is padded.
 *
 * Shapes: x [B,C], target [B,C] → loss [1,1].
 * Numbers: shifted by the largest logit, so that no exponential overflows.
 * Source: Szegedy et al. 2016, arXiv:1512.00567, section 7, for targets that are smoothed.
 */
export function crossEntropy(x: Node, target: Node): Node {
  const shifted = subtract(x, broadcastLike(maximum(x, 1), x))
  const normaliser = log(sum(exp(shifted), 1))
  const surprise = subtract(broadcastLike(normaliser, x), shifted)
  return sum(sum(multiply(target, surprise), 1), 0)
}
