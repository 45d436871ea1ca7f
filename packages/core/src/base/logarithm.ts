/**
 * log₂ x of a positive number, by multiplication and comparison alone: the same bits on every host, whose own
 * logarithm may differ in the last one. Error: at most 2⁻⁴⁰. For scores that choose between models.
 * Source: Knuth, The Art of Computer Programming 1, section 1.2.2, exercise 25: square, and halve when it reaches 2.
 */
export function log2(x: number): number {
  if (!(x > 0) || x === Infinity) return x === Infinity ? Infinity : x === 0 ? -Infinity : Number.NaN
  let [mantissa, whole] = [x, 0]
  for (; mantissa >= 2; mantissa /= 2) whole++
  for (; mantissa < 1; mantissa *= 2) whole--
  let fraction = 0
  for (let bit = 0.5; bit >= 2 ** -42; bit /= 2) {
    mantissa *= mantissa
    if (mantissa < 2) continue
    mantissa /= 2
    fraction += bit
  }
  return whole + fraction
}
