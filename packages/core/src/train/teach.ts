import type { Numbers } from "../base/dtype.ts"
import type { Engine } from "../engine/engine.ts"
import { accuracy, bits as meanBits, type Scored, unsureThreshold } from "../evaluate/classification.ts"
import type { Outputs } from "../graph/text.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { quantiseClassifier } from "../quantise/classifier.ts"
import { type Levels, levelOf, mostOf, stepOf } from "../quantise/coarse.ts"
import { type Classifier, openClassifier } from "../run/classifier.ts"
import { type Bags, bagSize, bagsOf } from "./bags.ts"
import { type Example, labelsOf, type Splits } from "./examples.ts"
import type { Recipe } from "./recipe.ts"
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
 * Teaches a text classifier. Each start is tried on the training examples and judged on the held-out ones, by bits;
 * the best is kept, and its threshold for `unsure` is set there too. If its recipe says `relearn`, it is then taught once
 * more on training and held-out examples together. A pure function of its arguments, to the bit.
 */
export function* teach(
  splits: Pick<Splits, "train" | "validation">,
  starts: readonly Start[],
  seed: number,
  engine: Engine,
): Generator<TeachProgress, Taught> {
  const labels = labelsOf([...splits.train, ...splits.validation])
  const tried: { start: Start; net: Quantised; trial: Trial; unsureBelow: number }[] = []
  for (const start of starts) {
    const net = yield* build(splits.train, labels, start, seed, engine, `trying ${start.name}`)
    const scored = scoreAll(openClassifier({ ...net, labels, unsureBelow: 0 }, engine), splits.validation)
    const trial = { name: start.name, accuracy: accuracy(scored), bits: meanBits(scored) }
    tried.push({ start, net, trial, unsureBelow: unsureThreshold(scored) })
  }
  const best = tried.reduce((a, b) => (b.trial.bits < a.trial.bits ? b : a))
  const all = [...splits.train, ...splits.validation]
  const net = best.start.recipe.relearn
    ? yield* build(all, labels, best.start, seed, engine, "teaching with all examples")
    : best.net
  const weights = Object.fromEntries(Object.entries(net.weights).map(([name, { data }]) => [name, data]))
  return {
    graph: net.graph,
    weights,
    labels,
    unsureBelow: best.unsureBelow,
    kept: best.start,
    trials: tried.map(({ trial }) => trial),
  }
}

interface Quantised {
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

/** Asks every example and puts the answer beside what it should have been. */
export function scoreAll(classifier: Classifier, examples: readonly Example[]): readonly Scored[] {
  const places = new Map(classifier.labels.map((label, i) => [label, i]))
  return examples.map(({ text, label: expected }) => {
    const { guess, label, evidence } = classifier.ask(text)
    const place = expected === undefined ? undefined : places.get(expected)
    const probabilityOfExpected = place === undefined ? 0 : classifier.probabilityOf(place)
    return { text, expected, guess, isSure: label !== undefined, evidence, probabilityOfExpected }
  })
}
