/** Random graphs, large enough that schedules, packing, edges, fused groups and the memory plan take effect. */
import { DTYPE, type Numbers, numbersOf } from "../../base/dtype.ts"
import { sameShape, sizeOf } from "../../base/shape.ts"
import { inOrder, isNode, type Name, type Node } from "../../graph/graph.ts"
import * as op from "../../graph/operations.ts"
import { drawFrom } from "../../ir/testing/draw.ts"
import type { Entry } from "../lower.ts"
import { DRAWS } from "./draws.ts"
import { type Growing, grow, type Leaf } from "./growing.ts"
import { PATTERNS } from "./patterns.ts"

/** A graph and what it is to give; its contents are drawn by `contentsOf`. */
export interface Drawn {
  readonly seed: number
  readonly outputs: Entry["outputs"]
  readonly updates: NonNullable<Entry["updates"]>
  readonly leaves: readonly Leaf[]
}
const SIZE_MAX = 12_000

/** Half of the draws are whole layers, so that the neighbours that schedules look for are there. */
export function graphFrom(seed: number, size = 14): Drawn {
  const draw = drawFrom(seed)
  const growing = grow(draw)
  const { nodes } = growing
  const [names, patterns] = [Object.keys(DRAWS) as Name[], Object.values(PATTERNS)]
  const wanted = draw.between(2, size)
  for (let tries = 0; nodes.length < wanted && tries < 4 * size; tries++) {
    const made = draw.flip() ? [DRAWS[draw.pick(names)](growing)] : draw.pick(patterns)(growing)
    for (const node of made) if (node && sizeOf(node.shape) <= SIZE_MAX && !nodes.includes(node)) nodes.push(node)
  }
  const updates = updatesOf(growing)
  const asked = nodes.filter((_, i) => i === nodes.length - 1 || draw.between(0, 3) === 0)
  const outputs = Object.fromEntries(asked.map((node, i) => [`out${i}_${node.operation}`, node]))
  const all = inOrder([...asked, ...updates.flatMap(({ weight, value }) => [weight, value])])
  const leaves = all.filter((node): node is Leaf => isNode(node, "input") || isNode(node, "weight"))
  return { seed, outputs, updates, leaves }
}

/** New values for some of the weights: those that layers ask for, and others of the same shape. */
function updatesOf({ draw, nodes, updates, find }: Growing): Drawn["updates"] {
  const taken = new Set<Node>()
  const ours = updates.filter(({ weight }) => !taken.has(weight) && taken.add(weight))
  const others = nodes.flatMap((weight) => {
    if (!isNode(weight, "weight") || taken.has(weight) || draw.flip()) return []
    const value = find(({ dtype, shape }) => dtype === weight.dtype && sameShape(shape, weight.shape))!
    const isStep = weight.dtype === "f32" && draw.flip()
    return [{ weight, value: isStep ? op.subtract(weight, op.multiply(value, op.fill(0.1, value))) : value }]
  })
  return [...ours, ...others]
}

/** Contents of a leaf: tame, of any size, or among them the values at which engines differ. */
export function contentsOf(seed: number, { attributes: { dtype, shape } }: Leaf): Numbers {
  const draw = drawFrom(seed)
  const [style, { scalar, range }] = [draw.between(0, 4), DTYPE[dtype]]
  const tame = (): number => {
    if (range) return style < 3 ? draw.between(-9, 9) : draw.between(range[0], range[1])
    return (draw.between(-(2 ** 20), 2 ** 20) / 2 ** 20) * (style < 3 ? 1 : 2 ** draw.between(-60, 60))
  }
  const isHostile = (): boolean => style % 3 === 2 && draw.between(0, 30) === 0
  return numbersOf(
    dtype,
    Array.from({ length: sizeOf(shape) }, () => (isHostile() ? draw.number(scalar) : tame())),
  )
}
