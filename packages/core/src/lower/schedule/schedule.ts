import { isNode, type Node } from "../../graph/graph.ts"
import type { Operand } from "../../graph/reference.ts"
import { contraction, type How, isWorthCutting, type Schedule } from "./contraction.ts"

/** A faster way to the bits of a node's reference, where there is one. */
export function scheduleOf(node: Node, inputs: readonly Operand[], output: Operand, how: How): Schedule | undefined {
  if (!isNode(node, "matmul") || !isWorthCutting(node, how.tiles)) return undefined
  return contraction(node, inputs as [Operand, Operand], output, how)
}
