import type { Node } from "../graph/graph.ts"
import {
  add,
  broadcastLike,
  concatenate,
  convert,
  cos,
  exp,
  fill,
  iota,
  multiply,
  sin,
  slice,
  subtract,
} from "../graph/operations.ts"

/**
 * Pairs (x[i], x[i + d/2]) turned by the angle t · base^(−2i/d) at place t: what two places have to do with each other
 * then depends on their distance.
 *
 * Shapes: x [B,H,T,d], d even → y the same. Numbers: angles are good up to T = 2²⁰. Errors: OB322 when d is odd.
 * Source: Su et al. 2021, arXiv:2104.09864, section 3.2; halves instead of neighbours, as GPT-NeoX pairs them.
 */
export function rotary(x: Node, base = 10_000): Node {
  const [batch, heads, places, width] = x.shape as [number, number, number, number]
  const half = [1, 1, places, width / 2]
  const part = (from: number): Node => slice(x, [0, 0, 0, from], [batch, heads, places, from + width / 2])
  const index = convert(iota([1, 1, 1, width / 2], 3), "f32")
  const frequency = exp(multiply(index, fill((-2 * Math.log(base)) / width, index)))
  const place = convert(iota([1, 1, places, 1], 2), "f32")
  const angle = multiply(broadcastLike(place, { shape: half }), broadcastLike(frequency, { shape: half }))
  const [a, b] = [part(0), part(width / 2)]
  const [c, s] = [cos(angle), sin(angle)].map((each) => broadcastLike(each, a)) as [Node, Node]
  return concatenate([subtract(multiply(a, c), multiply(b, s)), add(multiply(b, c), multiply(a, s))], 3)
}
