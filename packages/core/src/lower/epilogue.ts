import { sameShape } from "../base/shape.ts"
import { isNode, type Node } from "../graph/graph.ts"
import * as ir from "../ir/build.ts"
import type { Block, Expression, Statement } from "../ir/program.ts"
import type { Finished } from "./finished.ts"
import { elementsOf, homesOf } from "./fused.ts"
import { rootOf } from "./groups.ts"
import { home, type Lowering, read } from "./lowering.ts"
import { at } from "./schedule/at.ts"
import type { Epilogue } from "./schedule/product.ts"

/** What the group does with a sum of the product at [leading, column], leading axes counted as one. */
export function epilogueOf(block: Lowering, { product, reshapes, group }: Finished): Epilogue {
  const [{ shape }, columns] = [group[0]!, product.shape.at(-1)!]
  const homes = group.map((node) => homesOf(block, node))
  const result = reshapes.at(-1) ?? product
  return (leading, column, sum): Block => {
    const lets: Statement[] = []
    const place = at([leading, columns], [column, 1])
    const other = (node: Node): Expression => {
      if (node === result) return sum
      const root = rootOf(node)
      if (isNode(root, "fill")) return read(block, root, []) // it lies nowhere
      return ir.load(home(block, root), sameShape(root.shape, shape) ? place : placeIn(root, shape, leading, column))
    }
    const values = elementsOf(block, group, lets, other)
    const stores = group.flatMap((node, i) => homes[i]!.map((to) => ir.store(to, place, values.get(node)!)))
    return [...lets, ...stores]
  }
}
/** Where a value that is stretched to `shape` lies: of the leading axes only those are told apart that it has. */
function placeIn(root: Node, shape: readonly number[], leading: Expression, column: Expression): Expression {
  let [stride, inner] = [1, 1]
  const terms: [Expression, number][] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [length, own] = [shape[axis]!, root.shape[axis]!]
    if (own > 1) {
      const index = axis === shape.length - 1 ? column : indexOf(leading, inner, axis === 0 ? undefined : length)
      terms.push([index, stride])
    }
    if (axis < shape.length - 1) inner *= length
    stride *= own
  }
  return at(...terms)
}
const indexOf = (leading: Expression, inner: number, length: number | undefined): Expression => {
  const outer = inner === 1 ? leading : ir.binary("i32.div_u", leading, ir.i32(inner))
  return length === undefined ? outer : ir.binary("i32.rem_u", outer, ir.i32(length))
}
