import type { Node } from "../graph/graph.ts"
import { broadcastLike, fill, iota, less, matmul, multiply, reshape, select, transpose } from "../graph/operations.ts"
import { rotary } from "./rotary.ts"
import { softmax } from "./softmax.ts"

export interface AttentionOptions {
  readonly heads: number
  /** Each place sees itself and what comes before it. */
  readonly causal: boolean
  /** Queries and keys are turned by their places, see rotary.ts; the base, mostly 10000. Nothing: they are not. */
  readonly rotary?: number
}

/**
 * y = softmax(q kᵀ / √d) v for each head, d = D / heads features wide, side by side.
 *
 * Shapes: q [B,T,D], k and v [B,S,D] → y [B,T,D]; causal needs T = S.
 * Numbers: what a place must not see has a score of -1e30, whose share is exactly 0.
 * Errors: OB320 when the heads do not divide D, OB310 and OB314 when q, k and v do not fit, OB312 when causal and T ≠ S.
 * Source: Vaswani et al. 2017, arXiv:1706.03762, sections 3.2.1 and 3.2.2, without the projections.
 */
export function attention(q: Node, k: Node, v: Node, { heads, causal, rotary: base }: AttentionOptions): Node {
  const turned = (x: Node): Node => (base === undefined ? x : rotary(x, base))
  const queries = turned(splitHeads(multiply(q, fill(1 / Math.sqrt(q.shape.at(-1)! / heads), q)), heads, [0, 2, 1, 3]))
  const keys =
    base === undefined
      ? splitHeads(k, heads, [0, 2, 3, 1])
      : transpose(rotary(splitHeads(k, heads, [0, 2, 1, 3]), base), [0, 1, 3, 2])
  const scores = matmul(queries, keys) // [B,H,T,S]
  const shares = softmax(causal ? select(isLater(scores), fill(-1e30, scores), scores) : scores)
  const seen = matmul(shares, splitHeads(v, heads, [0, 2, 1, 3]))
  return reshape(transpose(seen, [0, 2, 1, 3]), q.shape)
}

/** x [B,T,D] as [B,T,H,D/H], then with its axes in another order. */
export function splitHeads(x: Node, heads: number, order: readonly number[]): Node {
  const [batch, places, features] = x.shape as [number, number, number]
  return transpose(reshape(x, [batch, places, heads, features / heads]), order)
}

/** 1 where a key comes after its query, else 0, in i32. Shapes: that of the scores, [B,H,T,T]. */
export function isLater(scores: Node): Node {
  const places = scores.shape.at(-1)!
  const query = broadcastLike(iota([1, 1, places, 1], 2), scores)
  const key = broadcastLike(iota([1, 1, 1, places], 3), scores)
  return less(query, key)
}
