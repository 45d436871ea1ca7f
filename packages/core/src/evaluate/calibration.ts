import type { Scored } from "./classification.ts"

/** Answers whose probability lies in one stretch of 0 … 1. */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Mean probability that was said, and the share that was right; NaN of none. */
  readonly said: number
  readonly right: number
}

/** What a probability claims, and what happened: of texts with a label, the guess. */
type Claim = Pick<Scored, "expected" | "guess" | "probability">
const isInScope = ({ expected }: Pick<Scored, "expected">): boolean => expected !== undefined

/**
 * Answers by the probability of their guess, in `bins` stretches of equal width; stretch m is (m/M, (m+1)/M], the first
 * with its 0. Texts that fit no label say nothing of how right a guess is, and are left out.
 * Source: Guo et al. 2017, "On calibration of modern neural networks", section 2, after Naeini et al. 2015.
 */
export function reliability(scored: readonly Claim[], bins = 15): readonly Bin[] {
  const counts = Array.from({ length: bins }, () => ({ count: 0, said: 0, right: 0 }))
  for (const { expected, guess, probability } of scored.filter(isInScope)) {
    const bin = counts[Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1))]!
    bin.count++
    bin.said += probability
    bin.right += Number(expected === guess)
  }
  return counts.map(({ count, said, right }, m) => ({
    from: m / bins,
    to: (m + 1) / bins,
    count,
    said: said / count,
    right: right / count,
  }))
}

/**
 * Expected calibration error: Σ_m n_m / n · |right_m − said_m| over the stretches of `reliability`. In 0 … 1, NaN of none.
 * Source: Guo et al. 2017, equation 3.
 */
export function calibrationError(scored: readonly Claim[], bins = 15): number {
  const stretches = reliability(scored, bins).filter(({ count }) => count > 0)
  const total = stretches.reduce((sum, { count }) => sum + count, 0)
  return stretches.reduce((sum, { count, said, right }) => sum + count * Math.abs(right - said), 0) / total
}

/** With the surest `coverage` of texts answered, the share of those answers that are right. */
export interface CoveragePoint {
  readonly coverage: number
  readonly accuracy: number
}
/**
 * Accuracy by coverage: texts with a label are answered from the most evidence down, and those with equal evidence
 * together. Shares in 0 … 1. Source: El-Yaniv & Wiener 2010, "On the foundations of noise-free selective classification".
 */
export function coverageCurve(scored: readonly Scored[]): readonly CoveragePoint[] {
  const sorted = scored.filter(isInScope).sort((a, b) => b.evidence - a.evidence)
  const points: CoveragePoint[] = []
  let right = 0
  sorted.forEach(({ expected, guess, evidence }, i) => {
    right += Number(expected === guess)
    if (sorted[i + 1]?.evidence !== evidence)
      points.push({ coverage: (i + 1) / sorted.length, accuracy: right / (i + 1) })
  })
  return points
}

/** What one threshold of evidence gives. */
export interface ScopePoint {
  /** Bits of evidence below which an answer is `unsure`. */
  readonly threshold: number
  /** Of texts that fit no label, those refused; of the others, those answered and right, and answered and wrong. */
  readonly refused: number
  readonly answeredRight: number
  readonly answeredWrong: number
}
/** What each threshold would give that tells two texts apart, from the lowest: nothing refused, to all. Shares in 0 … 1. */
export function scopeCurve(scored: readonly Scored[]): readonly ScopePoint[] {
  const sorted = [...scored].sort((a, b) => a.evidence - b.evidence)
  const inScope = sorted.filter(isInScope).length
  const outside = sorted.length - inScope
  let right = sorted.filter(({ expected, guess }) => expected === guess).length
  let [wrong, refused] = [inScope - right, 0]
  const at = (threshold: number): ScopePoint => ({
    threshold,
    refused: refused / outside,
    answeredRight: right / inScope,
    answeredWrong: wrong / inScope,
  })
  const points: ScopePoint[] = sorted.length > 0 ? [at(sorted[0]!.evidence)] : []
  sorted.forEach(({ expected, guess, evidence }, i) => {
    if (expected === undefined) refused++
    else if (expected === guess) right--
    else wrong--
    const next = sorted[i + 1]?.evidence
    if (next !== evidence) points.push(at(next ?? evidence + 1 / 256))
  })
  return points
}

/** At most about `most` of them, evenly, with the first and the last: a curve needs no more to be drawn. */
export function thinned<T>(points: readonly T[], most: number): readonly T[] {
  const step = Math.max(1, (points.length - 1) / Math.max(1, most - 1))
  const count = Math.min(points.length, most)
  return Array.from({ length: count }, (_, i) => points[Math.min(points.length - 1, Math.round(i * step))]!)
}
