import { POWERS } from "../graph/operations/integer.ts"

/**
 * What softmax_bits of the table of operations gives for one row, on the host: 2^(xᵢ / 256) / Σ 2^(x / 256) in units of
 * 2⁻¹⁶. Numbers: whole ones below 2⁵³.
 */
export function sharesOf(scores: Int16Array): Uint16Array {
  const best = scores.reduce((most, score) => Math.max(most, score))
  const parts = Array.from(scores, (score) => {
    const gap = Math.min(best - score, 16 * 256 - 1)
    return POWERS[gap & 255]! >>> (gap >> 8)
  })
  const sum = parts.reduce((all, part) => all + part, 0)
  return Uint16Array.from(parts, (part) => Math.min(65_535, Math.floor((part * 65_536 + (sum >>> 1)) / sum)))
}
