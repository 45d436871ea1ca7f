import { sizeOf } from "../base/shape.ts"
import { isNode, type Node } from "../graph/graph.ts"
import { isElement } from "./groups.ts"

/** A product whose one reader is an element-wise group, with the group and what lies between them. */
export interface Finished {
  readonly product: Node<"matmul">
  /** Shapes of the same elements, each of the one before, from the product to the group. */
  readonly reshapes: readonly Node[]
  readonly group: readonly Node[]
}
/** More would be printed for each row of a tile than it saves in memory. */
const NODES_MAX = 8

/**
 * Groups in which a product and the element-wise group that alone reads it are one, at the place of the latter: a bias, an
 * activation, a requantisation or a step of gradient descent is then done on sums that are still in registers. `holds`: what
 * a product must be written out for; `alike`: whether both change equally often.
 */
export function withEpilogues(
  groups: readonly (readonly Node[])[],
  users: ReadonlyMap<Node, readonly Node[]>,
  holds: (node: Node) => boolean,
  alike: (product: Node, reader: Node) => boolean,
): readonly (readonly Node[])[] {
  const placeOf = new Map(groups.flatMap((group, at) => group.map((node) => [node, at] as const)))
  const merged = new Map<number, readonly Node[]>() // by the place of the element-wise group
  const gone = new Set<number>()
  for (const [product] of groups) {
    if (!isNode(product!, "matmul") || holds(product)) continue
    const found = readersOf(product, users, holds)
    const at = found && placeOf.get(found.reader)!
    if (found === undefined || at === undefined || merged.has(at)) continue
    const group = groups[at]!
    const isOnly = found.readers.every((node) => placeOf.get(node) === at)
    if (!isOnly || !canFinish(product, group) || !alike(product, found.reader)) continue
    merged.set(at, [product, ...found.reshapes, ...group])
    for (const node of [product, ...found.reshapes]) gone.add(placeOf.get(node)!)
  }
  return groups.flatMap((group, at) => (gone.has(at) ? [] : [merged.get(at) ?? group]))
}
/** Who reads a product, be it through reshapes that nobody else reads. */
function readersOf(
  product: Node,
  users: ReadonlyMap<Node, readonly Node[]>,
  holds: (node: Node) => boolean,
): { readonly reshapes: readonly Node[]; readonly readers: readonly Node[]; readonly reader: Node } | undefined {
  const reshapes: Node[] = []
  for (let node = product; ; ) {
    const readers = users.get(node) ?? []
    const [reader] = readers
    if (!reader) return undefined
    if (!isNode(reader, "reshape")) return { reshapes, readers, reader }
    if (readers.length > 1 || holds(reader)) return undefined
    reshapes.push(reader)
    node = reader
  }
}
function canFinish(product: Node<"matmul">, group: readonly Node[]): boolean {
  const [first] = group
  return (
    isElement(first!) &&
    group.length <= NODES_MAX &&
    first!.shape.at(-1) === product.shape.at(-1) &&
    sizeOf(first!.shape) === sizeOf(product.shape) &&
    !group.some((node) => isNode(node, "divide") && node.dtype === "i32") // no lanes divide integers
  )
}

/** The parts of a group that `withEpilogues` made. */
export function finishedOf([product, ...rest]: readonly Node[]): Finished | undefined {
  if (!product || !isNode(product, "matmul") || rest.length === 0) return undefined
  const count = rest.findIndex((node) => !isNode(node, "reshape"))
  return { product, reshapes: rest.slice(0, count), group: rest.slice(count) }
}
