import type { Numbers } from "../base/dtype.ts"
import type { Engine } from "../engine/engine.ts"
import { firstAsGood } from "../evaluate/choice.ts"
import { accuracy, costsOf, bits as meanBits, type Scored, unsureThreshold } from "../evaluate/classification.ts"
import { thresholdByCost } from "../evaluate/cost.ts"
import type { Outputs } from "../graph/text.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { quantiseClassifier } from "../quantise/classifier.ts"
import { type Levels, levelOf, mostOf, stepOf } from "../quantise/coarse.ts"
import { type Classifier, openClassifier } from "../run/classifier.ts"
import { type Bags, bagSize, bagsOf } from "./bags.ts"
import { type Examination, type Example, examinations, labelsOf, type Splits } from "./examples.ts"
import type { Recipe } from "./recipe.ts"
import { chooseTemperature, type Judged } from "./temperature.ts"
import { type Progress, SCALES, scaleOf, train } from "./train.ts"

/** A recipe with the rows that it starts from, if any. */
export interface Start {
  readonly name: string
  readonly recipe: Recipe
  readonly table?: Float32Array
}
export interface Trial {
  readonly name: string
  readonly accuracy: number
  readonly bits: number
  /** How many texts it was asked that it had not learnt from; in turns where few are held out. */
  readonly asked: number
  readonly inTurns: boolean
}
export interface Taught {
  readonly graph: Outputs
  readonly weights: Readonly<Record<string, Numbers>>
  readonly labels: readonly string[]
  readonly unsureBelow: number
  /** The start that was kept, and how each did on the held-out examples. */
  readonly kept: Start
  readonly trials: readonly Trial[]
}
export interface TeachProgress extends Progress {
  readonly phase: string
}

/**
 * Teaches a text classifier. Each start is tried on texts that it has not learnt from and judged by bits; the best is
 * kept (`firstAsGood`), and its threshold for `unsure` and its temperature are set there too. Texts to try on are the held-out
 * examples, and where those are few, cross-validation lends every example a turn (`examinations`). If its recipe says
 * `relearn`, it is then taught once more on training and held-out examples together.
 * A pure function of its arguments, to the bit.
 */
export function* teach(
  splits: Pick<Splits, "train" | "validation">,
  starts: readonly Start[],
  seed: number,
  engine: Engine,
): Generator<TeachProgress, Taught> {
  const labels = labelsOf([...splits.train, ...splits.validation])
  const all = [...splits.train, ...splits.validation]
  const tried: Tried[] = []
  for (const start of starts) {
    tried.push(yield* tryStart(examinations(splits, start.recipe.relearn, seed), labels, start, seed, engine))
  }
  const best = tried[firstAsGood(tried.map(({ scored }) => costsOf(scored)))]!
  const net = best.start.recipe.relearn
    ? yield* build(all, labels, best.start, seed, engine, "teaching with all examples")
    : best.net
  const { graph, weights } = withTemperature(net, best.temperature)
  return {
    graph,
    weights: Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, data])),
    labels,
    unsureBelow: thresholdOf(best),
    kept: best.start,
    trials: tried.map(({ start, scored }) => ({
      name: start.name,
      accuracy: accuracy(scored),
      bits: meanBits(scored),
      asked: scored.length,
      inTurns: scored.length > splits.validation.length,
    })),
  }
}

const thresholdOf = ({ start: { recipe }, scored }: Tried): number =>
  recipe.wrongCosts === undefined ? unsureThreshold(scored) : thresholdByCost(scored, recipe.wrongCosts).threshold

/** A net that learnt without the texts that it is asked. */
interface Sat {
  readonly net: Quantised
  readonly held: readonly Example[]
}
export interface Tried {
  readonly start: Start
  /** What the first examination learnt, at the temperature that fits what all were asked. */
  readonly net: Quantised
  readonly scored: readonly Scored[]
  readonly temperature: number
}

/** Examines one start: what it learns, and how it does on the texts that it is asked. */
export function* tryStart(
  exams: readonly Examination[],
  labels: readonly string[],
  start: Start,
  seed: number,
  engine: Engine,
): Generator<TeachProgress, Tried> {
  const sat: Sat[] = []
  for (const [i, { learn, held }] of exams.entries()) {
    const part = exams.length > 1 ? `, part ${i + 1} of ${exams.length}` : ""
    const net = yield* build(learn, labels, start, seed, engine, `trying ${start.name}${part}`)
    sat.push({ net, held })
  }
  const temperature = chooseTemperature(judgedBy(sat, labels, engine), engine)
  const scored = sat.flatMap(({ net, held }) =>
    scoreAll(openClassifier({ ...withTemperature(net, temperature), labels, unsureBelow: 0 }, engine), held),
  )
  return { start, net: withTemperature(sat[0]!.net, temperature), scored, temperature }
}

