/** Part 2: whether a probability is what it says, and what refusing to answer buys. */
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { calibrationError, coverageCurve, scopeCurve } from "@open-brains/core/evaluate/calibration.ts"
import { bits, type Scored } from "@open-brains/core/evaluate/classification.ts"
import { TEMPERATURE_ONE } from "@open-brains/core/graph/temperature.ts"
import { type ClassifierParts, openClassifier } from "@open-brains/core/run/classifier.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import { scoreAll } from "@open-brains/core/train/teach.ts"
import { published, splitsOf } from "../intent/brain.testing.ts"
import { lessonOf } from "../intent/quality.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { mean, number } from "../shared/report.ts"

const ERROR_MAX = 0.03

interface Measured {
  readonly seed: number
  readonly factor: number
  readonly raw: readonly Scored[]
  readonly scored: readonly Scored[]
}

export async function measureCalibration({ isQuick }: PartOptions): Promise<Part> {
  const examples = await published("clinc150")
  const split = isQuick ? "validation" : "test"
  const asked = splitsOf(examples)[split]
  const found = (isQuick ? [1] : [1, 2, 3, 4, 5]).map((seed): Measured => {
    const { parts } = lessonOf(examples, seed, split)
    const factor = parts.weights["temperature"]!.data[0]!
    return {
      seed,
      factor: factor / TEMPERATURE_ONE,
      raw: answers(withTemperature(parts, TEMPERATURE_ONE), asked),
      scored: answers(parts, asked),
    }
  })
  const errors = found.map(({ scored }) => calibrationError(scored))
  return {
    measures: [
      {
        name: `expected calibration error in scope, mean (${split}, ${found.length} seeds)`,
        value: mean(errors),
        unit: "",
        digits: 4,
        bars: { is: "at most", must: ERROR_MAX },
      },
      { name: "expected calibration error, most of the seeds", value: Math.max(...errors), unit: "", digits: 4 },
      {
        name: "expected calibration error without a temperature, mean",
        value: mean(found.map(({ raw }) => calibrationError(raw))),
        unit: "",
        digits: 4,
      },
      {
        name: "bits an answer, mean",
        value: mean(found.map(({ scored }) => bits(scored))),
        unit: "bits",
        digits: 3,
        peer: { name: "without a temperature", value: mean(found.map(({ raw }) => bits(raw))) },
      },
      {
        name: "labels, evidence or sureness that the temperature changed",
        value: found.reduce((sum, { raw, scored }) => sum + differing(raw, scored), 0),
        unit: "answers",
        digits: 0,
        bars: { is: "at most", must: 0 },
      },
    ],
    sections: [
      {
        title: `Calibration on the ${split} split of CLINC150`,
        notes: [
          "Expected calibration error: 15 stretches of equal width (Guo et al. 2017, equation 3), over messages with a label. The temperature is chosen on the validation split, by bits; the factor is 1/T.",
          "Accuracy with the surest 80 % and 90 % of those messages answered; of the messages that fit no label, the share refused where 90 % of the others are answered and right.",
        ],
        table: {
          heading: [
            "seed",
            "factor",
            "error without",
            "error",
            "bits without",
            "bits",
            "accuracy of 80 %",
            "accuracy of 90 %",
            "refused",
          ],
          rows: found.map(({ seed, factor, raw, scored }) => [
            `${seed}`,
            number(factor, 3),
            number(calibrationError(raw), 4),
            number(calibrationError(scored), 4),
            number(bits(raw), 3),
            number(bits(scored), 3),
            number(100 * accuracyAt(scored, 0.8), 2),
            number(100 * accuracyAt(scored, 0.9), 2),
            number(100 * refusedAt(scored, 0.9), 1),
          ]),
        },
      },
    ],
    isSame: found.every(({ raw, scored }) => differing(raw, scored) === 0),
  }
}

const answers = (parts: ClassifierParts, asked: readonly Example[]): readonly Scored[] =>
  scoreAll(openClassifier(parts, wasmEngine), asked)
const withTemperature = (parts: ClassifierParts, factor: number): ClassifierParts => ({
  ...parts,
  weights: { ...parts.weights, temperature: { data: Int32Array.of(factor) } },
})
const differing = (a: readonly Scored[], b: readonly Scored[]): number =>
  a.filter(({ guess, evidence, isSure }, i) => {
    const other = b[i]!
    return guess !== other.guess || evidence !== other.evidence || isSure !== other.isSure
  }).length

const accuracyAt = (scored: readonly Scored[], coverage: number): number =>
  coverageCurve(scored).find((point) => point.coverage >= coverage)?.accuracy ?? Number.NaN
const refusedAt = (scored: readonly Scored[], answeredRight: number): number =>
  scopeCurve(scored).findLast((point) => point.answeredRight >= answeredRight)?.refused ?? Number.NaN
