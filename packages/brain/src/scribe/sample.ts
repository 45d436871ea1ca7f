import { exp, ln } from "@open-brains/core/base/logarithm.ts"
import { assert } from "@open-brains/core/base/problem.ts"
import type { Stream } from "@open-brains/core/base/random.ts"

export interface Sampling {
  /** 1 takes bytes as likely as they are, less prefers the likely ones, 0 takes the likeliest alone. */
  readonly temperature: number
  /** Only the likeliest bytes that make up so much of the chance, 0 … 1. */
  readonly topP: number
}

/**
 * Draws a byte: of chances pᵢ in proportion to pᵢ^(1 / temperature), among the fewest likeliest that make up `topP` of that.
 * Who is 0 is never drawn; of equals the lesser byte is the likelier one. Logarithms are the project's and sums go in a
 * fixed order, so that the same random number draws the same byte everywhere. Some chance must be above 0.
 * Source of top-p: Holtzman et al. 2020, "The curious case of neural text degeneration", section 3.1.
 *
 * random: the `draw`-th number of it, of 53 bits.
 */
export function drawByte(chances: Float64Array, { temperature, topP }: Sampling, random: Stream, draw: number): number {
  const likeliest = chances.reduce((best, chance, byte) => (chance > chances[best]! ? byte : best), 0)
  assert(chances[likeliest]! > 0, "no byte can come")
  if (temperature === 0 || topP === 0) return likeliest
  const top = ln(chances[likeliest]!)
  const weights = Array.from(chances, (chance, byte) => ({
    byte,
    weight: chance === 0 ? 0 : temperature === 1 ? chance : exp((ln(chance) - top) / temperature),
  }))
  weights.sort((a, b) => b.weight - a.weight || a.byte - b.byte)
  const sumOf = (kept: typeof weights): number => kept.reduce((sum, { weight }) => sum + weight, 0)
  const most = topP * sumOf(weights)
  let [kept, reached] = [0, 0]
  while (kept < 256 && (kept === 0 || reached < most)) reached += weights[kept++]!.weight
  const chosen = weights.slice(0, kept).filter(({ weight }) => weight > 0)
  let left = sumOf(chosen) * fine(random, draw)
  for (const { byte, weight } of chosen) {
    left -= weight
    if (left < 0) return byte
  }
  return chosen.at(-1)!.byte
}

/** In [0, 1), a multiple of 2⁻⁵³: finer than the least chance of a byte. */
const fine = ({ word }: Stream, draw: number): number =>
  ((word(2 * draw) >>> 5) * 2 ** 26 + (word(2 * draw + 1) >>> 6)) * 2 ** -53
