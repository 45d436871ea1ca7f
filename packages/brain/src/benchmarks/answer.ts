import { canonicalJson, type JsonObject } from "@open-brains/core/base/json.ts"
import { log2 } from "@open-brains/core/base/logarithm.ts"
import type { Metric } from "@open-brains/core/composition/parts.ts"
import { isNothing, type LabelValue, type Outcome } from "@open-brains/core/run/part.ts"

/** What something said to an item, and what it scored. */
export interface Said {
  /** Canonical JSON, of integers and texts alone: the same on every machine. */
  readonly answer: string
  /** In units of 2⁻³², from 0 to 2³². */
  readonly score: number
}
export const SCORE_ONE = 2 ** 32
const PROBABILITY_ONE = 2 ** 16
const BITS_MAX = 16

/**
 * The answer in canonical JSON and its score. accuracy and exact: 1 when right, else 0; unsure is right where no label fits. bits:
 * 1 − min(b, 16) / 16, where b = −log₂ p and p is the probability in 2⁻¹⁶ that the answer gave what is expected; where
 * nothing is, as for accuracy. `probability` is that of a label, where the whole distribution is known; else it is that of the guess, and
 * the rest is shared out evenly among the other `labels`.
 */
export function scored(
  outcome: Outcome,
  expected: string | undefined,
  metric: Metric,
  labels: readonly string[],
  probability?: (label: string) => number,
): Said {
  if (isNothing(outcome)) return { answer: canonicalJson({ nothing: true }), score: 0 }
  if (typeof outcome === "string")
    return { answer: canonicalJson({ text: outcome }), score: outcome === expected ? SCORE_ONE : 0 }
  const value = outcome as LabelValue
  const isRight = value.label === expected
  const json: JsonObject = {
    label: value.label ?? null,
    ...(value.guess === undefined ? {} : { guess: value.guess }),
    ...(value.probability === undefined ? {} : { probability: units(value.probability) }),
  }
  if (metric !== "bits" || expected === undefined)
    return { answer: canonicalJson(json), score: isRight ? SCORE_ONE : 0 }
  const p = units(probability?.(expected) ?? shareOf(expected, value, labels.length))
  return { answer: canonicalJson({ ...json, expected: p }), score: scoreOfBits(p) }
}
const units = (probability: number): number => Math.round(probability * PROBABILITY_ONE)

function shareOf(expected: string, { label, guess = label, probability }: LabelValue, count: number): number {
  if (guess === undefined) return 1 / count
  const p = probability ?? 1
  return guess === expected ? p : count > 1 ? (1 - p) / (count - 1) : 0
}
function scoreOfBits(p: number): number {
  const bits = p === 0 ? BITS_MAX : Math.min(BITS_MAX, -log2(p / PROBABILITY_ONE))
  return Math.round((1 - bits / BITS_MAX) * SCORE_ONE)
}
