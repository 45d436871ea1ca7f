import { stream } from "../../base/random.ts"
import type { Dims } from "../../graph/dims.ts"
import type { EntryGraphs, Net } from "../../graph/dims_text.ts"
import type { Node } from "../../graph/graph.ts"
import {
  add,
  broadcast,
  broadcastLike,
  convert,
  equal,
  exp,
  fill,
  input,
  iota,
  less,
  matmul,
  multiply,
  reshape,
  select,
  slice,
  subtract,
  take,
  weight,
} from "../../graph/operations.ts"
import { crossEntropy } from "../../nn/cross_entropy.ts"
import { softmax } from "../../nn/softmax.ts"
import { gradients } from "../../train/gradient.ts"
import type { Tensors } from "../state.ts"

export const WIDTH = 8
export const WINDOW_MAX = 64
const [BYTES, LOG_DECAY] = [256, -0.25]
const f32 = { dtype: "f32" } as const

/**
 * Predicts the next byte from a state that fades: h ← λh + table[byte], p = softmax(h · out). `learn` takes one step of
 * gradient descent on a window of T bytes, whose states are one product: h[t] = Σ_{s ≤ t} λ^(t−s) x[s] + λ^(t+1) h.
 */
export const PREDICTOR: Net = {
  maxima: { T: WINDOW_MAX },
  state: { hidden: 1, table: 1, out: 1 },
  at: ({ T }) => entriesOf(T!),
}

function entriesOf(T: number): EntryGraphs {
  const [hidden, table, out] = [
    weight("hidden", "f32", [1, WIDTH]),
    weight("table", "f32", [BYTES, WIDTH]),
    weight("out", "f32", [WIDTH, BYTES]),
  ]
  const decayed = multiply(hidden, fill(Math.fround(0.7788008), hidden))
  const next = add(decayed, take(table, input("byte", "u8", [1])))
  const bytes = input("bytes", "u8", [T + 1])
  const states = statesOf(take(table, slice(bytes, [0], [T])), hidden)
  const target = oneHot(slice(bytes, [1], [T + 1]))
  const loss = multiply(crossEntropy(matmul(states, out), target), fill(1 / T, { ...f32, shape: [1, 1] }))
  const rate = input("rate", "f32", [1, 1])
  const slopes = gradients(loss, [table, out])
  const learnt = [table, out].map((each, i) => ({
    weight: each,
    value: subtract(each, multiply(broadcastLike(rate, each), slopes[i]!)),
  }))
  return {
    step: { outputs: { probability: softmax(matmul(next, out), 1) }, updates: [{ weight: hidden, value: next }] },
    predict: { outputs: { probability: softmax(matmul(hidden, out), 1) } },
    learn: {
      outputs: { loss },
      updates: [...learnt, { weight: hidden, value: slice(states, [T - 1, 0], [T, WIDTH]) }],
    },
    reset: { outputs: {}, updates: [{ weight: hidden, value: fill(0, hidden) }] },
  }
}

function statesOf(x: Node, first: Node): Node {
  const T = x.shape[0]!
  const ages = convert(subtract(iota([T, T], 0), iota([T, T], 1)), "f32")
  const fade = (age: Node): Node => exp(multiply(age, fill(LOG_DECAY, age)))
  const isPast = less(fill(-1, ages), ages)
  const weights = select(isPast, fade(ages), fill(0, ages))
  const since = add(convert(iota([T, 1], 0), "f32"), fill(1, { ...f32, shape: [T, 1] }))
  return add(matmul(weights, x), matmul(fade(since), first))
}
function oneHot(bytes: Node): Node {
  const places = iota([bytes.shape[0]!, BYTES], 1)
  return convert(equal(places, broadcast(reshape(convert(bytes, "i32"), [bytes.shape[0]!, 1]), 1, BYTES)), "f32")
}

export function predictorWeights(seed: number): Tensors {
  const random = (shape: readonly number[], purpose: number): Tensors[string] => {
    const words = stream(seed, "initialise", purpose)
    const data = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => words.uniform(i) - 0.5)
    return { dtype: "f32", shape, data }
  }
  return { table: random([BYTES, WIDTH], 0), out: random([WIDTH, BYTES], 1) }
}

/** The net that knows no dims: built for one T alone. */
export const predictorFor = (dims: Dims): Net => ({ maxima: {}, state: PREDICTOR.state, at: () => PREDICTOR.at(dims) })
