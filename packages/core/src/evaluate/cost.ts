import type { Scored } from "./classification.ts"

/** A threshold of evidence and what it costs on some texts. */
export interface CostedThreshold {
  /** In 1/256 bit: with less evidence the answer is `unsure`. */
  readonly threshold: number
  /** Mean over all texts: 1 for each `unsure` where a label was right to give, `wrongCosts` for each wrong answer. */
  readonly cost: number
  /** Of all texts, those answered wrongly; those that fit no label and are answered all the same are among them. */
  readonly wrong: number
  /** Of all texts, those with a label that were answered `unsure`. */
  readonly unsure: number
}

const UNITS_MIN = -32768
const UNITS_MAX = 32767
const unitsOf = ({ evidence }: Scored): number => Math.round(evidence * 256)

/**
 * What one threshold costs: a wrong answer `wrongCosts`, an `unsure` for a text with a label 1, a right answer and an
 * `unsure` for a text that fits none nothing. Source: Chow 1970, "On optimum recognition error and reject tradeoff".
 */
export function costOf(scored: readonly Scored[], threshold: number, wrongCosts: number): CostedThreshold {
  let [wrong, unsure] = [0, 0]
  for (const each of scored) {
    if (unitsOf(each) >= threshold) wrong += Number(each.expected !== each.guess)
    else unsure += Number(each.expected !== undefined)
  }
  const count = scored.length
  return { threshold, cost: (wrongCosts * wrong + unsure) / count, wrong: wrong / count, unsure: unsure / count }
}

/** The threshold that costs the least on these texts; of equal ones the lowest, which refuses the fewest. 0 of no text. */
export function thresholdByCost(scored: readonly Scored[], wrongCosts: number): CostedThreshold {
  if (scored.length === 0) return { threshold: 0, cost: Number.NaN, wrong: Number.NaN, unsure: Number.NaN }
  const sorted = [...scored].sort((a, b) => unitsOf(a) - unitsOf(b))
  const lowest = Math.max(UNITS_MIN, unitsOf(sorted[0]!))
  let wrong = scored.filter(({ expected, guess }) => expected !== guess).length
  let unsure = 0
  let best = { threshold: lowest, total: wrongCosts * wrong }
  sorted.forEach((each, i) => {
    if (each.expected !== each.guess) wrong--
    if (each.expected !== undefined) unsure++
    const next = sorted[i + 1]
    if (next && unitsOf(next) === unitsOf(each)) return
    const total = wrongCosts * wrong + unsure
    if (total < best.total) best = { threshold: Math.min(unitsOf(each) + 1, UNITS_MAX), total }
  })
  return costOf(scored, best.threshold, wrongCosts)
}
