import { log2 } from "../base/logarithm.ts"
import { compileGraph } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { input } from "../graph/operations.ts"
import { TEMPERATURE_ONE } from "../graph/temperature.ts"
import { calibrated } from "../quantise/classifier.ts"

/** What a classifier gave for a text whose label is known. */
export interface Judged {
  /** In 1/256 bit, one for each label. */
  readonly logits: Int16Array
  /** The place of the label that it should have. */
  readonly expected: number
}

/** Factors that are tried, 1/4 to below 4, each a sixteenth above the one before; `steps` counts from 1. */
const FACTORS: readonly { readonly factor: number; readonly steps: number }[] = (() => {
  const found = [{ factor: TEMPERATURE_ONE, steps: 0 }]
  for (let up = TEMPERATURE_ONE, steps = 1; ; steps++) {
    up = Math.round((up * 17) / 16)
    if (up >= 4 * TEMPERATURE_ONE) break
    found.push({ factor: up, steps })
  }
  for (let down = TEMPERATURE_ONE, steps = -1; ; steps--) {
    down = Math.round((down * 16) / 17)
    if (down <= TEMPERATURE_ONE / 4) break
    found.push({ factor: down, steps })
  }
  return found
})()
/**
 * Bits that it costs to go one step from 1, squared: as if log₂ of the factor were normal around 0 with a deviation of
 * half an octave. A handful of texts that were all answered right would else make the module certain of everything.
 */
const PRIOR = 1 / 48

/**
 * The factor of the logits, 1 / T in units of 2⁻¹³, with which the probabilities of held-out texts cost the fewest bits,
 * reckoned by the very program that answers. 1 of none. Source: Guo et al. 2017, section 4.2.
 */
export function chooseTemperature(judged: readonly Judged[], engine: Engine): number {
  const labels = judged[0]?.logits.length
  if (labels === undefined) return TEMPERATURE_ONE
  const probability = calibrated(input("logits", "i16", [1, labels]), input("temperature", "i32", [1, 1]))
  const { memory, run } = compileGraph({ name: "temperature", outputs: { probability } }, engine)
  const [logits, temperature, shares] = [memory["logits"]!, memory["temperature"]!, memory["probability"]!]
  let [best, fewest] = [TEMPERATURE_ONE, Infinity]
  for (const { factor, steps } of FACTORS) {
    temperature[0] = factor
    let bits = PRIOR * steps * steps
    for (const { logits: given, expected } of judged) {
      logits.set(given)
      run()
      let sum = 0
      for (let c = 0; c < labels; c++) sum += shares[c]!
      bits -= log2(Math.max(shares[expected]! / Math.max(1, sum), 2 ** -17))
      if (bits >= fewest) break
    }
    if (bits < fewest) [best, fewest] = [factor, bits]
  }
  return best
}
