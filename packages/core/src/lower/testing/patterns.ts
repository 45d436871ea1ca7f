/** Layers and steps of training as random graphs have them: the neighbours that a schedule looks for. */
import { sizeOf } from "../../base/shape.ts"
import { backpropagate } from "../../graph/backpropagate.ts"
import { inOrder, isNode, type Node } from "../../graph/graph.ts"
import * as op from "../../graph/operations.ts"
import { attention } from "../../nn/attention.ts"
import { convolution } from "../../nn/convolution.ts"
import { gru } from "../../nn/gru.ts"
import { integerAttention } from "../../nn/integer.ts"
import { layerNorm } from "../../nn/norm.ts"
import { softmax } from "../../nn/softmax.ts"
import { product, recurrent, some } from "./draws.ts"
import type { Growing } from "./growing.ts"

type Pattern = (growing: Growing) => readonly (Node | undefined)[]

/** Element-wise work on `a`, with operands that are stretched over it. */
function finished({ draw, of }: Growing, a: Node): Node {
  let y = a
  for (let n = draw.between(1, 5); n > 0; n--) {
    const [make, activate] = [draw.pick([op.add, op.multiply, op.subtract]), draw.pick([op.tanh, op.absolute, op.sqrt])]
    if (y.dtype === "f32" && draw.between(0, 2) === 0) y = activate(y)
    else y = make(y, draw.between(0, 5) === 0 ? a : of(y.dtype, y.shape))
  }
  return y
}
const reshaped = ({ draw }: Growing, a: Node): Node => {
  const columns = a.shape.at(-1)!
  const rows = sizeOf(a.shape) / columns
  const halved = rows % 2 === 0 ? [2, rows / 2, columns] : [rows, 1, columns]
  return draw.flip() ? a : op.reshape(a, draw.pick([[rows, columns], halved]))
}
const dense = (growing: Growing): Node | undefined => {
  const a = some(growing, ["f32", "i8", "u8", "i16"], growing.draw.pick([2, 2, 3, 4]))
  const sums = product(growing, a)
  return sums && reshaped(growing, sums)
}

