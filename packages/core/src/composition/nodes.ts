import type { Node } from "./composition.ts"

/** The nodes from `from` on that depend on `root`, in order. */
export function dependents(nodes: readonly Node[], root: number, from: number): readonly number[] {
  const found = new Set([root])
  for (let i = from; i < nodes.length; i++) if (neededBy(nodes[i]!).some((each) => found.has(each))) found.add(i)
  return [...found]
}

/** The nodes that a node names. */
export function neededBy(node: Node): readonly number[] {
  switch (node.op) {
    case "input":
    case "literal":
    case "label":
    case "so far":
      return []
    case "join":
      return node.pieces.filter((piece) => typeof piece === "number")
    case "field":
    case "within":
      return [node.of]
    case "call":
      return node.inputs
    case "route":
      return [node.on, ...node.branches, ...[node.unsure, node.otherwise].filter((each) => each !== undefined)]
    case "first":
      return node.alternatives
    case "mix":
      return node.experts.map((expert) => expert.node)
    case "repeat":
      return [node.begin, node.step, node.until.node]
    default:
      return node satisfies never
  }
}
