import { expect, test } from "vitest"
import { Refusal } from "../base/problem.ts"
import { stream } from "../base/random.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { windowsOf } from "../nn/convolution.ts"
import { fitSeeds, fitSequential, integerAnswers, rightShare } from "./fit_sequential.ts"
import { type ByteRows, floatAnswers, reachesOf, type SequentialNet, trainSequential } from "./sequential.ts"

/** Rows of 6 bytes with a hill of three; where its middle is, 1 … 4 less 1, is the label. */
function hills(count: number, from: number): ByteRows {
  const random = stream(1, "draw", from)
  const labels = Uint8Array.from({ length: count }, (_, i) => random.below(i, 4))
  const values = new Uint8Array(count * 6)
  for (const [i, label] of labels.entries())
    for (let x = 0; x < 6; x++) {
      const height = x === label + 1 ? 200 : x === label || x === label + 2 ? 100 : 0
      values[i * 6 + x] = height + random.below(1000 + i * 6 + x, 50)
    }
  return { values, labels }
}
const NET: SequentialNet = {
  shape: [6, 1],
  inputScale: 1 / 255,
  levels: 255,
  layers: [
    { kind: "convolution", name: "seen", outputs: 4, windows: windowsOf([3], { padding: "same" }) },
    { kind: "relu" },
    { kind: "maxPool", windows: windowsOf([2], { stride: [2] }) },
    { kind: "flatten" },
    { kind: "dense", name: "out", outputs: 4 },
  ],
}
const RECIPE = { epochs: 12, batch: 20, rate: 0.03, weightDecay: 0.001, averageDecay: 0.9 }
const ROWS = { learn: hills(400, 1), choose: hills(200, 2) }
const test200 = hills(200, 3)

function learn(net: SequentialNet, engine: Engine, recipe = RECIPE, rows = ROWS.learn) {
  const training = trainSequential(net, rows, recipe, 1, engine)
  for (;;) {
    const { done, value } = training.next()
    if (done) return value
  }
}

test("it learns, and integers of eight bits and of four answer as the floats do", () => {
  for (const levels of [255, 15] as const) {
    const fitted = fitSequential({ ...NET, levels }, ROWS, RECIPE, 1, wasmEngine)
    const floats = floatAnswers(fitted.net, fitted.weights, test200, wasmEngine)
    const integers = integerAnswers(fitted, test200, wasmEngine)
    expect([levels, rightShare(floats, test200) > 0.97]).toEqual([levels, true])
    expect([levels, rightShare(integers, test200) > 0.97]).toEqual([levels, true])
    expect(integers.filter((answer, i) => answer !== floats[i]).length).toBeLessThan(5)
  }
})
test("the weights are the same bits on every engine, and others for another seed", () => {
  const [short, rows] = [{ ...RECIPE, epochs: 1 }, hills(60, 4)]
  const [wasm, judge] = [learn(NET, wasmEngine, short, rows), learn(NET, interpreterEngine, short, rows)]
  expect(wasm).toEqual(judge)
  expect(Object.keys(wasm)).toEqual(["seen", "seen_bias", "out", "out_bias"])
  const { fitted, best } = fitSeeds(NET, ROWS, short, [1, 2, 3], wasmEngine)
  expect(fitted[0]!.weights["seen"]).not.toEqual(fitted[1]!.weights["seen"])
  const shares = fitted.map(({ right }) => right.integer)
  expect(shares[best]).toBe(Math.max(...shares))
})
test("what values reach is their largest, and less for a smaller share of them", () => {
  const weights = learn(NET, wasmEngine, { ...RECIPE, epochs: 1 })
  const [all, most] = reachesOf(NET, weights, ROWS.learn, [1, 0.9], wasmEngine)
  expect(all).toHaveLength(NET.layers.length)
  all!.forEach((reach, i) => {
    expect(most![i]!).toBeLessThan(reach)
  })
  expect(all![2]).toBe(all![1]) // the largest of a window is the largest of all
})
test("a net of four bits is learnt, and runs in floats, from weights on its grid", () => {
  const short = { ...RECIPE, epochs: 1 }
  const weights = learn({ ...NET, levels: 15 }, wasmEngine, short)
  expect(weights["out"]).not.toEqual(learn(NET, wasmEngine, short)["out"])
  const columns = 4
  const gridded = Object.fromEntries(
    Object.entries(weights).map(([name, values]) => {
      if (name.endsWith("_bias")) return [name, values]
      const steps = Array.from({ length: columns }, (_, c) =>
        Math.fround(Math.max(...values.filter((_, i) => i % columns === c).map(Math.abs)) * Math.fround(1 / 7)),
      )
      return [name, values.map((v, i) => Math.floor(Math.fround(v / steps[i % columns]! + 0.5)) * steps[i % columns]!)]
    }),
  )
  const [coarse, fine] = [{ ...NET, levels: 15 as const }, NET].map((net, i) =>
    reachesOf(net, i === 0 ? weights : gridded, ROWS.learn, [1], wasmEngine),
  )
  coarse![0]!.forEach((reach, i) => {
    expect(reach).toBeCloseTo(fine![0]![i]!, 4)
  })
})
test("a loss beyond all numbers ends it", () => {
  expect(() => learn(NET, wasmEngine, { ...RECIPE, rate: 1e38 })).toThrow(Refusal)
})
