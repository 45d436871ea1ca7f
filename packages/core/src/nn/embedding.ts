import type { Node } from "../graph/graph.ts"
import { add, broadcastLike, convert, equal, iota, reshape, slice, take } from "../graph/operations.ts"

/**
 * y[b,t,:] = tokens' rows + positions' rows: what a transformer starts from.
 *
 * Shapes: table [V,D], tokens [B,T] of integers, positions [P,D] with P ≥ T → y [B,T,D].
 * Numbers: a token out of range counts as the nearest row. Errors: OB322 when T > P, OB310 when the widths differ.
 */
export function embedding(table: Node, tokens: Node, positions?: Node): Node {
  const rows = take(table, tokens)
  if (!positions) return rows
  const places = rows.shape[1]!
  const first = slice(positions, [0, 0], [places, positions.shape[1]!])
  return add(rows, broadcastLike(reshape(first, [1, places, positions.shape[1]!]), rows))
}

/** y[…,c] = 1 where the class is c, else 0, in i32; all 0 for a class out of range. Shapes: classes […] → y […,C]. */
export function oneHot(classes: Node, count: number): Node {
  const shape = [...classes.shape, count]
  const each = reshape(convert(classes, "i32"), [...classes.shape, 1])
  const known = iota([...classes.shape.map(() => 1), count], classes.shape.length)
  return equal(broadcastLike(each, { shape }), broadcastLike(known, { shape }))
}
