export interface Near {
  /** Place among the vectors. */
  readonly place: number
  /** Cosine of the angle between the two vectors, −1 … 1; 0 where one of them is nothing but zeros. */
  readonly similarity: number
}

/**
 * The vectors nearest to `query` by the cosine of the angle, nearest first; of equally near ones the earlier first.
 * cos = a·b / √(a·a · b·b). Compared exactly, by the sign and the square of a·b / √(b·b) as fractions of whole numbers;
 * only the similarity that is told is rounded, to six places. Vectors of small whole numbers: a·a must be below 2^53.
 */
export function nearest(
  query: ArrayLike<number>,
  vectors: readonly ArrayLike<number>[],
  most: number,
): readonly Near[] {
  const length = dot(query, query)
  const best: Candidate[] = []
  vectors.forEach((vector, place) => {
    const candidate = { place, product: dot(query, vector), square: dot(vector, vector) }
    const at = best.findIndex((other) => isNearer(candidate, other))
    if (at >= 0) best.splice(at, 0, candidate)
    else best.push(candidate)
    if (best.length > most) best.pop()
  })
  return best.map(({ place, product, square }) => {
    const similarity = product === 0 ? 0 : product / Math.sqrt(length * square)
    return { place, similarity: Math.round(similarity * 1e6) / 1e6 }
  })
}

interface Candidate {
  readonly place: number
  readonly product: number
  readonly square: number
}
/** Whether a·q / |a| > b·q / |b|: both sides squared with their signs, and multiplied by both squares of lengths. */
function isNearer(a: Candidate, b: Candidate): boolean {
  if (Math.sign(a.product) !== Math.sign(b.product)) return a.product > b.product
  const side = (own: Candidate, other: Candidate): bigint =>
    BigInt(Math.sign(own.product)) * BigInt(own.product) ** 2n * BigInt(other.square)
  return side(a, b) > side(b, a)
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