const judgedBy = (sat: readonly Sat[], labels: readonly string[], engine: Engine): readonly Judged[] => {
  const places = new Map(labels.map((label, i) => [label, i]))
  const encoder = new TextEncoder()
  return sat.flatMap(({ net, held }) => {
    const classifier = openClassifier({ ...net, labels, unsureBelow: 0 }, engine)
    return held.flatMap(({ text, label }) =>
      label === undefined
        ? []
        : [{ logits: classifier.run(encoder.encode(text)).logits.slice(), expected: places.get(label)! }],
    )
  })
}
const withTemperature = (net: Quantised, temperature: number): Quantised => ({
  ...net,
  weights: { ...net.weights, temperature: { data: Int32Array.of(temperature) } },
})

/** A graph with its weights. */
export interface Quantised {
  readonly graph: Outputs
  readonly weights: Readonly<Record<string, { readonly data: Numbers }>>
}
/** Trains one start and quantises it. */
function* build(
  examples: readonly Example[],
  labels: readonly string[],
  { recipe, table }: Start,
  seed: number,
  engine: Engine,
  phase: string,
): Generator<TeachProgress, Quantised> {
  const bags = bagsOf(
    examples.map(({ text }) => text),
    recipe,
    engine,
  )
  const places = new Map(labels.map((label, i) => [label, i]))
  const targets = Int32Array.from(examples, ({ label }) => (label === undefined ? -1 : places.get(label)!))
  const training = train({ bags, labels: targets, labelCount: labels.length }, recipe, seed, engine, table)
  let next = training.next()
  for (; !next.done; next = training.next()) yield { ...next.value, phase }
  const learnt = next.value
  const { levels } = recipe
  const net = quantiseClassifier(
    {
      ...learnt,
      pooledMax: pooledMax(levels ? gridOf(learnt.table, levels) : learnt.table, bags, recipe),
      scaleOf,
      scales: SCALES,
      ...(levels ? { levels } : {}),
    },
    ngrams(recipe),
  )
  return {
    graph: net.outputs,
    weights: Object.fromEntries(Object.entries(net.weights).map(([name, data]) => [name, { data }])),
  }
}

/** A table as it will be stored. */
function gridOf(table: Float32Array, levels: Levels): Float32Array {
  const most = mostOf(levels)
  const step = stepOf(table, most)
  return table.map((value) => step * levelOf(value, step, most))
}

/** The largest magnitude of any pooled vector of the training texts: what eight bits must reach. */
function pooledMax(table: Float32Array, bags: Bags, { dims }: Recipe): number {
  let most = 2 ** -20
  const sums = new Float64Array(dims)
  for (let i = 0; i + 1 < bags.starts.length; i++) {
    sums.fill(0)
    for (let at = bags.starts[i]!; at < bags.starts[i + 1]!; at++)
      for (let d = 0; d < dims; d++) sums[d] = sums[d]! + table[bags.slots[at]! * dims + d]!
    const scale = scaleOf(bagSize(bags, i))
    for (const sum of sums) most = Math.max(most, Math.abs(sum * scale))
  }
  return most
}

/** A taught classifier, ready to answer. */
export const openTaught = (taught: Taught, engine: Engine): Classifier =>
  openClassifier(
    {
      ...taught,
      weights: Object.fromEntries(Object.entries(taught.weights).map(([name, data]) => [name, { data }])),
    },
    engine,
  )

/** Asks every example and puts the answer beside what it should have been. */
export function scoreAll(classifier: Classifier, examples: readonly Example[]): readonly Scored[] {
  const places = new Map(classifier.labels.map((label, i) => [label, i]))
  return examples.map(({ text, label: expected }) => {
    const { guess, label, evidence } = classifier.ask(text)
    const place = expected === undefined ? undefined : places.get(expected)
    const probabilityOfExpected = place === undefined ? 0 : classifier.probabilityOf(place)
    const probability = classifier.probabilityOf(places.get(guess)!)
    return { text, expected, guess, isSure: label !== undefined, evidence, probability, probabilityOfExpected }
  })
}
