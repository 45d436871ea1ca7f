/** Scores of anybody's answers, by the same lines for all. */
import type { Example } from "@open-brains/core/train/examples.ts"

/** What a classifier says of a text: its guess, and the probability that it gave to the right label. */
export interface Answered {
  readonly guess: string
  readonly probabilityOfRight: number
}
export interface Scores {
  /** In percent. */
  readonly accuracy: number
  /** Mean over labels of the harmonic mean of precision and recall, in percent. */
  readonly macroF1: number
  /** Mean of -log2 of the probability of the right label, at least 2^-17 as in core/evaluate. */
  readonly bits: number
}

export function scoresOf(examples: readonly Example[], answers: readonly Answered[]): Scores {
  const pairs = examples.map(({ label }, i) => ({ label, ...answers[i]! }))
  const labels = [...new Set(pairs.map(({ label }) => label))]
  const f1 = labels.map((label) => {
    const [right, guessed, expected] = [
      pairs.filter((each) => each.label === label && each.guess === label).length,
      pairs.filter(({ guess }) => guess === label).length,
      pairs.filter((each) => each.label === label).length,
    ]
    return (200 * right) / (guessed + expected)
  })
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    accuracy: average(pairs.map(({ label, guess }) => (label === guess ? 100 : 0))),
    macroF1: average(f1),
    bits: average(pairs.map(({ probabilityOfRight }) => -Math.log2(Math.max(probabilityOfRight, 2 ** -17)))),
  }
}
