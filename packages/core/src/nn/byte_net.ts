import type { Node } from "../graph/graph.ts"
import { take, weight } from "../graph/operations.ts"
import { gru } from "./gru.ts"
import { linear } from "./linear.ts"
import type { Learnable } from "./weights.ts"

export interface ByteModel extends Learnable {
  /** [T,B,R]. */
  readonly logits: Node
  /** h after the last step, [B,H]. */
  readonly last: Node
}
export interface ByteModelShape {
  /** R: bytes that are told apart. */
  readonly rows: number
  /** D. */
  readonly features: number
  /** H. */
  readonly hidden: number
}

/**
 * What comes after each byte: a row of numbers for the byte, a gated recurrent unit, and a linear layer to logits.
 *
 * Shapes: tokens i32 [T,B], initial [B,H] → logits [T,B,R], last [B,H]. Weights: `table` [R,D], `gru_…` as nn/gru.ts has
 * them, `head` [H,R] and `head_bias` [1,R].
 */
export function byteModel(shape: ByteModelShape, tokens: Node, initial: Node): ByteModel {
  const { rows, features, hidden } = shape
  const table = weight("table", "f32", [rows, features])
  const layer = gru(take(table, tokens), "gru", { hidden, initial })
  const [head, bias] = [weight("head", "f32", [hidden, rows]), weight("head_bias", "f32", [1, rows])]
  return {
    logits: linear(layer.y, head, bias),
    last: layer.last,
    weights: [table, ...layer.weights, head, bias],
    decaying: [...layer.decaying, head],
  }
}
