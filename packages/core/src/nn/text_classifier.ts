import type { Node } from "../graph/graph.ts"
import { input, weight } from "../graph/operations.ts"
import { crossEntropy } from "./cross_entropy.ts"
import { embeddingBag } from "./embedding_bag.ts"
import { linear } from "./linear.ts"
import type { Learnable } from "./weights.ts"

export interface TextClassifierShape {
  /** B: texts at once. */
  readonly batch: number
  /** F: n-grams of a text at most. */
  readonly gramsMax: number
  /** V: rows of the table. */
  readonly buckets: number
  /** D: numbers for each n-gram. */
  readonly dims: number
  /** C. */
  readonly labels: number
}
/** How a forward pass sees the two matrices: as they are, or on the grid that they will be stored on. */
export interface Sight {
  table(weight: Node): Node
  linear(weight: Node): Node
}
const PLAIN: Sight = { table: (weight) => weight, linear: (weight) => weight }

export interface TextClassifier extends Learnable {
  /** The weights as the forward pass sees them, in the same order: slopes are taken there. */
  readonly seen: readonly Node[]
  readonly pooled: Node
  readonly logits: Node
  readonly loss: Node
}

/**
 * logits = linear(embedding bag of the text's n-grams): a linear model over n-grams, of rank D.
 *
 * Shapes: inputs slots u16 [B,F], count i32 [B,1], scale f32 [B,1], target f32 [B,C]; weights table [V,D],
 * linear [D,C], bias [1,C] → pooled [B,D], logits [B,C], loss [1,1], summed over the batch.
 * Source: Joulin et al. 2017, "Bag of tricks for efficient text classification".
 */
export function textClassifier(
  { batch, gramsMax, buckets, dims, labels }: TextClassifierShape,
  sight: Sight = PLAIN,
): TextClassifier {
  const slots = input("slots", "u16", [batch, gramsMax])
  const count = input("count", "i32", [batch, 1])
  const scale = input("scale", "f32", [batch, 1])
  const target = input("target", "f32", [batch, labels])
  const table = weight("table", "f32", [buckets, dims])
  const matrix = weight("linear", "f32", [dims, labels])
  const bias = weight("bias", "f32", [1, labels])
  const seen = [sight.table(table), sight.linear(matrix), bias] as const
  const pooled = embeddingBag(seen[0], slots, count, scale)
  const logits = linear(pooled, seen[1], bias)
  const decaying = [table] // rows that no text pulls at shrink to nothing
  return { weights: [table, matrix, bias], seen, decaying, pooled, logits, loss: crossEntropy(logits, target) }
}
