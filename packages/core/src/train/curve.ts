import { assert } from "../base/problem.ts"
import type { Engine } from "../engine/engine.ts"
import { type Interval, pairedBootstrap } from "../evaluate/bootstrap.ts"
import { bits as meanBits } from "../evaluate/classification.ts"
import { type Classifier, openClassifier } from "../run/classifier.ts"
import { drawExamples, type Example, labelsOf, type Splits } from "./examples.ts"
import { type Start, scoreAll, type TeachProgress, tryStart } from "./teach.ts"

/** A way to learn, in variants such as step sizes: of each size of training set the best is found on validation. */
export interface Contender {
  readonly name: string
  /** What it tries with so many examples. */
  variants(examples: number): readonly Start[]
}
/** How a contender did with one number of training examples. Shares of the test messages in 0 … 1, one for each seed. */
export interface CurveScore {
  readonly name: string
  /** The variant that was kept: fewest bits on the validation examples, mean of the seeds. */
  readonly kept: Start
  readonly accuracies: readonly number[]
  readonly mean: number
  readonly least: number
  readonly most: number
}
export interface CurveStep {
  /** Training examples. */
  readonly examples: number
  readonly scores: readonly CurveScore[]
  /** The first contender minus each other, on the same messages: shares of 0 … 1. */
  readonly differences: readonly (Interval & { readonly minus: string })[]
}
export interface CurveProgress extends TeachProgress {
  readonly trainings: number
  readonly of: number
}

/** Training examples that a curve is measured at: as many of these as there are, and all when there are fewer. */
export const CURVE_SIZES = [10, 30, 100, 300, 1000] as const
export function sizesFor(examples: number): readonly number[] {
  const sizes = CURVE_SIZES.filter((size) => size <= examples)
  const isShort = examples < CURVE_SIZES.at(-1)! && !sizes.some((size) => size === examples)
  return isShort && examples > 0 ? [...sizes, examples] : sizes
}

/**
 * How accuracy grows with the number of training examples. For each size and seed the examples are drawn, each label in
 * its share; each contender learns from the same ones. Its variant is chosen on `validation` (the first when that is
 * empty), separately for each size; then it is scored on the `test` messages that have a label.
 * A pure function of its arguments, to the bit.
 */
export function* learningCurve(
  { train, validation, test }: Splits,
  contenders: readonly Contender[],
  seeds: readonly number[],
  engine: Engine,
  sizes: readonly number[] = sizesFor(train.length),
): Generator<CurveProgress, readonly CurveStep[]> {
  const messages = test.filter(({ label }) => label !== undefined)
  const variantsOf = (contender: Contender, size: number): readonly Start[] => {
    const all = contender.variants(size)
    assert(all.length > 0, "a contender has a variant")
    return validation.length > 0 ? all : all.slice(0, 1)
  }
  const of = sizes.flatMap((size) => contenders.map((each) => variantsOf(each, size).length * seeds.length))
  const total = of.reduce((sum, each) => sum + each, 0)
  const steps: CurveStep[] = []
  let trainings = 0
  for (const size of sizes) {
    const right: Float64Array[] = []
    const scores: CurveScore[] = []
    for (const contender of contenders) {
      const tried: Tried[] = []
      for (const start of variantsOf(contender, size)) {
        const classifiers: Classifier[] = []
        const found: number[] = []
        for (const seed of seeds) {
          const examples = drawExamples(train, size, seed)
          const phase = `${start.name}, ${size} examples, seed ${seed}`
          const labels = labelsOf([...examples, ...validation])
          const work = tryStart([{ learn: examples, held: validation }], labels, start, seed, engine)
          let next = work.next()
          for (; !next.done; next = work.next()) yield { ...next.value, phase, trainings, of: total }
          trainings++
          classifiers.push(openClassifier({ ...next.value.net, labels, unsureBelow: 0 }, engine))
          found.push(meanBits(next.value.scored))
        }
        tried.push({ start, classifiers, bits: meanOf(found) })
      }
      const best = tried.reduce((a, b) => (b.bits < a.bits ? b : a))
      const hits = best.classifiers.map((classifier) => hitsOf(classifier, messages))
      right.push(meanHits(hits, messages.length))
      const accuracies = hits.map((each) => each.reduce((sum, hit) => sum + hit, 0) / messages.length)
      scores.push({ name: contender.name, kept: best.start, ...summary(accuracies) })
    }
    const [first, ...others] = right
    const differences = others.map((other, i) => ({
      minus: contenders[i + 1]!.name,
      ...pairedBootstrap(
        Array.from(other, (share, m) => first![m]! - share),
        size,
      ),
    }))
    steps.push({ examples: size, scores, differences })
  }
  return steps
}

interface Tried {
  readonly start: Start
  readonly classifiers: readonly Classifier[]
  readonly bits: number
}
/** 1 for each message whose guess is right, sure or not. */
export const hitsOf = (classifier: Classifier, messages: readonly Example[]): Uint8Array =>
  Uint8Array.from(scoreAll(classifier, messages), ({ expected, guess }) => Number(expected === guess))

/** For each message the share of the seeds that were right. */
export const meanHits = (hits: readonly Uint8Array[], messages: number): Float64Array =>
  Float64Array.from({ length: messages }, (_, m) => meanOf(hits.map((each) => each[m]!)))

export function summary(accuracies: readonly number[]): Omit<CurveScore, "name" | "kept"> {
  const pick = (better: (a: number, b: number) => number): number => accuracies.reduce((a, b) => better(a, b))
  return { accuracies, mean: meanOf(accuracies), least: pick(Math.min), most: pick(Math.max) }
}
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
