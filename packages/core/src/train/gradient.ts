import { inOrder, type Name, type Node } from "../graph/graph.ts"
import { add, fill, OPERATIONS, type Rules } from "../graph/operations.ts"

/** ∂loss/∂node for each of `wanted`, as new graph, by the chain rule over the one table. Shapes: loss [1,1]. */
export function gradients(loss: Node, wanted: readonly Node[]): readonly Node[] {
  return backpropagate(loss, fill(1, loss), wanted)
}

/** ∂(Σ dy · y)/∂node for each of `wanted`. Only paths that lead to a wanted node are followed. */
export function backpropagate(y: Node, dy: Node, wanted: readonly Node[]): readonly Node[] {
  const order = inOrder([y])
  const leads = new Set<Node>(wanted)
  for (const node of order) if (node.inputs.some((input) => leads.has(input))) leads.add(node)
  const totals = new Map<Node, Node>([[y, dy]])
  for (const node of order.toReversed()) {
    // users before inputs, so each total is complete when it is read
    const total = totals.get(node)
    if (!total || !leads.has(node)) continue
    inputGradients(total, node).forEach((part, i) => {
      const input = node.inputs[i]!
      if (!part || !leads.has(input)) return
      const soFar = totals.get(input)
      totals.set(input, soFar ? add(soFar, part) : part)
    })
  }
  return wanted.map((node) => totals.get(node) ?? fill(0, node))
}

function inputGradients<N extends Name>(dy: Node, y: Node<N>): readonly (Node | undefined)[] {
  const rules: Rules<N> = OPERATIONS[y.operation]
  return rules.gradient(dy, y)
}
