import { refuse } from "@open-brains/core/base/problem.ts"
import { inOrder, isNode, type Node } from "@open-brains/core/graph/graph.ts"
import { runsIn } from "@open-brains/core/graph/runs.ts"
import { neededOf } from "@open-brains/core/graph/scan.ts"
import { hasFloats } from "@open-brains/core/ir/program.ts"

/**
 * Boards are given integers alone: few have a unit for floats. What floats weights alone decide is worked out at the export,
 * and does not count. Errors: OB854.
 */
export function refuseFloats(outputs: Readonly<Record<string, Node>>, changing: ReadonlySet<string> = new Set()): void {
  const isGiven = (leaf: Node): boolean =>
    isNode(leaf, "input") || (isNode(leaf, "weight") && changing.has(leaf.attributes.name))
  const [first, ...more] = new Set(floatsIn(inOrder(Object.values(outputs)), isGiven))
  if (first === undefined) return
  const isNamed = isNode(first, "input") || isNode(first, "weight")
  const name = isNamed ? `${first.operation} \`${first.attributes.name}\`` : `a \`${first.operation}\``
  const where = first.dtype === "f32" ? `f32[${first.shape}]` : "inside"
  refuse({
    code: "OB854",
    seen: `This net computes with floats, and boards are given integers alone: ${name} (${where})${more.length > 0 ? ` and ${more.length} more` : ""}.`,
    hint: "Export a net of integers: those that `brain teach` makes are, and packages/core/src/quantise makes others of learnt floats.",
  })
}

/** Floats that depend on leaves that vary, or that are read with such: inside steps of scans and kernels, too. */
function floatsIn(order: readonly Node[], isVarying: (leaf: Node) => boolean): readonly Node[] {
  const [runs, varies] = [runsIn(order), new Set<Node>()]
  return order.flatMap((node) => {
    if (!isVarying(node) && !node.inputs.some((each) => varies.has(each))) return []
    varies.add(node)
    if (node.dtype === "f32") return [node]
    if (isNode(node, "kernel")) return hasFloats(node.attributes.program) ? [node] : []
    if (isNode(node, "scan")) return floatsInStep(node, runs.get(node) as readonly Node<"scan">[], varies)
    return node.inputs.filter((each) => each.dtype === "f32" && !varies.has(each)) // such as what picks one of two
  })
}
/** Constants of a step are worked out at the export if none that it reads varies. */
function floatsInStep(
  { attributes: { body }, inputs }: Node<"scan">,
  run: readonly Node<"scan">[],
  varies: ReadonlySet<Node>,
): readonly Node[] {
  const { needed } = neededOf(body, run)
  const given = inputs.slice(body.carries.length + body.slices.length)
  const isSteady = body.constants.every((own, i) => !needed.has(own) || !varies.has(given[i]!))
  const constants = new Set<Node>(body.constants)
  return floatsIn(
    body.values.filter((value) => needed.has(value)),
    (leaf) => isNode(leaf, "input") && !(isSteady && constants.has(leaf)),
  )
}
