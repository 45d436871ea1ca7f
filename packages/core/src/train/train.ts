import { assert, refuse } from "../base/problem.ts"
import { type Stream, shuffled, stream } from "../base/random.ts"
import type { Engine } from "../engine/engine.ts"
import type { Node } from "../graph/graph.ts"
import { input } from "../graph/operations.ts"
import { textClassifier } from "../nn/text_classifier.ts"
import { columnSteps, MATRIX_LEVELS, mostOf, onGrid, stepOf } from "../quantise/coarse.ts"
import { type Bags, bagSize, largestBag } from "./bags.ts"
import type { Recipe } from "./recipe.ts"
import { compileStep } from "./step.ts"

/** Learnt numbers by the name of their weight, in f32. */
export type FloatWeights = Readonly<Record<"table" | "linear" | "bias", Float32Array>>

export interface TrainingSet {
  readonly bags: Bags
  /** For each text the place of its label, or -1 for one that fits no label. */
  readonly labels: Int32Array
  readonly labelCount: number
}
export interface Progress {
  readonly step: number
  readonly steps: number
  /** Mean loss of the last batch, in bits a text. */
  readonly bits: number
}

/** Beyond this many n-grams a bag is scaled as if it had no more: a table of factors has to end somewhere. */
export const SCALES = 1024
/** Factor of a bag of `count` n-grams, 1 / √count: a text of any length gives a vector of like size. */
export const scaleOf = (count: number): number => 1 / Math.sqrt(Math.min(Math.max(1, count), SCALES))

/**
 * Trains a text classifier. Weights are a pure function of the arguments: the same bits on every engine and machine.
 * Yields after each step, so that a caller can show progress, or stop. `base` continues from the rows of one. With `levels`
 * the loss is computed from weights on the grid that they will be stored on, while what is moved stays fine.
 * Errors: OB401 when a loss or weight is no longer finite, naming the step.
 */
export function* train(
  { bags, labels, labelCount }: TrainingSet,
  recipe: Recipe,
  seed: number,
  engine: Engine,
  base?: Float32Array,
): Generator<Progress, FloatWeights> {
  const { batch, buckets, dims, levels } = recipe
  const gramsMax = Math.max(1, largestBag(bags))
  const most = levels && mostOf(levels)
  const tableStep = input("tableStep", "f32", [1, 1])
  const sight = most !== undefined && {
    table: (table: Node): Node => onGrid(table, tableStep, most),
    linear: (matrix: Node): Node => onGrid(matrix, columnSteps(matrix, MATRIX_MOST), MATRIX_MOST),
  }
  const net = textClassifier({ batch, gramsMax, buckets, dims, labels: labelCount }, sight || undefined)
  const [rate, secondCorrection, decay, averageRate] = ["rate", "secondCorrection", "decay", "averageRate"].map(
    (name) => input(name, "f32", [1, 1]),
  ) as [Node, Node, Node, Node]
  const inputs = { rate, secondCorrection, decay, averageRate }
  const { memory, run } = compileStep(net.loss, net.weights, inputs, recipe, net.decaying, engine, net.seen)
  const buffer = (name: string): Float32Array => {
    const found = memory[name]
    assert(found instanceof Float32Array, `no floats called ${name}`)
    return found
  }
  initialise(buffer, recipe, seed, base)
  const order = (epoch: number): Int32Array => epochOrder(labels, recipe.unsureWeight, stream(seed, "shuffle", epoch))
  const rounds = order(0).length
  const perEpoch = Math.ceil(rounds / batch)
  const steps = perEpoch * recipe.epochs
  let [power1, power2] = [1, 1]
  let places = order(0)
  for (let step = 0; step < steps; step++) {
    if (step % perEpoch === 0) places = order(step / perEpoch)
    const from = (step % perEpoch) * batch
    fill(
      places.subarray(from, from + batch),
      { bags, labels, labelCount },
      recipe,
      stream(seed, "dropout", step),
      memory,
      gramsMax,
    )
    power1 *= recipe.beta1
    power2 *= recipe.beta2
    const stepSize = recipe.rate * (1 - step / steps)
    buffer("rate")[0] = stepSize / (1 - power1)
    buffer("secondCorrection")[0] = 1 / (1 - power2)
    buffer("decay")[0] = stepSize * recipe.weightDecay
    buffer("averageRate")[0] = Math.max(1 - recipe.averageDecay, 1 / (step + 1)) // a plain mean until it is long enough
    if (most !== undefined && step % STEP_EVERY === 0)
      buffer("tableStep")[0] = stepOf(buffer("table"), most, STEP_NUMBERS)
    run()
    const loss = buffer("loss")[0]!
    if (!Number.isFinite(loss)) diverged(step + 1)
    yield { step: step + 1, steps, bits: loss / Math.min(batch, places.length - from) / Math.LN2 }
  }
  const learnt = (name: string): Float32Array => {
    const average = buffer(`${name}_average`).slice()
    if (!average.every(Number.isFinite)) diverged(steps)
    return average
  }
  return { table: learnt("table"), linear: learnt("linear"), bias: learnt("bias") }
}

