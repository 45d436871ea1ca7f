import { backpropagate } from "../graph/backpropagate.ts"
import type { Node } from "../graph/graph.ts"
import { fill } from "../graph/operations.ts"

/** ∂loss/∂node for each of `wanted`, as new graph, 0 where no path leads to it. Shapes: loss [1,1]. */
export const gradients = (loss: Node, wanted: readonly Node[]): readonly Node[] =>
  backpropagate([{ y: loss, dy: fill(1, loss) }], wanted).map((slope, i) => slope ?? fill(0, wanted[i]!))
