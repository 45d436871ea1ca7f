/** Learns the net on the grid that it is stored on: the same weights each time, and on every engine. */
import { refuse } from "@open-brains/core/base/problem.ts"
import { shuffled, stream } from "@open-brains/core/base/random.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { classCrossEntropy } from "@open-brains/core/nn/cross_entropy.ts"
import { levelOf, onGrid } from "@open-brains/core/quantise/coarse.ts"
import { packed } from "@open-brains/core/quantise/packed.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"
import { compileStep } from "@open-brains/core/train/step.ts"
import { symbolsOf } from "./data.ts"
import { HIDDEN_STEPS, MATRIX_STEPS, rowsOf, type Shape, SYMBOLS, slotsFor, slotsOf, unitsOf } from "./net.ts"

export interface Recipe {
  readonly shape: Shape
  readonly epochs: number
  readonly batch: number
  /** Step size after the warm-up; it falls in a straight line to 0. */
  readonly rate: number
  readonly warmUp: number
  readonly weightDecay: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

/** What a weight of the graph can be: a whole number of up to `most`, and how many of them make 1. */
const GRIDS = {
  table: { steps: HIDDEN_STEPS, most: 7 },
  bias: { steps: HIDDEN_STEPS, most: 32_767 },
  matrix: { steps: MATRIX_STEPS, most: 127 },
} as const
type Name = keyof typeof GRIDS
const NAMES = Object.keys(GRIDS) as Name[]
const shapeOf = ({ hidden, ...rest }: Shape): Readonly<Record<Name, readonly [number, number]>> => ({
  table: [rowsOf({ hidden, ...rest }), hidden],
  bias: [1, hidden],
  matrix: [hidden, SYMBOLS],
})

/** Every place of every name: the rows of what came before, and what comes. */
interface Places {
  readonly slots: Int32Array
  readonly targets: Int32Array
}
function placesOf(names: readonly string[], shape: Shape): Places {
  const [slots, targets]: [number[], number[]] = [[], []]
  for (const name of names) {
    const context = new Array<number>(Math.max(3, shape.context)).fill(0)
    for (const symbol of symbolsOf(name)) {
      slots.push(...slotsFor(context, shape))
      targets.push(symbol)
      context.unshift(symbol)
      context.pop()
    }
  }
  return { slots: Int32Array.from(slots), targets: Int32Array.from(targets) }
}

/** The loss of a batch in nats a symbol, from weights on their grids, whose slopes are those of the weights. */
function lossOf({ shape, batch }: Recipe): { loss: Node; weights: Node<"weight">[]; seen: Node[] } {
  const shapes = shapeOf(shape)
  const weights = NAMES.map((name) => op.weight(name, "f32", shapes[name]))
  const seen = weights.map((weight, n) => {
    const { steps, most } = GRIDS[NAMES[n]!]
    return onGrid(weight, op.fill(1 / steps, { shape: [1, 1], dtype: "f32" }), most)
  })
  const [table, bias, matrix] = seen as [Node, Node, Node]
  const count = op.fill(slotsOf(shape), { shape: [batch, 1], dtype: "i32" })
  const sums = op.gatherSum(table, op.input("slots", "i32", [batch, slotsOf(shape)]), count)
  const inside = op.add(sums, op.broadcastLike(bias, sums))
  const h = op.smaller(op.larger(inside, op.fill(0, inside)), op.fill(255 / HIDDEN_STEPS, inside))
  const sum = classCrossEntropy(op.matmul(h, matrix), op.input("targets", "i32", [batch]))
  return { loss: op.multiply(sum, op.fill(1 / batch, sum)), weights, seen }
}

/** The weights of `namesNet`. Errors: OB401 when a loss is no longer finite. */
export function trainNames(names: readonly string[], recipe: Recipe, seed: number, engine: Engine): Tensors {
  const { shape, batch, epochs } = recipe
  const { loss, weights, seen } = lossOf(recipe)
  const scalar = (name: string): Node => op.input(name, "f32", [1, 1])
  const inputs = {
    rate: scalar("rate"),
    secondCorrection: scalar("secondCorrection"),
    decay: scalar("decay"),
    averageRate: scalar("averageRate"),
  }
  const decaying = weights.filter((weight) => weight.shape[0]! > 1)
  const { memory, run } = compileStep(loss, weights, inputs, recipe, decaying, engine, seen)
  const floats = (name: string): Float32Array => memory[name] as Float32Array
  for (const name of ["table", "matrix"] as const) {
    const [values, random] = [floats(name), stream(seed, "initialise", NAMES.indexOf(name))]
    const range = name === "table" ? TABLE_RANGE : 1 / Math.sqrt(shape.hidden)
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform(i) - 1) * range
  }
  const places = placesOf(names, shape)
  const perEpoch = Math.floor(places.targets.length / batch)
  const steps = perEpoch * epochs
  const [slots, width] = [memory["slots"] as Int32Array, slotsOf(shape)]
  let order: Int32Array = new Int32Array(0)
  let [power1, power2] = [1, 1]
  for (let step = 0; step < steps; step++) {
    if (step % perEpoch === 0) order = shuffled(places.targets.length, stream(seed, "shuffle", step / perEpoch))
    for (let row = 0; row < batch; row++) {
      const place = order[(step % perEpoch) * batch + row]!
      for (let k = 0; k < width; k++) slots[row * width + k] = places.slots[place * width + k]!
      memory["targets"]![row] = places.targets[place]!
    }
    power1 *= recipe.beta1
    power2 *= recipe.beta2
    const rate = recipe.rate * Math.min(1, (step + 1) / recipe.warmUp) * (1 - step / steps)
    floats("rate")[0] = rate / (1 - power1)
    floats("secondCorrection")[0] = 1 / (1 - power2)
    floats("decay")[0] = rate * recipe.weightDecay
    floats("averageRate")[0] = 1
    run()
    if (!Number.isFinite(floats("loss")[0])) diverged(step + 1)
  }
  return integersOf((name) => floats(name), shape)
}
const TABLE_RANGE = 0.35

/** What was learnt as whole numbers of the graph: places on the grids. */
function integersOf(floats: (name: Name) => Float32Array, shape: Shape): Tensors {
  const { hidden } = shape
  const levels = (name: Name): number[] => {
    const { steps, most } = GRIDS[name]
    return Array.from(floats(name), (value) => levelOf(value, 1 / steps, most))
  }
  const { weights } = packed("table", Int8Array.from(levels("table")), hidden, 15)
  const order = unitsOf(hidden)
  const [biases, rows] = [levels("bias"), levels("matrix")]
  const bias = order.map((unit) => biases[unit]! - 8 * slotsOf(shape)) // nibbles have 8 added
  const matrix = order.flatMap((unit) => rows.slice(unit * SYMBOLS, (unit + 1) * SYMBOLS))
  const shapes = shapeOf(shape)
  return {
    table_nibbles: { dtype: "u8", shape: [rowsOf(shape), hidden / 2], data: weights["table_nibbles"] as Uint8Array },
    bias: { dtype: "i16", shape: shapes.bias, data: Int16Array.from(bias) },
    matrix: { dtype: "i8", shape: shapes.matrix, data: Int8Array.from(matrix) },
  }
}

const diverged = (step: number): never =>
  refuse({
    code: "OB401",
    seen: `Training left the finite numbers at step ${step}.`,
    hint: "Lower `rate` in the recipe.",
  })
