import { refuse } from "../base/problem.ts"
import type { Node } from "../graph/graph.ts"
import {
  add,
  broadcastLike,
  concatenate,
  fill,
  iota,
  less,
  matmul,
  multiply,
  reshape,
  select,
  slice,
  transpose,
} from "../graph/operations.ts"
import { rotary } from "./rotary.ts"
import { softmax } from "./softmax.ts"

export interface AttentionOptions {
  readonly heads: number
  /** Each place sees itself and what comes before it. */
  readonly causal: boolean
  /** Queries and keys are turned by their places, see rotary.ts; the base, mostly 10000. Nothing: they are not. */
  readonly rotary?: number
  /**
   * With `causal`: queries are taken in so many blocks of neighbours, and each block with the keys up to its own end alone.
   * N blocks do (N + 1) / 2N of the work that one does, over N times the nodes; a text with T as a dim needs one. 1.
   */
  readonly queryBlocks?: number
}

/**
 * y = softmax(q kᵀ / √d) v for each head, d = D / heads features wide, side by side.
 *
 * Shapes: q [B,T,D], k and v [B,S,D] → y [B,T,D]; causal needs T = S.
 * Numbers: what a place must not see has a score of -1e30, whose share is exactly 0.
 * Errors: OB320 when the heads do not divide D or the blocks do not divide T, OB310 and OB314 when q, k and v do not fit, OB312 when causal and T ≠ S.
 * Source: Vaswani et al. 2017, arXiv:1706.03762, sections 3.2.1 and 3.2.2, without the projections.
 */
export function attention(q: Node, k: Node, v: Node, options: AttentionOptions): Node {
  const { heads, causal, rotary: base, queryBlocks = 1 } = options
  const turned = (x: Node): Node => (base === undefined ? x : rotary(x, base))
  const queries = turned(splitHeads(multiply(q, fill(1 / Math.sqrt(q.shape.at(-1)! / heads), q)), heads, [0, 2, 1, 3]))
  const keys =
    base === undefined
      ? splitHeads(k, heads, [0, 2, 3, 1])
      : transpose(rotary(splitHeads(k, heads, [0, 2, 1, 3]), base), [0, 1, 3, 2])
  const values = splitHeads(v, heads, [0, 2, 1, 3])
  const seen =
    causal && queryBlocks > 1
      ? seenInBlocks(queries, keys, values, queryBlocks)
      : seenBy(queries, keys, values, causal ? 0 : undefined)
  return reshape(transpose(seen, [0, 2, 1, 3]), q.shape)
}

/** Queries [B,H,T,d] over keys [B,H,d,S] and values [B,H,S,d]. `first`: the place of the first query, where later ones are hidden. */
function seenBy(queries: Node, keys: Node, values: Node, first: number | undefined): Node {
  const scores = matmul(queries, keys)
  const visible = first === undefined ? scores : select(isLater(scores, first), fill(-1e30, scores), scores)
  return matmul(softmax(visible), values)
}
/** What comes after the end of a block has a share of 0 in all of it, so it is left out. */
function seenInBlocks(queries: Node, keys: Node, values: Node, blocks: number): Node {
  const places = queries.shape[2]!
  if (places % blocks !== 0)
    refuse({
      code: "OB320",
      seen: `${places} places cannot be taken in ${blocks} blocks of queries.`,
      hint: "Take a number of blocks that divides the places.",
    })
  const length = places / blocks
  const part = (x: Node, axis: number, start: number, stop: number): Node =>
    slice(
      x,
      x.shape.map((_, at) => (at === axis ? start : 0)),
      x.shape.with(axis, stop),
    )
  return concatenate(
    Array.from({ length: blocks }, (_, block) => {
      const [start, stop] = [block * length, (block + 1) * length]
      return seenBy(part(queries, 2, start, stop), part(keys, 3, 0, stop), part(values, 2, 0, stop), start)
    }),
    2,
  )
}

/** x [B,T,D] as [B,T,H,D/H], then with its axes in another order. */
export function splitHeads(x: Node, heads: number, order: readonly number[]): Node {
  const [batch, places, features] = x.shape as [number, number, number]
  return transpose(reshape(x, [batch, places, heads, features / heads]), order)
}

/**
 * 1 where a key comes after its query, else 0, in i32; the first query is at place `first`, and the last at that of the last
 * key. Shapes: that of the scores, [B,H,T,S]. Errors: OB312 when they end elsewhere.
 */
export function isLater(scores: Node, first = 0): Node {
  const [, , queries, places] = scores.shape as [number, number, number, number]
  if (first + queries !== places)
    refuse({
      code: "OB312",
      seen: `${first + queries} places cannot see themselves and what comes before them among ${places}.`,
      hint: "Give keys and values for as many places as there are queries, or attend without `causal`.",
    })
  const rows = iota([1, 1, queries, 1], 2)
  const query = broadcastLike(first === 0 ? rows : add(rows, fill(first, rows)), scores)
  const key = broadcastLike(iota([1, 1, 1, places], 3), scores)
  return less(query, key)
}
