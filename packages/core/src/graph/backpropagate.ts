import { inOrder, type Name, type Node } from "./graph.ts"
import { add, OPERATIONS, type Rules, type Slope } from "./operations.ts"
import { runsIn } from "./runs.ts"

/**
 * ∂(Σ dy · y)/∂node for each of `wanted`, as new graph, by the chain rule over the one table; nothing where no path
 * leads to it. Only paths that lead to a wanted node are followed.
 */
export function backpropagate(seeds: readonly Slope[], wanted: readonly Node[]): readonly (Node | undefined)[] {
  const order = inOrder(seeds.map(({ y }) => y))
  const runs = runsIn(order)
  const leads = new Set<Node>(wanted)
  for (const node of order) if (node.inputs.some((input) => leads.has(input))) leads.add(node)
  const totals = new Map<Node, Node>()
  const collect = (node: Node, part: Node): void => {
    const soFar = totals.get(node)
    totals.set(node, soFar ? add(soFar, part) : part)
  }
  for (const { y, dy } of seeds) collect(y, dy)
  for (const node of order.toReversed()) {
    // Users before inputs, so each total is complete when it is read: those of a run at the first of its results.
    const run = runs.get(node) ?? [node]
    if (run[0] !== node || !leads.has(node)) continue
    const slopes = run.flatMap((y) => (totals.has(y) ? [{ y, dy: totals.get(y)! }] : []))
    inputSlopes(slopes).forEach((part, i) => {
      const input = node.inputs[i]!
      if (part && leads.has(input)) collect(input, part)
    })
  }
  return wanted.map((node) => totals.get(node))
}

/** By the rule of the operation, from the slopes of one node, or of all results of one run. */
function inputSlopes<N extends Name>([first, ...others]: readonly Slope<N>[]): readonly (Node | undefined)[] {
  if (!first) return []
  const rules: Rules<N> = OPERATIONS[first.y.operation]
  return rules.gradient(first.dy, first.y, others)
}
