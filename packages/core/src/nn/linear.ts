import type { Node } from "../graph/graph.ts"
import { add, broadcastLike, matmul } from "../graph/operations.ts"

/**
 * y = x · w + b: a fully connected layer.
 *
 * Shapes: x [B,K], w [K,N], b [1,N] → y [B,N].
 * Numbers: a sum over k for each output, in order. Errors: OB314 when x and w do not fit, OB312 when b does not.
 */
export function linear(x: Node, w: Node, b: Node): Node {
  const product = matmul(x, w)
  return add(product, broadcastLike(b, product))
}
