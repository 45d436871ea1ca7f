import type { Node } from "../graph/graph.ts"
import { broadcastLike, divide, exp, log, maximum, stopGradient, subtract, sum } from "../graph/operations.ts"

/**
 * y = eˣ / Σ eˣ along an axis, the last one unless told otherwise.
 *
 * Shapes: x any → y the same.
 * Numbers: shifted by the largest, so that no exponential overflows; the shift changes nothing, so no slope follows it.
 * Errors: OB311 when there is no such axis.
 */
export function softmax(x: Node, axis = x.shape.length - 1): Node {
  const powers = exp(shifted(x, axis))
  return divide(powers, broadcastLike(sum(powers, axis), x))
}

/** y = x − log Σ eˣ along an axis: the logarithm of `softmax`, finite where that would round to 0. Errors: OB311. */
export function logSoftmax(x: Node, axis = x.shape.length - 1): Node {
  const below = shifted(x, axis)
  return subtract(below, broadcastLike(log(sum(exp(below), axis)), x))
}

const shifted = (x: Node, axis: number): Node => subtract(x, broadcastLike(stopGradient(maximum(x, axis)), x))
