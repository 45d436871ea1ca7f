import { refuse } from "../base/problem.ts"
import { shuffled, stream } from "../base/random.ts"
import { sizeOf } from "../base/shape.ts"
import { compileGraph } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import type { Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import { relu } from "../nn/activation.ts"
import { crossEntropy } from "../nn/cross_entropy.ts"
import { linear } from "../nn/linear.ts"
import { mean } from "../nn/norm.ts"
import { columnSteps, mostOf, onGrid } from "../quantise/coarse.ts"
import { flattened, type Layer, rowsOf, tapsOf } from "../quantise/layers.ts"
import type { FloatSequential } from "../quantise/sequential.ts"
import { compileStep } from "./step.ts"

/** Bytes in rows of one size, and the place of each row's label. */
export interface ByteRows {
  readonly values: Uint8Array | Int8Array
  readonly labels: Uint8Array
}
/** What is learnt: a row is of `shape`, and one unit of its bytes stands for `inputScale`. */
export interface SequentialNet {
  readonly shape: readonly number[]
  readonly inputScale: number
  readonly layers: readonly Layer[]
  readonly levels: FloatSequential["levels"]
}
export interface SequentialRecipe {
  readonly epochs: number
  readonly batch: number
  readonly rate: number
  readonly weightDecay: number
  /** Of the moving average of the weights, which is what is given. */
  readonly averageDecay: number
}
export type SequentialWeights = Readonly<Record<string, Float32Array>>

/** A net in floats over rows [B,…]: the value after each layer, and what is learnt. */
interface Floats {
  readonly values: readonly Node[]
  readonly weights: readonly Node<"weight">[]
  readonly seen: readonly Node[]
  readonly decaying: readonly Node[]
}
function floatsOf({ shape, layers, levels }: SequentialNet, batch: number): Floats {
  const most = mostOf(levels)
  const [values, weights, seen]: [Node[], Node<"weight">[], Node[]] = [[], [], []]
  const weight = (name: string, rows: number, columns: number): Node => {
    const made = op.weight(name, "f32", [rows, columns])
    const isCoarse = levels !== 255 && !name.endsWith("_bias")
    weights.push(made)
    seen.push(isCoarse ? onGrid(made, columnSteps(made, most), most) : made)
    return seen.at(-1)!
  }
  const after = (x: Node, layer: Layer): Node => {
    switch (layer.kind) {
      case "dense":
      case "convolution": {
        const { rows, shape } = rowsOf(x, layer)
        const matrix = weight(layer.name, rows.shape[1]!, layer.outputs)
        return op.reshape(linear(rows, matrix, weight(`${layer.name}_bias`, 1, layer.outputs)), shape)
      }
      case "averagePool":
      case "globalAverage":
      case "maxPool": {
        const { taps, shape } = tapsOf(x, layer)
        return op.reshape(layer.kind === "maxPool" ? op.maximum(taps, 1) : mean(taps, 1), shape)
      }
      case "flatten":
        return flattened(x)
      case "relu":
        return relu(x)
      default:
        return layer satisfies never
    }
  }
  let x: Node = op.input("x", "f32", [batch, ...shape])
  for (const layer of layers) {
    x = after(x, layer)
    values.push(x)
  }
  return { values, weights, seen, decaying: weights.filter(({ attributes: { name } }) => !name.endsWith("_bias")) }
}

/**
 * Trains a net of layers in sequence by AdamW against cross entropy: the same weights for the same arguments, on every
 * engine. With 15 levels the loss is computed from weights on the grid of int4, while what is moved stays fine.
 * Yields after each epoch. Errors: OB401 when a loss is no longer finite.
 */
export function* trainSequential(
  net: SequentialNet,
  { values, labels }: ByteRows,
  recipe: SequentialRecipe,
  seed: number,
  engine: Engine,
): Generator<{ readonly epoch: number; readonly bits: number }, SequentialWeights> {
  const { batch, epochs } = recipe
  const { values: layers, weights, seen, decaying } = floatsOf(net, batch)
  const logits = layers.at(-1)!
  const [classes, size] = [logits.shape.at(-1)!, sizeOf(net.shape)]
  const loss = crossEntropy(op.reshape(logits, [batch, classes]), op.input("target", "f32", [batch, classes]))
  const scalar = (name: string): Node => op.input(name, "f32", [1, 1])
  const inputs = {
    ...{ rate: scalar("rate"), secondCorrection: scalar("secondCorrection") },
    ...{ decay: scalar("decay"), averageRate: scalar("averageRate") },
  }
  const scaled = op.multiply(loss, op.fill(1 / batch, loss))
  const { memory, run } = compileStep(scaled, weights, inputs, ADAM, decaying, engine, seen)
  const floats = (name: string): Float32Array => memory[name] as Float32Array
  for (const [i, { attributes, shape }] of weights.entries()) {
    if (attributes.name.endsWith("_bias")) continue
    const [random, range] = [stream(seed, "initialise", i), Math.sqrt(6 / shape[0]!)] // He et al. 2015, arXiv:1502.01852
    const matrix = floats(attributes.name)
    for (let j = 0; j < matrix.length; j++) matrix[j] = (2 * random.uniform(j) - 1) * range
  }
  const perEpoch = Math.floor(labels.length / batch) // what is left over comes in another epoch
  const steps = perEpoch * epochs
  let [power1, power2, sum] = [1, 1, 0]
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(labels.length, stream(seed, "shuffle", epoch))
    sum = 0
    for (let round = 0; round < perEpoch; round++) {
      const step = epoch * perEpoch + round
      floats("target").fill(0)
      for (let row = 0; row < batch; row++) {
        const place = order[round * batch + row]!
        for (let i = 0; i < size; i++) floats("x")[row * size + i] = values[place * size + i]! * net.inputScale
        floats("target")[row * classes + labels[place]!] = 1
      }
      power1 *= ADAM.beta1
      power2 *= ADAM.beta2
      const rate = recipe.rate * (1 - step / steps)
      floats("rate")[0] = rate / (1 - power1)
      floats("secondCorrection")[0] = 1 / (1 - power2)
      floats("decay")[0] = rate * recipe.weightDecay
      floats("averageRate")[0] = Math.max(1 - recipe.averageDecay, 1 / (step + 1))
      run()
      sum += floats("loss")[0]!
    }
    if (!Number.isFinite(sum)) diverged(epoch + 1)
    yield { epoch: epoch + 1, bits: sum / perEpoch / Math.LN2 }
  }
  return Object.fromEntries(weights.map(({ attributes: { name } }) => [name, floats(`${name}_average`).slice()]))
}
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

