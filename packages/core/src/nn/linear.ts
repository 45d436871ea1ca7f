import { sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import { add, broadcastLike, matmul, reshape } from "../graph/operations.ts"

/**
 * y = x · w + b: a fully connected layer, the same for every place on the axes before the last.
 *
 * Shapes: x […,K], w [K,N], b [1,N] → y […,N].
 * Numbers: a sum over k for each output, in order. Errors: OB314 when x and w do not fit, OB312 when b does not.
 */
export function linear(x: Node, w: Node, b?: Node): Node {
  const rows = x.shape.length === 2 ? x : reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!])
  const product = matmul(rows, w)
  const y = b ? add(product, broadcastLike(b, product)) : product
  return x.shape.length === 2 ? y : reshape(y, [...x.shape.slice(0, -1), y.shape[1]!])
}
