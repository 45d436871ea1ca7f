import { stream } from "../../base/random.ts"
import { sizeOf } from "../../base/shape.ts"
import type { Dims } from "../../graph/dims.ts"
import type { EntryGraphs, Net } from "../../graph/dims_text.ts"
import type { Node } from "../../graph/graph.ts"
import {
  broadcast,
  broadcastLike,
  convert,
  equal,
  fill,
  input,
  iota,
  matmul,
  multiply,
  reshape,
  slice,
  subtract,
  take,
  weight,
} from "../../graph/operations.ts"
import { crossEntropy } from "../../nn/cross_entropy.ts"
import { gru, type Recurrent } from "../../nn/gru.ts"
import { softmax } from "../../nn/softmax.ts"
import { gradients } from "../../train/gradient.ts"
import type { Tensors } from "../state.ts"

const [WIDTH, BYTES, WINDOW_MAX] = [8, 256, 64]

/**
 * Predicts the next byte: h ← gru(table[byte], h), p = softmax(h · out). `learn` takes one step of gradient descent on
 * the mean loss of a window of T bytes, whose T + 1 are each told before the next is asked for.
 */
export const PREDICTOR: Net = {
  maxima: { T: WINDOW_MAX },
  state: Object.fromEntries(
    ["hidden", ...weightsOf().map(({ attributes }) => attributes.name)].map((name) => [name, 1]),
  ),
  at: ({ T }) => entriesOf(T!),
}

function entriesOf(T: number): EntryGraphs {
  const [hidden, table, out] = [
    weight("hidden", "f32", [1, WIDTH]),
    weight("table", "f32", [BYTES, WIDTH]),
    weight("out", "f32", [WIDTH, BYTES]),
  ]
  const told = (bytes: Node): Recurrent =>
    gru(reshape(take(table, bytes), [bytes.shape[0]!, 1, WIDTH]), "gru", { hidden: WIDTH, initial: hidden })
  const one = told(input("byte", "u8", [1]))
  const bytes = input("bytes", "u8", [T + 1])
  const window = told(slice(bytes, [0], [T]))
  const logits = matmul(reshape(window.y, [T, WIDTH]), out)
  const mean = fill(1 / T, { dtype: "f32", shape: [1, 1] })
  const loss = multiply(crossEntropy(logits, oneHot(slice(bytes, [1], [T + 1]))), mean)
  const learning = [table, out, ...window.weights]
  const slopes = gradients(loss, learning)
  const rate = input("rate", "f32", [1, 1])
  const learnt = learning.map((each, i) => ({
    weight: each,
    value: subtract(each, multiply(broadcastLike(rate, each), slopes[i]!)),
  }))
  return {
    step: { outputs: { probability: softmax(matmul(one.last, out)) }, updates: [{ weight: hidden, value: one.last }] },
    predict: { outputs: { probability: softmax(matmul(hidden, out)) } },
    learn: { outputs: { loss }, updates: [...learnt, { weight: hidden, value: window.last }] },
    reset: { outputs: {}, updates: [{ weight: hidden, value: fill(0, hidden) }] },
  }
}

function oneHot(bytes: Node): Node {
  const rows = bytes.shape[0]!
  const given = broadcast(reshape(convert(bytes, "i32"), [rows, 1]), 1, BYTES)
  return convert(equal(iota([rows, BYTES], 1), given), "f32")
}

/** What is learnt. */
function weightsOf(): readonly Node<"weight">[] {
  const { weights } = gru(input("x", "f32", [1, 1, WIDTH]), "gru", { hidden: WIDTH })
  return [weight("table", "f32", [BYTES, WIDTH]), weight("out", "f32", [WIDTH, BYTES]), ...weights]
}
export function predictorWeights(seed: number): Tensors {
  const tensors = weightsOf().map(({ attributes: { name, dtype, shape } }, purpose) => {
    const random = stream(seed, "initialise", purpose)
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => random.uniform(i) - 0.5)
    return [name, { dtype, shape, data }] as const
  })
  return Object.fromEntries(tensors)
}

/** The net that knows no dims: built for one T alone. */
export const predictorFor = (dims: Dims): Net => ({ maxima: {}, state: PREDICTOR.state, at: () => PREDICTOR.at(dims) })
