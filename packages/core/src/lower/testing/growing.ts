/** A random graph in the making. */
import { DTYPE, type Dtype } from "../../base/dtype.ts"
import { type Shape, sameShape } from "../../base/shape.ts"
import type { Node } from "../../graph/graph.ts"
import * as op from "../../graph/operations.ts"
import type { Draw } from "../../ir/testing/draw.ts"

export type Leaf = Node<"input"> | Node<"weight">
export interface Growing {
  readonly draw: Draw
  readonly nodes: Node[]
  readonly updates: { readonly weight: Node<"weight">; readonly value: Node }[]
  length(): number
  shape(rank?: number): Shape
  /** One that is there already, where one fits. */
  find(fits: (node: Node) => boolean): Node | undefined
  /** Mostly one that is there already, be it through a broadcast. */
  of(dtype: Dtype, shape: Shape): Node
  leaf(dtype: Dtype, shape: Shape, kind?: "input" | "weight"): Leaf
}

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 40, 47, 48, 63, 64, 65, 70] as const
export const NUMBERS = ["f32", "i8", "u8", "i16", "u16", "i32"] as const satisfies readonly Dtype[]

/** From nothing, with four lengths of axes out of these. */
export function grow(draw: Draw, among: readonly number[] = LENGTHS): Growing {
  const nodes: Node[] = []
  const lengths = Array.from({ length: 4 }, () => draw.pick(among))
  const length = (): number => draw.pick(lengths)
  const find: Growing["find"] = (fits) => {
    const fitting = nodes.filter(fits)
    return fitting.length > 0 ? draw.pick(fitting) : undefined
  }
  const leaf: Growing["leaf"] = (dtype, shape, kind = draw.flip() ? "input" : "weight") => {
    const make = kind === "input" ? op.input : op.weight
    const node = make(`${kind}_${nodes.length}_${draw.between(0, 1e9)}`, dtype, shape)
    nodes.push(node)
    return node
  }
  const fitsInto = (small: Shape, shape: Shape): boolean =>
    small.length === shape.length && small.every((n, axis) => n === 1 || n === shape[axis])
  return {
    ...{ draw, nodes, length, find, leaf, updates: [] },
    shape(rank = draw.pick([1, 2, 2, 2, 3, 4])) {
      return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? draw.between(1, 3) : length()))
    },
    of(dtype, shape) {
      const [same, other] = [draw.between(0, 2) > 0, draw.between(0, 2) > 0]
      const found = same ? find((node) => node.dtype === dtype && sameShape(node.shape, shape)) : undefined
      const small = found ?? (other ? find((node) => node.dtype === dtype && fitsInto(node.shape, shape)) : undefined)
      if (small) return op.broadcastLike(small, { shape })
      const kind = draw.between(0, 5)
      if (kind === 0) return op.fill(DTYPE[dtype].scalar === "i32" ? draw.between(0, 100) : 0.5, { dtype, shape })
      if (kind > 2) return leaf(dtype, shape)
      const isRow = draw.flip()
      const row = shape.map((n, axis) => ((isRow ? axis < shape.length - 1 : draw.flip()) ? 1 : n))
      return op.broadcastLike(leaf(dtype, row), { shape })
    },
  }
}
