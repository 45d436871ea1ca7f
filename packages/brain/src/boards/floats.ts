import { refuse } from "@open-brains/core/base/problem.ts"
import { inOrder, isNode, type Node } from "@open-brains/core/graph/graph.ts"

/**
 * Boards are given integers alone: few have a unit for floats. What floats weights alone decide is worked out at the export,
 * and does not count. Errors: OB854.
 */
export function refuseFloats(outputs: Readonly<Record<string, Node>>, changing: ReadonlySet<string> = new Set()): void {
  const order = inOrder(Object.values(outputs))
  const varies = new Set<Node>()
  for (const node of order)
    if (
      isNode(node, "input") ||
      (isNode(node, "weight") && changing.has(node.attributes.name)) ||
      node.inputs.some((each) => varies.has(each))
    )
      varies.add(node)
  const floats = order.filter((node) => node.dtype === "f32" && varies.has(node))
  const [first] = floats
  if (first === undefined) return
  const name =
    isNode(first, "input") || isNode(first, "weight")
      ? `${first.operation} \`${first.attributes.name}\``
      : `a \`${first.operation}\``
  refuse({
    code: "OB854",
    seen: `This net computes with floats, and boards are given integers alone: ${name} is f32[${first.shape}]${floats.length > 1 ? `, and so are ${floats.length - 1} values more` : ""}.`,
    hint: "Export a net of integers: those that `brain teach` makes are, and packages/core/src/quantise makes others of learnt floats.",
  })
}
