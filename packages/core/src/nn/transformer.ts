import type { Node } from "../graph/graph.ts"
import { add } from "../graph/operations.ts"
import { gelu } from "./activation.ts"
import { attention } from "./attention.ts"
import { linear } from "./linear.ts"
import { layerNorm } from "./norm.ts"
import { type Learnable, weightSet } from "./weights.ts"

export interface BlockShape {
  /** D: numbers for each place. */
  readonly features: number
  readonly heads: number
  /** H: numbers between the two layers of the feed-forward part, mostly 4 D. */
  readonly hidden: number
  readonly causal: boolean
  /** As `attention` has it. */
  readonly queryBlocks?: number
}
export interface Block extends Learnable {
  readonly y: Node
}

/** y = gelu(x · w₁ + b₁) · w₂ + b₂. Shapes: x […,D], w₁ [D,H], b₁ [1,H], w₂ [H,D], b₂ [1,D] → y […,D]. */
export const feedForward = (x: Node, w1: Node, b1: Node, w2: Node, b2: Node): Node =>
  linear(gelu(linear(x, w1, b1)), w2, b2)

/**
 * h = x + attention(norm(x)), y = h + feedForward(norm(h)): a transformer block with its norms first.
 *
 * Shapes: x [B,T,D] → y [B,T,D]. Weights are called `${name}_…`: norms [1,D]; query, key, value and out [D,D] with
 * biases [1,D]; up [D,H], down [H,D] with theirs.
 * Errors: OB320 when the heads do not divide D.
 * Sources: Vaswani et al. 2017, arXiv:1706.03762; norms first: Xiong et al. 2020, arXiv:2002.04745, figure 1b.
 */
export function transformerBlock(
  x: Node,
  name: string,
  { features, heads, hidden, causal, queryBlocks = 1 }: BlockShape,
): Block {
  const { layer, learnable } = weightSet(name)
  const normed = (part: string, h: Node): Node => layerNorm(h, ...layer(part, 1, features))
  const before = normed("attention_norm", x)
  const [q, k, v] = ["query", "key", "value"].map((part) => linear(before, ...layer(part, features, features)))
  const seen = linear(attention(q!, k!, v!, { heads, causal, queryBlocks }), ...layer("out", features, features))
  const h = add(x, seen)
  const y = add(
    h,
    feedForward(normed("feed_norm", h), ...layer("up", features, hidden), ...layer("down", hidden, features)),
  )
  return { y, ...learnable() }
}
