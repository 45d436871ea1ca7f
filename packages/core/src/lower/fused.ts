import { assert } from "../base/problem.ts"
import { type Shape, sizeOf } from "../base/shape.ts"
import { isNode, type Node } from "../graph/graph.ts"
import * as ir from "../ir/build.ts"
import { type Expression, type Statement, scalarOf } from "../ir/program.ts"
import { isBroadcast, isElement, rulesOf } from "./groups.ts"
import { dtypeIn, flat, home, type Lowering, read } from "./lowering.ts"

/**
 * One loop for element-wise nodes of one shape, whose values stay in locals unless others need them. Its rounds are
 * independent: element i of every node comes from element i of others, or through a broadcast from what lies in memory.
 */
export function lowerFused(block: Lowering, group: readonly Node[]): void {
  const { shape } = group[0]!
  const flatten = !group.some((node) => node.inputs.some(isBroadcast)) // then one loop over all elements will do
  const over: Shape = flatten ? [sizeOf(shape)] : shape
  const index = over.map((_, axis) => ir.local(block.fresh(`axis${axis}`)))
  const lets: Statement[] = []
  const values = elementsOf(block, group, lets, (node) =>
    flatten ? ir.load(home(block, node), index[0]!) : read(block, node, index),
  )
  const stores = group.flatMap((node) =>
    homesOf(block, node).map((to) => ir.store(to, flat(over, index), values.get(node)!)),
  )
  const nest = over.reduceRight<readonly Statement[]>(
    (inner, length, axis) => [ir.parallel(index[axis]!, length, inner)],
    [...lets, ...stores],
  )
  block.body.push(...nest)
}

/** One element of each node of a group, bound in `lets`; `other` reads an element of what the group does not hold. */
export function elementsOf(
  block: Lowering,
  group: readonly Node[],
  lets: Statement[],
  other: (node: Node) => Expression,
): ReadonlyMap<Node, Expression> {
  const values = new Map<Node, Expression>()
  const bind = (value: Expression): Expression => {
    const named = ir.local(block.fresh("element"), scalarOf(value))
    lets.push(ir.let_(named, value))
    return named
  }
  const element = (node: Node): Expression =>
    values.get(node) ?? (isNode(node, "fill") ? read(block, node, []) : other(node))
  for (const node of group) {
    const { reference } = rulesOf(node)
    assert(reference.kind === "element", "a group is element-wise")
    const { attributes } = node
    const given = "dtype" in attributes ? { ...attributes, dtype: dtypeIn(block, attributes.dtype) } : attributes
    values.set(node, bind(reference.value(node.inputs.map(element), given, bind)))
  }
  return values
}

/** The buffers that a node's value goes to: none when only its own loop reads it. */
export function homesOf(block: Lowering, node: Node): readonly ReturnType<typeof home>[] {
  const leaf = block.changed.get(node)
  const into = leaf && !block.fixed.has(node) && isLastToRead(block, node, leaf) ? block.stored.get(leaf)! : undefined
  if (into) block.done.add(leaf!)
  if (into && !block.places.has(node) && !isNeeded(block, node)) block.stored.set(node, into)
  const elsewhere = block.places.has(node) || isNeeded(block, node) || (leaf && !into)
  return [...(elsewhere ? [home(block, node)] : []), ...(into ? [into] : [])]
}
/** Whether another loop reads the value; a broadcast stands for the loop that looks through it. */
const isNeeded = ({ users, groupOf }: Lowering, node: Node): boolean =>
  (users.get(node) ?? []).some((user) => groupOf.get(user) !== groupOf.get(node))

/** Whether the leaf may change at once: every other reader comes earlier, or reads the same element in the same round. */
function isLastToRead({ users, groupOf, changed }: Lowering, value: Node, leaf: Node): boolean {
  const [readers, now] = [users.get(leaf) ?? [], groupOf.get(value)!]
  return (
    !changed.has(leaf) && // no other leaf takes the old value
    readers.every(
      (user) => !isBroadcast(user) && (groupOf.get(user)! < now || (isElement(user) && groupOf.get(user) === now)),
    )
  )
}
