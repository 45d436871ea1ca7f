/** Ours, on the engine that is named: one program is the whole step, weights stay in its memory. */
import { compileGraph } from "@open-brains/core/compile.ts"
import { fill, input, larger, multiply, subtract, weight } from "@open-brains/core/graph/operations.ts"
import { crossEntropy } from "@open-brains/core/nn/cross_entropy.ts"
import { linear } from "@open-brains/core/nn/linear.ts"
import { gradients } from "@open-brains/core/train/gradient.ts"
import { engineNamed } from "../engines.ts"
import { BATCH, batches, CLASSES, firstWeights, INPUTS, RATE, SHAPES, timeTraining } from "./network.ts"

const [seconds, name] = process.argv.slice(2)
const [x, y] = [input("x", "f32", [BATCH, INPUTS]), input("y", "f32", [BATCH, CLASSES])]
const [w1, b1, w2, b2] = (["w1", "b1", "w2", "b2"] as const).map((each) => weight(each, "f32", SHAPES[each]))
const weights = [w1!, b1!, w2!, b2!]
const hidden = linear(x, w1!, b1!)
const logits = linear(larger(hidden, fill(0, hidden)), w2!, b2!)
const total = crossEntropy(logits, y)
const loss = multiply(total, fill(1 / BATCH, total))
const slopes = gradients(loss, weights)
const updates = weights.map((each, i) => ({
  weight: each,
  value: subtract(each, multiply(fill(RATE, each), slopes[i]!)),
}))
const { memory, run } = compileGraph({ name: "mlp", outputs: { loss }, updates }, engineNamed(name))
for (const [each, values] of Object.entries(firstWeights())) (memory[each] as Float32Array).set(values)

const data = batches()
const [xs, ys] = [memory["x"] as Float32Array, memory["y"] as Float32Array]
const training = await timeTraining(
  (batch) => {
    xs.set(data[batch]!.x)
    ys.set(data[batch]!.y)
    run()
    return memory["loss"]![0]!
  },
  (found) => found,
  () => {},
  () => {},
  Number(seconds),
)
console.log(JSON.stringify(training))
