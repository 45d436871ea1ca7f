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

const LN2 = 0.6931471805599453
const SQRT_HALF = 0.7071067811865476
const LAST_BIT = 5.551115123125783e-17 // 2⁻⁵⁴

/**
 * ln(1 + x) for x ≥ −1, by the four operations alone: the same bits on every host. Relative error: below 10⁻¹⁵ where 1 + x lies
 * between ½ and 2, below 10⁻¹² everywhere. −Infinity at −1, NaN below. ln(1 + x) = 2 artanh(x / (2 + x)), and a power of
 * two is taken out first where that would converge slowly.
 * Source: Abramowitz & Stegun, Handbook of mathematical functions, 4.1.27.
 */
export function log1p(x: number): number {
  if (x > -LAST_BIT && x < LAST_BIT) return x // to the last bit, also where x / 2 has fewer bits than x
  if (x > -0.29 && x < 0.41) return twiceArtanh(x / (2 + x))
  return ln(1 + x)
}

/** ln x, as `log1p` has it: the same bits on every host. −Infinity at 0, NaN below. */
export function ln(x: number): number {
  if (!(x > 0) || x === Infinity) return x === Infinity ? Infinity : x === 0 ? -Infinity : Number.NaN
  let [mantissa, whole] = [x, 0]
  for (; mantissa > 2 * SQRT_HALF; mantissa /= 2) whole++
  for (; mantissa < SQRT_HALF; mantissa *= 2) whole--
  return whole * LN2 + twiceArtanh((mantissa - 1) / (mantissa + 1))
}

/** 2 (s + s³/3 + s⁵/5 + …) for |s| ≤ 0.172, where the first term left out, s²⁷/27, is below the last bit. */
function twiceArtanh(s: number): number {
  const q = s * s
  let sum = 1 / 25
  for (let k = 23; k >= 1; k -= 2) sum = sum * q + 1 / k
  return 2 * s * sum
}

/** ln 2 as a sum: the first part has so few bits that a whole number of up to 11 bits times it is exact. */
const [LN2_HIGH, LN2_LOW] = [0.6931471803691238, 1.9082149292705877e-10]

/**
 * eˣ by the four operations alone: the same bits on every host. Relative error below 10⁻¹⁵ where the result is no
 * subnormal. x = k ln 2 + r, and the series of eʳ for |r| ≤ 0.35. Source: Cody & Waite 1980, Software manual for the elementary functions, chapter 6.
 */
export function exp(x: number): number {
  if (!(x > -746)) return Number.isNaN(x) ? Number.NaN : 0
  if (x > 710) return Infinity
  const whole = Math.floor(x / LN2 + 0.5)
  const r = x - whole * LN2_HIGH - whole * LN2_LOW
  let sum = 1
  for (let k = 14; k >= 1; k--) sum = 1 + (sum * r) / k
  return timesPowerOfTwo(sum, whole)
}
/** Halving and doubling are exact, unlike `**` on some hosts; steps of 2⁶⁴ keep it short. */
function timesPowerOfTwo(x: number, power: number): number {
  let [scaled, left] = [x, power]
  for (; left <= -64; left += 64) scaled *= TWO_TO_MINUS_64
  for (; left >= 64; left -= 64) scaled *= TWO_TO_64
  for (; left < 0; left++) scaled /= 2
  for (; left > 0; left--) scaled *= 2
  return scaled
}
const TWO_TO_64 = 18446744073709551616
const TWO_TO_MINUS_64 = 1 / TWO_TO_64

/** ln Σ wᵢ e^(xᵢ), where no eˣ needs to be in range; −Infinity of none. `weights` are 1 / length where there are none. */
export function logMeanExp(xs: ArrayLike<number>, weights?: ArrayLike<number>): number {
  let most = -Infinity
  for (let i = 0; i < xs.length; i++) if (xs[i]! > most) most = xs[i]!
  if (most === -Infinity) return most
  let sum = 0
  for (let i = 0; i < xs.length; i++) sum += exp(xs[i]! - most) * (weights === undefined ? 1 : weights[i]!)
  return most + ln(weights === undefined ? sum / xs.length : sum)
}