export const PATTERNS: Readonly<Record<string, Pattern>> = {
  dense(growing) {
    const sums = dense(growing)
    return sums ? [finished(growing, sums)] : []
  },
  quantised(growing) {
    const { draw, of, leaf } = growing
    const a = some(growing, ["i8", "u8", "i16"], draw.pick([2, 2, 3]))
    const sums = product(growing, a)
    if (sums?.dtype !== "i32") return []
    const shifted = draw.flip() ? sums : op.add(sums, of("i32", sums.shape))
    const small = op.requantise(shifted, of("i32", sums.shape), draw.between(17, 25), draw.pick(["i8", "u8", "i16"]))
    return [small.dtype === "i16" || draw.flip() ? small : op.lookup(small, leaf("i8", [256], "weight"))]
  },
  nibbles(growing) {
    const { draw, of, leaf, length } = growing
    const [depth, n] = [8 * draw.between(1, 8), length()]
    const batch = draw.between(0, 3) === 0 ? [2] : []
    const w = leaf("u8", [...batch, n, depth / 2], draw.between(0, 5) === 0 ? "input" : "weight")
    const y = op.matmul(of("i8", [...batch, length(), depth]), op.unpackNibbles(w), false, true)
    return [draw.flip() ? y : finished(growing, y)]
  },
  /** k is long enough to be cut into blocks. */
  long(growing) {
    const { draw, of } = growing
    const [dtype, rows, depth, n] = [
      draw.pick(["f32", "i8"] as const),
      draw.between(1, 6),
      draw.pick([320, 640, 644, 1280, 2560]),
      draw.between(4, 20),
    ]
    const transposeRight = draw.flip()
    const b = of(dtype, transposeRight ? [n, depth] : [depth, n])
    const y = op.matmul(of(dtype, [rows, depth]), b, false, transposeRight)
    return [draw.flip() ? y : finished(growing, y)]
  },
  recurrent: (growing) => recurrent(growing).filter(() => growing.draw.flip()),
  /** A weight that takes a new value from products of itself. */
  square(growing) {
    const { draw, of, leaf, length, updates } = growing
    const [n, rows] = [length(), length()]
    const w = leaf("f32", [n, n], "weight") as Node<"weight">
    const y = op.matmul(of("f32", [rows, n]), w, false, draw.flip())
    const by = draw.pick([op.matmul(w, w, draw.flip()), op.matmul(y, y, true), op.matmul(of("f32", [n, n]), w)])
    updates.push({ weight: w, value: op.subtract(w, finished(growing, by)) })
    return draw.flip() ? [y] : [y, by]
  },
  softmax: (growing) => [softmax(some(growing, ["f32"]))],
  norm(growing) {
    const x = some(growing, ["f32"])
    const row = [1, x.shape.at(-1)!]
    return [layerNorm(x, growing.of("f32", row), growing.of("f32", row))]
  },
  attention(growing) {
    const { draw, of } = growing
    const [heads, each, places, batch] = [
      draw.between(1, 3),
      2 * draw.between(1, 8),
      draw.between(1, 20),
      draw.between(1, 2),
    ]
    const shape = [batch, places, heads * each]
    const [causal, scale] = [draw.flip(), { multiplier: 20_000, shift: 20 }]
    if (draw.flip()) {
      const [q, k, v] = [of("i8", shape), of("i8", shape), of("i8", shape)]
      return [integerAttention(q, k, v, { heads, causal, score: scale, value: { multiplier: 20_000, shift: 31 } })]
    }
    const options = { heads, causal, ...(draw.flip() && { rotary: 10_000 }) }
    return [attention(of("f32", shape), of("f32", shape), of("f32", shape), options)]
  },
  gru(growing) {
    const { draw, of, nodes } = growing
    const [steps, batch, features, hidden] = [
      draw.between(1, 7),
      draw.between(1, 5),
      draw.between(1, 9),
      draw.between(1, 17),
    ]
    const x = of("f32", [steps, batch, features])
    const { y, last, weights } = gru(x, `gru_${nodes.length}_${draw.between(0, 1e9)}`, {
      hidden,
      save: draw.flip() ? "all" : 3,
    })
    nodes.push(...weights)
    return draw.flip() ? [y] : [y, last]
  },
  convolution(growing) {
    const { draw, of } = growing
    const [channels, groups] = [2 * draw.between(1, 6), draw.between(1, 2)]
    const dtype = draw.pick(["f32", "i8", "i16"] as const)
    const w = of(dtype, [3, 2, channels / groups, 2 * draw.between(1, 9)])
    const padding = draw.pick(["same", "none"] as const)
    return [
      convolution(of(dtype, [draw.between(1, 2), draw.between(3, 6), draw.between(3, 6), channels]), w, {
        groups,
        padding,
      }),
    ]
  },
  /** Slopes of something by the weights that it comes from, which take a step. */
  step(growing) {
    const { draw, find, updates } = growing
    const y = find(({ dtype, operation }) => dtype === "f32" && operation !== "weight" && operation !== "input")
    if (!y) return []
    const order = inOrder([y])
    const isWeight = (node: Node): node is Node<"weight"> => isNode(node, "weight") && node.dtype === "f32"
    const weights = order.filter(isWeight)
    if (order.length > 40 || (order.some((node) => isNode(node, "scan")) && weights.length > 4)) return []
    const slopes = backpropagate([{ y, dy: growing.of("f32", y.shape) }], weights)
    return slopes.flatMap((slope, i) => {
      if (!slope) return []
      const weight = weights[i]!
      if (draw.flip()) updates.push({ weight, value: op.subtract(weight, op.multiply(slope, op.fill(0.01, slope))) })
      return [slope]
    })
  },
}
