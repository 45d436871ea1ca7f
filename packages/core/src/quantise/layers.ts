import { assert } from "../base/problem.ts"
import { type Shape, sizeOf } from "../base/shape.ts"
import type { Node, Windows } from "../graph/graph.ts"
import { reshape, unfold } from "../graph/operations.ts"

/**
 * One layer of a net of layers in sequence. `dense` and `convolution` have the weights NAME [K,N] and NAME_bias [1,N]; K
 * counts what a window holds, place by place, channels last. Pooling takes windows without padding.
 */
export type Layer = Weighted | Pooling | { readonly kind: "flatten" | "relu" }
export type Weighted =
  | { readonly kind: "dense"; readonly name: string; readonly outputs: number }
  | { readonly kind: "convolution"; readonly name: string; readonly outputs: number; readonly windows: Windows }
export type Pooling =
  | { readonly kind: "averagePool" | "maxPool"; readonly windows: Windows }
  | { readonly kind: "globalAverage" }

// What layers do to shapes, floats and integers alike, so that what is learnt and what is stored lie the same way.

/** What the matrix of a layer is multiplied with, [R,K], and the shape of its R · N sums. */
export function rowsOf(x: Node, layer: Weighted): { readonly rows: Node; readonly shape: Shape } {
  if (layer.kind === "dense") {
    assert(x.shape.length === 2, `the dense layer ${layer.name} takes [B,K], which \`flatten\` gives`)
    return { rows: x, shape: [x.shape[0]!, layer.outputs] }
  }
  const { windows, outputs } = layer
  const seen = unfold(x, windows)
  const places = seen.shape.slice(0, 1 + windows.kernel.length)
  const depth = sizeOf(windows.kernel) * x.shape.at(-1)!
  return { rows: reshape(seen, [sizeOf(places), depth]), shape: [...places, outputs] }
}

/** What is pooled, [R,taps,C], and the shape of the result. */
export function tapsOf(x: Node, layer: Pooling): { readonly taps: Node; readonly shape: Shape } {
  const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!]
  if (layer.kind === "globalAverage") {
    const taps = reshape(x, [batch, sizeOf(x.shape.slice(1, -1)), channels])
    return { taps, shape: [batch, channels] }
  }
  const seen = unfold(x, layer.windows)
  const places = seen.shape.slice(0, 1 + layer.windows.kernel.length)
  return {
    taps: reshape(seen, [sizeOf(places), sizeOf(layer.windows.kernel), channels]),
    shape: [...places, channels],
  }
}

/** [B,…] → [B,K]. */
export const flattened = (x: Node): Node => reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))])
