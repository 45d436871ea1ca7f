import { POWERS } from "../graph/operations/integer.ts"
import { MULTIPLIER_MAX } from "../graph/requantise.ts"
import { TEMPERATURE_LIFT, TEMPERATURE_ONE, TEMPERATURE_SHIFT } from "../graph/temperature.ts"

/**
 * The probabilities of one row of scores, on the host, as the graph of a classifier has them: the scores by the factor
 * `temperature`, requantised to i16, then softmax_bits of the table of operations: 2^(xᵢ / 256) / Σ 2^(x / 256) in units of
 * 2⁻¹⁶. Numbers: whole ones below 2⁵³.
 */
export function sharesOf(scores: Int16Array, temperature = TEMPERATURE_ONE): Uint16Array {
  const scaled = scores.map((score) => requantised(score, Math.min(Math.max(temperature, 0), MULTIPLIER_MAX)))
  const best = scaled.reduce((most, score) => Math.max(most, score))
  const parts = Array.from(scaled, (score) => {
    const gap = Math.min(best - score, 16 * 256 - 1)
    return POWERS[gap & 255]! >>> (gap >> 8)
  })
  const sum = parts.reduce((all, part) => all + part, 0)
  return Uint16Array.from(parts, (part) => Math.min(65_535, Math.floor((part * 65_536 + (sum >>> 1)) / sum)))
}
function requantised(score: number, factor: number): number {
  const whole = Math.floor(
    (score * 2 ** TEMPERATURE_LIFT * factor + 2 ** (TEMPERATURE_SHIFT - 1)) / 2 ** TEMPERATURE_SHIFT,
  )
  return Math.min(32_767, Math.max(-32_768, whole))
}
