import { isNode, type Node } from "./graph.ts"

/** Kernels and scans have many results and a node has one: nodes of one run differ only in which result they name. */
function isSameRun(a: Node, b: Node): boolean {
  if (a.inputs.length !== b.inputs.length || a.inputs.some((input, i) => input !== b.inputs[i])) return false
  if (isNode(a, "kernel")) return isNode(b, "kernel") && a.attributes.program === b.attributes.program
  if (!isNode(a, "scan") || !isNode(b, "scan")) return false
  return a.attributes.body === b.attributes.body && a.attributes.reverse === b.attributes.reverse
}

/** For each kernel and scan all nodes of its run, in this order, itself among them. */
export function runsIn(order: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const results = order.filter((node) => isNode(node, "kernel") || isNode(node, "scan"))
  return new Map(results.map((node) => [node, results.filter((each) => isSameRun(each, node))]))
}
