import { log2 } from "../base/logarithm.ts"

/** One scored answer of a classifier. */
export interface Scored {
  readonly text: string
  /** The label it should have, or nothing for a text that fits none. */
  readonly expected: string | undefined
  readonly guess: string
  /** Whether the classifier stood by its guess. */
  readonly isSure: boolean
  /** What speaks for the guess, in bits; below a threshold the classifier is unsure. */
  readonly evidence: number
  /** Of the guess, in [0, 1]. */
  readonly probability: number
  /** Of the expected label, in [0, 1]; 0 when there is none. */
  readonly probabilityOfExpected: number
}

/** Share of texts with a label whose guess is right, sure or not. In 0 … 1, NaN of none. */
export function accuracy(scored: readonly Scored[]): number {
  const inScope = scored.filter(({ expected }) => expected !== undefined)
  return inScope.filter(({ expected, guess }) => expected === guess).length / inScope.length
}

/**
 * -log₂ of the probability given to what happened, for each text with a label, in bits.
 * A probability of 0 counts as half of the smallest that can be told, 2⁻¹⁷, so that no answer costs infinitely much.
 */
export const costsOf = (scored: readonly Scored[]): readonly number[] =>
  scored.flatMap(({ expected, probabilityOfExpected: p }) =>
    expected === undefined ? [] : [-log2(Math.max(p, 2 ** -17))],
  )
/** The mean of these costs: bits an answer. NaN of none. */
export function bits(scored: readonly Scored[]): number {
  const costs = costsOf(scored)
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length
}

/**
 * Area under the receiver operating characteristic: the probability that a positive scores above a negative, ties half.
 * In 0 … 1, NaN when a side is empty. Source: Mann & Whitney 1947; Hanley & McNeil 1982.
 */
export function auroc(positives: readonly number[], negatives: readonly number[]): number {
  const all = [
    ...positives.map((score) => ({ score, positive: 1 })),
    ...negatives.map((score) => ({ score, positive: 0 })),
  ]
  all.sort((a, b) => a.score - b.score)
  let rankSum = 0
  for (let i = 0; i < all.length; ) {
    let end = i
    while (end < all.length && all[end]!.score === all[i]!.score) end++
    for (let j = i; j < end; j++) rankSum += all[j]!.positive * ((i + end + 1) / 2) // ranks count from 1; ties share
    i = end
  }
  const [p, n] = [positives.length, negatives.length]
  return (rankSum - (p * (p + 1)) / 2) / (p * n)
}

export interface Confusion {
  readonly expected: string
  readonly guess: string
  readonly count: number
  readonly examples: readonly string[]
}
/** Which labels are taken for which others, most often first; of equals in the order of their names. */
export function confusions(scored: readonly Scored[], examplesMax = 3): readonly Confusion[] {
  const pairs = new Map<string, Confusion>()
  for (const { expected, guess, text } of scored) {
    if (expected === undefined || expected === guess) continue
    const key = JSON.stringify([expected, guess])
    const known = pairs.get(key) ?? { expected, guess, count: 0, examples: [] }
    const examples = known.examples.length < examplesMax ? [...known.examples, text] : known.examples
    pairs.set(key, { ...known, count: known.count + 1, examples })
  }
  const inOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
  const order = (a: Confusion, b: Confusion): number =>
    b.count - a.count || inOrder(a.expected, b.expected) || inOrder(a.guess, b.guess)
  return [...pairs.values()].sort(order)
}

/** How a threshold does: of texts with a label, answered and right, answered and wrong; of the others, refused. */
export interface Operating {
  readonly answeredRight: number
  readonly answeredWrong: number
  readonly refused: number
}
export function operating(scored: readonly Scored[]): Operating {
  const inScope = scored.filter(({ expected }) => expected !== undefined)
  const outside = scored.filter(({ expected }) => expected === undefined)
  const share = (part: readonly Scored[], whole: readonly Scored[]): number => part.length / whole.length
  return {
    answeredRight: share(
      inScope.filter(({ isSure, guess, expected }) => isSure && guess === expected),
      inScope,
    ),
    answeredWrong: share(
      inScope.filter(({ isSure, guess, expected }) => isSure && guess !== expected),
      inScope,
    ),
    refused: share(
      outside.filter(({ isSure }) => !isSure),
      outside,
    ),
  }
}

/** The most evidence that sixteen bits hold. */
const UNITS_MAX = 32767
/**
 * The evidence below which an answer is `unsure`, in 1/256 bit: where the share of texts with a label that are
 * answered right and the share of the others that are refused are largest together. Without texts that fit no label it
 * is what 2 % of the right answers fall below. Of equally good thresholds the lowest.
 */
export function unsureThreshold(scored: readonly Scored[]): number {
  const toUnits = ({ evidence }: Scored): number => Math.round(evidence * 256)
  const right = scored
    .filter(({ expected, guess }) => expected === guess)
    .map(toUnits)
    .sort((a, b) => a - b)
  const outside = scored
    .filter(({ expected }) => expected === undefined)
    .map(toUnits)
    .sort((a, b) => a - b)
  if (outside.length === 0) return right[Math.floor(right.length * 0.02)] ?? 0
  const inScope = scored.length - outside.length
  const units = [...right, ...outside]
  const lowest = units.reduce((least, each) => Math.min(least, each)) // where nothing is refused
  let [best, bestValue, lost, refused] = [lowest, -1, 0, 0]
  const candidates = [lowest, ...units.map((each) => Math.min(each + 1, UNITS_MAX))]
  for (const threshold of [...new Set(candidates)].sort((a, b) => a - b)) {
    while (lost < right.length && right[lost]! < threshold) lost++
    while (refused < outside.length && outside[refused]! < threshold) refused++
    const value = (right.length - lost) / Math.max(1, inScope) + refused / outside.length
    if (value > bestValue) [best, bestValue] = [threshold, value]
  }
  return best
}