/** The grid follows the table as it grows: so often, from so many of its numbers. */
const STEP_EVERY = 40
const STEP_NUMBERS = 20_000
const MATRIX_MOST = mostOf(MATRIX_LEVELS)

const diverged = (step: number): never =>
  refuse({
    code: "OB401",
    seen: `Training left the finite numbers at step ${step}.`,
    hint: "Lower `rate` in the recipe.",
  })

function initialise(buffer: (name: string) => Float32Array, recipe: Recipe, seed: number, base?: Float32Array): void {
  const uniform = (array: Float32Array, range: number, random: Stream): void => {
    for (let i = 0; i < array.length; i++) array[i] = (2 * random.uniform(i) - 1) * range
  }
  const [table, linear] = [buffer("table"), buffer("linear")]
  if (base) table.set(base)
  else uniform(table, recipe.initialRange, stream(seed, "initialise", 0))
  uniform(linear, 1 / Math.sqrt(recipe.dims), stream(seed, "initialise", 1))
}

/** One epoch: every text once, those that fit no label `unsureWeight` times, in random order. */
function epochOrder(labels: Int32Array, unsureWeight: number, random: Stream): Int32Array {
  const places: number[] = []
  labels.forEach((label, i) => {
    for (let n = label < 0 ? unsureWeight : 1; n > 0; n--) places.push(i)
  })
  return shuffled(places.length, random).map((at) => places[at]!)
}

/** Fills the inputs with one batch; rows that are left over have no n-grams and no target. */
function fill(
  places: Int32Array,
  { bags, labels, labelCount }: TrainingSet,
  { featureDropout, labelSmoothing }: Recipe,
  random: Stream,
  memory: Readonly<Record<string, ArrayLike<number> & { fill(value: number): unknown }>>,
  gramsMax: number,
): void {
  const { slots, count, scale, target } = memory as unknown as {
    slots: Uint16Array
    count: Int32Array
    scale: Float32Array
    target: Float32Array
  }
  target.fill(0)
  count.fill(0)
  const threshold = Math.round(featureDropout * 65536) // each random word decides twice
  for (let row = 0; row < places.length; row++) {
    const place = places[row]!
    const [start, size] = [bags.starts[place]!, bagSize(bags, place)]
    let kept = 0
    let word = 0
    for (let f = 0; f < size; f++) {
      word = f % 2 === 0 ? random.word(row * 65536 + f) : word >>> 16
      if ((word & 0xffff) >= threshold) slots[row * gramsMax + kept++] = bags.slots[start + f]!
    }
    if (kept < KEPT_MIN) {
      kept = size
      slots.set(bags.slots.subarray(start, start + size), row * gramsMax)
    }
    count[row] = kept
    scale[row] = scaleOf(kept)
    const [label, share] = [labels[place]!, evenShare(labels[place]!, labelSmoothing) / labelCount]
    for (let c = 0; c < labelCount; c++) target[row * labelCount + c] = share
    if (label >= 0) target[row * labelCount + label] = share + 1 - labelSmoothing
  }
}
/** A text of which dropout leaves fewer n-grams is shown whole. */
const KEPT_MIN = 3
/** What is spread evenly: all of it for a text that fits no label. */
const evenShare = (label: number, smoothing: number): number => (label < 0 ? 1 : smoothing)
