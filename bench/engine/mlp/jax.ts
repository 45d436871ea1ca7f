/** jax-js on its WebAssembly device: the whole step under one `jit`. In Node it has one thread. */
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax"
import { batches, firstWeights, RATE, SHAPES, timeTraining } from "./network.ts"

type Parameters = { readonly w1: np.Array; readonly b1: np.Array; readonly w2: np.Array; readonly b2: np.Array }

await init("wasm")
defaultDevice("wasm")

function lossOf({ w1, b1, w2, b2 }: Parameters, x: np.Array, y: np.Array): np.Array {
  const hidden = nn.relu(np.matmul(x, w1).add(b1))
  const logits = np.matmul(hidden, w2).add(b2)
  return nn.logSoftmax(logits, 1).mul(y).sum(1).mean().neg()
}
const step = jit((p: Parameters, x: np.Array, y: np.Array) => {
  const [loss, slope] = valueAndGrad(lossOf)({ w1: p.w1.ref, b1: p.b1.ref, w2: p.w2.ref, b2: p.b2.ref }, x, y)
  const down = (weight: np.Array, by: np.Array): np.Array => weight.sub(by.mul(RATE))
  const next = {
    w1: down(p.w1, slope.w1),
    b1: down(p.b1, slope.b1),
    w2: down(p.w2, slope.w2),
    b2: down(p.b2, slope.b2),
  }
  return [next, loss] as [typeof next, np.Array]
})

const first = firstWeights()
const array = (name: keyof typeof SHAPES): np.Array => np.array(first[name]).reshape([...SHAPES[name]])
let weights: Parameters = { w1: array("w1"), b1: array("b1"), w2: array("w2"), b2: array("b2") }
const data = batches().map(({ x, y }) => ({
  x: np.array(x).reshape([-1, first.w1.length / first.b1.length]),
  y: np.array(y).reshape([-1, first.b2.length]),
}))
const training = await timeTraining(
  (batch) => {
    const { x, y } = data[batch]!
    const [next, loss] = step(weights, x.ref, y.ref)
    weights = next
    return loss
  },
  async (loss) => (await loss.data())[0]!,
  (loss) => loss.dispose(),
  () => void weights.b2.ref.dataSync(),
  Number(process.argv[2]),
)
console.log(JSON.stringify(training))
