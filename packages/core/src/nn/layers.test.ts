import { expect, test } from "vitest"
import { input } from "../graph/operations.ts"
import { resultOf } from "../graph/testing/evaluate.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { crossEntropy } from "./cross_entropy.ts"
import { embeddingBag } from "./embedding_bag.ts"
import { linear } from "./linear.ts"
import { expectGradient } from "./testing/gradient.ts"
import { textClassifier } from "./text_classifier.ts"

const [x, target] = [input("x", "f32", [2, 3]), input("target", "f32", [2, 3])]
const layer = linear(x, input("w", "f32", [3, 2]), input("b", "f32", [1, 2]))
test("linear: rows times a matrix, and a bias for each column", () => {
  expect(resultOf(layer, { x: [1, 2, 3, 0, 0, 0], w: [1, 10, 2, 20, 3, 30], b: [0.5, -1] })).toEqual([
    14.5, 139, 0.5, -1,
  ])
  expect(() => linear(x, input("w", "f32", [2, 2]), input("b", "f32", [1, 2]))).toThrow("OB314")
  expect(() => linear(x, input("w", "f32", [3, 2]), input("b", "f32", [1, 3]))).toThrow("OB312")
})
test(`linear: gradients (SEED=${SEED})`, () => expectGradient(layer))

const bag = embeddingBag(
  input("table", "f32", [4, 2]),
  input("slots", "u16", [2, 3]),
  input("count", "i32", [2, 1]),
  input("scale", "f32", [2, 1]),
)
test("embedding bag: the sum of the counted rows, scaled; a slot beyond the table is its last row", () => {
  const given = {
    table: [1, 2, 10, 20, 100, 200, 1000, 2000],
    slots: [0, 1, 9, 2, 2, 0],
    count: [3, 2],
    scale: [0.5, 2],
  }
  expect(resultOf(bag, given)).toEqual([505.5, 1011, 400, 800])
  expect(resultOf(bag, { ...given, count: [0, -1] })).toEqual([0, 0, 0, 0])
  expect(resultOf(bag, { ...given, count: [1, 99] })).toEqual([0.5, 1, 402, 804])
})
test(`embedding bag: gradients (SEED=${SEED})`, () => expectGradient(bag))

const loss = crossEntropy(x, target)
test("cross entropy: −ln of the probability given to what happened, summed over the batch", () => {
  const probability = Math.exp(2) / (Math.exp(1) + Math.exp(2) + Math.exp(3))
  const [found] = resultOf(loss, { x: [1, 2, 3, 0, 0, 0], target: [0, 1, 0, 0, 0, 1] })
  expect(found).toBeCloseTo(-Math.log(probability) + Math.log(3), 5)
})
test("cross entropy: a row without a target counts nothing, huge logits overflow nothing", () => {
  expect(resultOf(loss, { x: [1e30, -1e30, 5, 9, 9, 9], target: [1, 0, 0, 0, 0, 0] })).toEqual([0])
  expect(resultOf(loss, { x: [1e38, -1e38, 0, 3e38, 0, 0], target: [0, 0, 0, 0, 0, 0] })).toEqual([0])
  expect(resultOf(loss, { x: [0, 1000, 0, 0, 0, 0], target: [1, 0, 0, 0, 0, 0] })).toEqual([1000])
})
test(`cross entropy: gradients by logits and by targets (SEED=${SEED})`, () => expectGradient(loss))

test(`text classifier: gradients of the whole loss by all weights (SEED=${SEED})`, () => {
  const net = textClassifier({ batch: 2, gramsMax: 3, buckets: 5, dims: 3, labels: 4 })
  expect(net.weights.map(({ attributes }) => attributes.name)).toEqual(["table", "linear", "bias"])
  expect(net.decaying).toEqual([net.weights[0]])
  expectGradient(net.loss)
})
