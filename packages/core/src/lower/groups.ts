import { sameShape } from "../base/shape.ts"
import { isNode, type Name, type Node } from "../graph/graph.ts"
import { OPERATIONS, type Rules } from "../graph/operations.ts"

export const rulesOf = <N extends Name>(node: Node<N>): Rules<N> => OPERATIONS[node.operation]
export const isElement = (node: Node): boolean => rulesOf(node).reference.kind === "element"
export const isBroadcast = (node: Node): boolean => node.operation === "broadcast"

/** Neighbours in order that are element-wise and of one shape share a group; every other node stands alone. */
export function groupsOf(order: readonly Node[]): readonly (readonly Node[])[] {
  const groups: Node[][] = []
  let open: Node[] | undefined
  let inside = new Set<Node>() // what `open` holds
  for (const node of order) {
    if (rulesOf(node).reference.kind === "leaf" || isBroadcast(node)) {
      if (isBroadcast(node) && inside.has(node.inputs[0]!)) open = undefined // its input must be in memory
      groups.push([node])
    } else if (!isElement(node)) {
      open = undefined
      groups.push([node])
    } else if (open && sameShape(open[0]!.shape, node.shape)) {
      open.push(node)
      inside.add(node)
    } else {
      open = [node]
      inside = new Set(open)
      groups.push(open)
    }
  }
  return groups
}
export function rootOf(node: Node): Node {
  let root = node
  while (isNode(root, "broadcast")) root = root.inputs[0]
  return root
}