const diverged = (epoch: number): never =>
  refuse({
    code: "OB401",
    seen: `Training left the finite numbers in epoch ${epoch}.`,
    hint: "Lower `rate` in the recipe.",
  })

/** What a net in floats says of rows: the place of the largest logit of each. */
export function floatAnswers(
  net: SequentialNet,
  weights: SequentialWeights,
  rows: ByteRows,
  engine: Engine,
): Uint8Array {
  const answers = new Uint8Array(rows.labels.length)
  runFloats(net, weights, rows, engine, (values, from, count) => {
    const logits = values.at(-1)!
    const classes = logits.length / BATCH
    for (let row = 0; row < count; row++) {
      const each = logits.subarray(row * classes, (row + 1) * classes)
      answers[from + row] = each.reduce((best, logit, at) => (logit > each[best]! ? at : best), 0)
    }
  })
  return answers
}

/**
 * How far the values after each layer reach from 0 on rows that were learnt from: the `share` of them that is within,
 * for each of `shares`, 1 being the largest.
 */
export function reachesOf(
  net: SequentialNet,
  weights: SequentialWeights,
  rows: ByteRows,
  shares: readonly number[],
  engine: Engine,
): readonly (readonly number[])[] {
  const seen: Float32Array[][] = net.layers.map(() => [])
  runFloats(net, weights, rows, engine, (values, _, count) => {
    for (const [i, value] of values.entries())
      seen[i]!.push(value.slice(0, (value.length / BATCH) * count).map((v) => Math.abs(v)))
  })
  const sorted = seen.map((parts) => {
    const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0))
    let at = 0
    for (const part of parts) {
      all.set(part, at)
      at += part.length
    }
    return all.sort()
  })
  return shares.map((share) => sorted.map((all) => all[Math.min(all.length - 1, Math.ceil(all.length * share))] ?? 0))
}

const BATCH = 100
function runFloats(
  net: SequentialNet,
  weights: SequentialWeights,
  { values, labels }: ByteRows,
  engine: Engine,
  use: (values: readonly Float32Array[], from: number, count: number) => void,
): void {
  const { values: nodes } = floatsOf(net, BATCH)
  const outputs = Object.fromEntries(nodes.map((node, i) => [`value_${i}`, node]))
  const { memory, run } = compileGraph({ name: "floats", outputs }, engine)
  for (const [name, data] of Object.entries(weights)) memory[name]!.set(data)
  const [size, x] = [sizeOf(net.shape), memory["x"] as Float32Array]
  for (let from = 0; from < labels.length; from += BATCH) {
    const count = Math.min(BATCH, labels.length - from)
    for (let i = 0; i < count * size; i++) x[i] = values[from * size + i]! * net.inputScale
    run()
    use(
      nodes.map((_, i) => memory[`value_${i}`] as Float32Array),
      from,
      count,
    )
  }
}
