import { type Shape, sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import { maximum, reshape, unfold } from "../graph/operations.ts"
import { type Placement, windowsOf } from "./convolution.ts"
import { mean } from "./norm.ts"

/** Where pooling takes its windows: side by side unless told otherwise, and never beyond the ends. */
export type Pool = Pick<Placement, "stride" | "dilation">

/**
 * y = the largest of each window, for each channel. Integers too.
 *
 * Shapes: x [B,…S,C], kernel one length for each S → y [B,…O,C]. Errors: OB324 when the windows do not fit.
 */
export const maxPool = (x: Node, kernel: Shape, pool: Pool = {}): Node => pooled(x, kernel, pool, maximum)

/** y = the mean of each window, for each channel. Floats. Shapes and errors: those of maxPool. */
export const averagePool = (x: Node, kernel: Shape, pool: Pool = {}): Node => pooled(x, kernel, pool, mean)

function pooled(x: Node, kernel: Shape, pool: Pool, reduce: (x: Node, axis: number) => Node): Node {
  const seen = unfold(x, windowsOf(kernel, { stride: kernel, ...pool }))
  const [places, channels] = [seen.shape.slice(0, 1 + kernel.length), x.shape.at(-1)!]
  const windows = reshape(seen, [sizeOf(places), sizeOf(kernel), channels])
  return reshape(reduce(windows, 1), [...places, channels])
}
