import { sizeOf } from "../base/shape.ts"
import { backpropagate } from "../graph/backpropagate.ts"
import type { Node } from "../graph/graph.ts"
import { add, broadcastLike, divide, fill, larger, multiply, reshape, sqrt, sum } from "../graph/operations.ts"

/** ∂loss/∂node for each of `wanted`, as new graph, 0 where no path leads to it. Shapes: loss [1,1]. */
export const gradients = (loss: Node, wanted: readonly Node[]): readonly Node[] =>
  backpropagate([{ y: loss, dy: fill(1, loss) }], wanted).map((slope, i) => slope ?? fill(0, wanted[i]!))

/**
 * g · c / max(c, √Σ g²), the sum over all of them: gradients whose norm is at most c, in their own direction.
 *
 * Numbers: a norm that is not finite makes all of them NaN or 0; the loss or the weights tell.
 * Source: Pascanu et al. 2013, arXiv:1211.5063, algorithm 1.
 */
export function clipped(slopes: readonly Node[], most: number): readonly Node[] {
  const squares = slopes.map((g) => sum(reshape(multiply(g, g), [1, sizeOf(g.shape)]), 1))
  const norm = sqrt(squares.reduce((total, each) => add(total, each)))
  const factor = divide(fill(most, norm), larger(norm, fill(most, norm)))
  return slopes.map((g) => multiply(g, broadcastLike(factor, g)))
}
