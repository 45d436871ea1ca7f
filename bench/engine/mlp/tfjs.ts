/** TensorFlow.js on its WebAssembly backend, which takes SIMD where it finds it; in Node it has one thread. */
import { registerHooks } from "node:module"
import * as tf from "@tensorflow/tfjs-core"
import "@tensorflow/tfjs-backend-wasm"
import { BATCH, batches, CLASSES, firstWeights, INPUTS, RATE, SHAPES, timeTraining } from "./network.ts"

// Its gradients stand in files whose imports lack the ".js" that Node wants; the package that bundles them is 220 MB more.
registerHooks({
  resolve(specifier, context, next) {
    const isBare = context.parentURL?.includes("/tfjs-core/dist/") && /^\.{1,2}\//.test(specifier)
    return next(isBare && !specifier.endsWith(".js") ? `${specifier}.js` : specifier, context)
  },
})
await import("@tensorflow/tfjs-core/dist/register_all_gradients.js")

await tf.setBackend("wasm")
await tf.ready()
if (tf.getBackend() !== "wasm") throw new Error(`the backend is ${tf.getBackend()}`)

const first = firstWeights()
const variable = (name: keyof typeof SHAPES): tf.Variable => tf.variable(tf.tensor(first[name], [...SHAPES[name]]))
const [w1, b1, w2, b2] = [variable("w1"), variable("b1"), variable("w2"), variable("b2")]
const data = batches().map(({ x, y }) => ({ x: tf.tensor2d(x, [BATCH, INPUTS]), y: tf.tensor2d(y, [BATCH, CLASSES]) }))
const lossOf = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Scalar => {
  const hidden = tf.relu(tf.add(tf.matMul(x, w1 as tf.Tensor2D), b1))
  const logits = tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2)
  return tf.losses.softmaxCrossEntropy(y, logits) as tf.Scalar
}
const optimiser = tf.train.sgd(RATE)

const training = await timeTraining(
  (batch) => {
    const { x, y } = data[batch]!
    return optimiser.minimize(() => lossOf(x, y), true)!
  },
  async (loss) => {
    const [value] = await loss.data()
    loss.dispose()
    return value!
  },
  (loss) => loss.dispose(),
  () => void b2.dataSync(),
  Number(process.argv[2]),
)
console.log(JSON.stringify(training))
