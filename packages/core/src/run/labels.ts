import type { Expert } from "../composition/composition.ts"
import { TEMPERATURE_ONE } from "../graph/temperature.ts"
import type { LabelValue } from "./part.ts"
import { sharesOf } from "./shares.ts"

const [LEAST, MOST] = [-32_768, 32_767]
const within = (score: number): number => Math.min(MOST, Math.max(LEAST, score))

/** What one expert said for the label that won, against the next: bits, of which the sum over the experts is the lead. */
export interface Say {
  readonly expert: number
  readonly bits: number
}

/**
 * Joins experts of one set of labels: score = ⌊Σ weight · logit⌋ in 1/256 bit, and needed = ⌊Σ weight · needed⌋, over those that have
 * a say; the best label if its score is at least what is needed. Integers only. Source: logistic mixing, Mahoney 2005, with
 * fixed weights, over the logits of a softmax.
 */
export function mixed(
  labels: readonly string[],
  experts: readonly Expert[],
  values: readonly (LabelValue | undefined)[],
): LabelValue & { readonly says: readonly Say[] } {
  const sums = new Float64Array(labels.length)
  let needed = 0
  for (const [i, { weight, order }] of experts.entries()) {
    const value = values[i]
    if (value?.logits === undefined || weight === 0) continue
    for (let label = 0; label < sums.length; label++) sums[label]! += weight * value.logits[order[label]!]!
    needed += weight * (value.needed ?? LEAST)
  }
  const logits = Int16Array.from(sums, (sum) => within(Math.floor(sum / 256)))
  needed = within(Math.floor(needed / 256))
  let best = 0
  for (let label = 1; label < logits.length; label++) if (logits[label]! > logits[best]!) best = label
  let next = best === 0 ? 1 : 0
  for (let label = 0; label < logits.length; label++) if (label !== best && logits[label]! > logits[next]!) next = label
  const says = experts.flatMap(({ weight, order }, expert): readonly Say[] => {
    const own = values[expert]?.logits
    if (own === undefined || next >= labels.length) return []
    return [{ expert, bits: (weight * (own[order[best]!]! - own[order[next]!]!)) / 65_536 }]
  })
  return {
    label: logits[best]! >= needed ? labels[best]! : undefined,
    guess: labels[best]!,
    probability: sharesOf(logits, TEMPERATURE_ONE)[best]! / 65_536,
    logits,
    needed,
    says,
  }
}
