import type { Node } from "../graph/graph.ts"
import { broadcastLike, gatherSum, multiply } from "../graph/operations.ts"

/**
 * y[b,:] = scale[b] · Σ_{f < count[b]} table[slots[b,f], :]: a bag of embeddings, scaled as its size asks for.
 *
 * Shapes: table [V,D], slots [B,F], count [B,1], scale [B,1] → y [B,D].
 * Numbers: summed in the order of f; a slot beyond the table counts as its last row. Errors: OB315.
 * Source: Joulin et al. 2017, "Bag of tricks for efficient text classification", section 2.
 */
export function embeddingBag(table: Node, slots: Node, count: Node, scale: Node): Node {
  const bag = gatherSum(table, slots, count)
  return multiply(bag, broadcastLike(scale, bag))
}
