import { sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import {
  broadcastLike,
  exp,
  fill,
  log,
  maximum,
  multiply,
  negate,
  reshape,
  select,
  subtract,
  sum,
} from "../graph/operations.ts"
import { oneHot } from "./embedding.ts"
import { logSoftmax } from "./softmax.ts"

/**
 * loss = Σ_b Σ_c target[b,c] · (log Σ_c' e^x[b,c'] − x[b,c]): cross entropy in nats against given probabilities,
 * summed over the batch. A row of zeros in `target` counts nothing: that is how a batch is padded.
 *
 * Shapes: x [B,C], target [B,C] → loss [1,1].
 * Numbers: shifted by the largest logit, so that no exponential overflows. Not by `logSoftmax`: its slope leaves the
 * shift out, which is the same but for the last bits, and weights were built with these.
 * Source: Szegedy et al. 2016, arXiv:1512.00567, section 7, for targets that are smoothed.
 */
export function crossEntropy(x: Node, target: Node): Node {
  const shifted = subtract(x, broadcastLike(maximum(x, 1), x))
  const normaliser = log(sum(exp(shifted), 1))
  const surprise = subtract(broadcastLike(normaliser, x), shifted)
  return sum(sum(multiply(target, surprise), 1), 0)
}

/**
 * loss = −Σ log softmax(x)[…, target]: cross entropy in nats against known classes, summed over all places. A target
 * out of range counts nothing: that is how a batch is padded.
 *
 * Shapes: x […,C], target […] of integers → loss [1,1]. Numbers: finite for finite logits. Errors: OB310.
 */
export function classCrossEntropy(x: Node, target: Node): Node {
  const classes = x.shape.at(-1)!
  const logs = logSoftmax(x)
  const terms = select(oneHot(target, classes), logs, fill(0, logs)) // no product: what is -∞ elsewhere counts nothing
  const rows = reshape(terms, [sizeOf(target.shape), classes])
  return negate(sum(sum(rows, 1), 0))
}
