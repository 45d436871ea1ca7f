import type { Node } from "../graph/graph.ts"
import { broadcastLike, reshape } from "../graph/operations.ts"

/**
 * y[…,c] = row[c]: one number for each feature, at every place of `x`.
 *
 * Shapes: row [1,C], x […,C] → y […,C]. Errors: OB312 or OB320 when the row is not [1,C].
 */
export function perFeature(row: Node, x: Node): Node {
  const features = row.shape.at(-1) ?? 0
  const ranked = row.shape.length === x.shape.length ? row : reshape(row, [...x.shape.slice(1).map(() => 1), features])
  return broadcastLike(ranked, x)
}
