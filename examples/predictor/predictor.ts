/**
 * A byte predictor with four things to do: `step` tells it a byte, `predict` asks what comes next, `learn` takes one step of
 * gradient descent on a window of T bytes, `reset` forgets what was told. Run it: node examples/predictor/predictor.ts
 */
import { stream } from "@open-brains/core/base/random.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { EntryGraphs, Net } from "@open-brains/core/graph/dims_text.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { classCrossEntropy } from "@open-brains/core/nn/cross_entropy.ts"
import { gru, type Recurrent } from "@open-brains/core/nn/gru.ts"
import { softmax } from "@open-brains/core/nn/softmax.ts"
import { type OpenNet, openNet } from "@open-brains/core/run/net.ts"
import { gradients } from "@open-brains/core/train/gradient.ts"

const [WIDTH, BYTES, WINDOW_MAX] = [24, 256, 64]

function entriesOf(T: number): EntryGraphs {
  const hidden = op.weight("hidden", "f32", [1, WIDTH]) // the state that `step` moves
  const table = op.weight("table", "f32", [BYTES, WIDTH])
  const out = op.weight("out", "f32", [WIDTH, BYTES])
  const read = (bytes: Node): Recurrent =>
    gru(op.reshape(op.take(table, bytes), [bytes.shape[0]!, 1, WIDTH]), "gru", { hidden: WIDTH, initial: hidden })

  const one = read(op.input("byte", "u8", [1]))
  const window = op.input("bytes", "u8", [T + 1])
  const { y, last, weights } = read(op.slice(window, [0], [T]))
  const logits = op.matmul(op.reshape(y, [T, WIDTH]), out)
  const loss = op.multiply(
    classCrossEntropy(logits, op.slice(window, [1], [T + 1])),
    op.fill(1 / T, { dtype: "f32", shape: [1, 1] }),
  )

  const learning = [table, out, ...weights]
  const slopes = gradients(loss, learning)
  const rate = op.input("rate", "f32", [1, 1])
  const learnt = learning.map((each, i) => ({
    weight: each,
    value: op.subtract(each, op.multiply(op.broadcastLike(rate, each), slopes[i]!)),
  }))
  const next = (state: Node): Node => softmax(op.matmul(state, out))
  return {
    step: { outputs: { probability: next(one.last) }, updates: [{ weight: hidden, value: one.last }] },
    predict: { outputs: { probability: next(hidden) } },
    learn: { outputs: { loss }, updates: [...learnt, { weight: hidden, value: last }] },
    reset: { outputs: {}, updates: [{ weight: hidden, value: op.fill(0, hidden) }] },
  }
}

/** Everything but the hidden state is drawn, ±0.5, so that two runs begin alike. */
function firstWeights(): Parameters<typeof openNet>[1] {
  const { weights } = gru(op.input("x", "f32", [1, 1, WIDTH]), "gru", { hidden: WIDTH })
  const all = [op.weight("table", "f32", [BYTES, WIDTH]), op.weight("out", "f32", [WIDTH, BYTES]), ...weights]
  return Object.fromEntries(
    all.map(({ attributes: { name, dtype, shape } }, purpose) => {
      const random = stream(1, "initialise", purpose)
      const length = shape.reduce((product, side) => product * side, 1)
      return [name, { dtype, shape, data: Float32Array.from({ length }, (_, i) => random.uniform(i) - 0.5) }]
    }),
  )
}

/** What `learn` changes is the state, with a version each: another version would be another meaning of the numbers. */
const STATE = Object.fromEntries(["hidden", ...Object.keys(firstWeights())].map((name) => [name, 1]))
export const PREDICTOR: Net = { maxima: { T: WINDOW_MAX }, state: STATE, at: ({ T }) => entriesOf(T!) }

export const openPredictor = (engine = wasmEngine): OpenNet => openNet(PREDICTOR, firstWeights(), engine)

/** Learns a text in windows of any length up to 64; gives the mean loss of the last pass in bits a byte. */
export function learn(net: OpenNet, text: string, passes: number, window = 32): number {
  const bytes = new TextEncoder().encode(text)
  let nats = 0
  for (let pass = 0; pass < passes; pass++) {
    net.call("reset")
    nats = 0
    for (let from = 0; from + 1 < bytes.length; from += window) {
      const T = Math.min(window, bytes.length - 1 - from)
      const given = { bytes: bytes.slice(from, from + T + 1), rate: Float32Array.of(0.5) }
      nats += T * net.call("learn", given, { T })["loss"]![0]!
    }
  }
  return nats / (bytes.length - 1) / Math.LN2
}

/** Goes on with a text, the likeliest byte each time. */
export function goOn(net: OpenNet, prompt: string, count: number): string {
  net.call("reset")
  const told = [...new TextEncoder().encode(prompt)]
  for (const byte of told) net.call("step", { byte: Uint8Array.of(byte) })
  for (let i = 0; i < count; i++) {
    const chances = net.call("predict")["probability"]!
    const next = chances.indexOf(Math.max(...chances))
    told.push(next)
    net.call("step", { byte: Uint8Array.of(next) })
  }
  return new TextDecoder().decode(Uint8Array.from(told))
}

if (import.meta.main) {
  const net = openPredictor()
  const text = "the cat sat on the mat. the cat saw the rat. "
  for (const passes of [1, 20, 100]) console.log(`${learn(net, text, passes).toFixed(2)} bits a byte`)
  console.log(goOn(net, "the c", 30))
  const [before, digest] = [net.snapshot(), net.digest()]
  learn(net, "something else altogether", 50)
  net.undo(Math.min(100, net.undoable()))
  console.log(net.digest() === digest ? "undone to the bit" : "this cannot be")
  net.restore(before)
}
