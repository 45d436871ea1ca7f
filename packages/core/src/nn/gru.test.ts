import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { bytesOf } from "../base/dtype.ts"
import { stream } from "../base/random.ts"
import { sizeOf } from "../base/shape.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import { input, multiply, weight } from "../graph/operations.ts"
import { evaluate, type Given, gradientError } from "../graph/testing/evaluate.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { gradients } from "../train/gradient.ts"
import { compileStep } from "../train/step.ts"
import { crossEntropy } from "./cross_entropy.ts"
import { gru, type Recurrent } from "./gru.ts"
import { linear } from "./linear.ts"
import { minGru } from "./mingru.ts"

const LAYERS = { gru, minGru }
const [T, B, D, H] = [5, 2, 3, 4]
const x = input("x", "f32", [T, B, D])
const initial = input("initial", "f32", [B, H])

/** Numbers in −1 … 1 for every leaf. */
function draw(nodes: readonly Node[], seed = SEED): Given {
  const leaves = inOrder(nodes).filter((node) => isNode(node, "input") || isNode(node, "weight"))
  return Object.fromEntries(
    leaves.map(({ attributes: { name, shape } }, n) => {
      const random = stream(seed, "mix", n)
      return [name, Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(random.uniform(i) * 2 - 1))]
    }),
  )
}
const sigma = (a: number): number => 1 / (1 + Math.exp(-a))

/** By the formula, one number at a time. */
const BY_HAND = {
  gru(given: Given): readonly number[][] {
    const at = (name: string, j: number, from: readonly number[]): number =>
      from.reduce((sum, value, i) => sum + value * given[`layer_${name}`]![i * H + j]!, 0)
    const gate = (part: string, j: number, now: readonly number[]): number =>
      at(part, j, now) + given[`layer_${part}_bias`]![j]!
    return overTime(given, (h, now) =>
      h.map((old, j) => {
        const r = sigma(gate("reset", j, now) + at("reset_state", j, h))
        const z = sigma(gate("update", j, now) + at("update_state", j, h))
        const state = at("new_state", j, h) + given["layer_new_state_bias"]![j]!
        return (1 - z) * Math.tanh(gate("new", j, now) + r * state) + z * old
      }),
    )
  },
  minGru(given: Given): readonly number[][] {
    const gate = (part: string, j: number, now: readonly number[]): number =>
      now.reduce((sum, v, i) => sum + v * given[`layer_${part}`]![i * H + j]!, given[`layer_${part}_bias`]![j]!)
    return overTime(given, (h, now) =>
      h.map(
        (old, j) => (1 - sigma(gate("update", j, now))) * old + sigma(gate("update", j, now)) * gate("new", j, now),
      ),
    )
  },
}
function overTime(
  given: Given,
  step: (h: readonly number[], x: readonly number[]) => readonly number[],
): readonly number[][] {
  let rows = Array.from({ length: B }, (_, b): readonly number[] => given["initial"]!.slice(b * H, (b + 1) * H))
  return Array.from({ length: T }, (_, t) => {
    rows = rows.map((h, b) => step(h, given["x"]!.slice((t * B + b) * D, (t * B + b + 1) * D)))
    return rows.flat()
  })
}

for (const [name, layer] of Object.entries(LAYERS)) {
  const make = (options = {}): Recurrent => layer(x, "layer", { hidden: H, initial, ...options })
  test(`${name}: every step is that of the paper`, () => {
    const { y, last } = make()
    const given = draw([y])
    const found = evaluate({ y, last }, given, { float: "f64" })
    const wanted = BY_HAND[name as keyof typeof LAYERS](given)
    expect(Math.max(...wanted.flat().map((value, i) => Math.abs(value - found["y"]![i]!)))).toBeLessThan(1e-7)
    expect(found["last"]).toEqual(found["y"]!.slice(-B * H))
  })
  test(`${name}: gradients by all weights, x and the first state, whatever is saved (SEED=${SEED})`, () => {
    for (const options of [{}, { reverse: true }, { save: 2 }, { save: 1, reverse: true }]) {
      const { y, last, weights } = make(options)
      const given = draw([y])
      const direction = draw([input("dy", "f32", y.shape)])["dy"]!
      expect(inOrder([y]).filter((node) => isNode(node, "weight"))).toEqual(expect.arrayContaining([...weights]))
      expect(gradientError(y, given, direction)).toBeLessThan(1e-7)
      expect(gradientError(last, given, direction.slice(0, B * H))).toBeLessThan(1e-7)
    }
  })
}

test("no step of the way back adds to a matrix: its slope is one product after the loop", () => {
  const { y, weights, decaying } = gru(x, "layer", { hidden: H })
  const slopes = gradients(multiply(y, y), weights)
  const products = weights.filter((_, i) => slopes[i]!.operation === "matmul")
  expect(products).toEqual(decaying)
})

/** Which of two symbols came first, to be told after all others. */
function memoryTask(engine: Engine, steps: number): { readonly weights: string; readonly losses: readonly number[] } {
  const [time, batch, hidden] = [10, 16, 12]
  const symbols = input("x", "f32", [time, batch, 2])
  const target = input("target", "f32", [batch, 2])
  const { last, weights, decaying } = gru(symbols, "layer", { hidden })
  const head = weight("head", "f32", [hidden, 2])
  const loss = crossEntropy(linear(last, head), target)
  const scalars = ["rate", "secondCorrection", "decay", "averageRate"] as const
  const adam = Object.fromEntries(scalars.map((name) => [name, input(name, "f32", [1, 1])]))
  const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
  const learnt = [...weights, head]
  const { memory, run } = compileStep(loss, learnt, adam as never, options, decaying, engine)
  learnt.forEach(({ attributes: { name } }, n) => {
    const random = stream(7, "initialise", n)
    const { length } = memory[name]!
    memory[name]!.set(Array.from({ length }, (_, i) => (random.uniform(i) - 0.5) * (name.includes("bias") ? 0 : 1)))
  })
  memory["averageRate"]![0] = 1
  const losses = Array.from({ length: steps }, (_, n) => {
    const random = stream(7, "shuffle", n)
    for (let i = 0; i < time * batch; i++) memory["x"]!.set(random.uniform(i) < 0.5 ? [1, 0] : [0, 1], 2 * i)
    memory["target"]!.set(memory["x"]!.slice(0, 2 * batch))
    memory["rate"]![0] = 0.02 / (1 - 0.9 ** (n + 1))
    memory["secondCorrection"]![0] = 1 / (1 - 0.999 ** (n + 1))
    run()
    return memory["loss"]![0]! / batch / Math.LN2
  })
  const bytes = learnt.flatMap(({ attributes: { name } }) => [...bytesOf(memory[name]!)])
  return { weights: digest(Uint8Array.from(bytes)), losses }
}
test("a GRU learns to remember what came first", () => {
  const { losses, weights } = memoryTask(wasmEngine, 200)
  expect(losses[0]).toBeGreaterThan(0.9)
  expect(Math.max(...losses.slice(-10))).toBeLessThan(0.05)
  expect(memoryTask(wasmEngine, 200).weights).toBe(weights)
})
test("its weights are those of the judge, to the bit", () => {
  expect(memoryTask(wasmEngine, 3)).toEqual(memoryTask(interpreterEngine, 3))
})
