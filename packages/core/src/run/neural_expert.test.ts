import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { carriedBy, faultOfExpert } from "../mix/expert.ts"
import { harnessOptions, scribeExperts } from "../mix/scribe.ts"
import { quantiseByteNet } from "../quantise/byte_net.ts"
import { BYTE_RECIPE, trainBytes } from "../train/bytes.ts"
import { byteNetTensorsOf, type Tensors } from "./byte_net.ts"
import { narrowNeuralExpert } from "./narrow_neural.ts"
import { neuralExpert } from "./neural_expert.ts"
import { openPredictor, type Predictor } from "./predictor.ts"

const TEXT = new TextEncoder().encode("the cat sat on the mat; the rat ate the oat. ".repeat(20))
const RECIPE = { ...BYTE_RECIPE, features: 6, hidden: 16, batch: 4, steps: 10, updates: 300, rate: 0.02 }
function learnt(): Tensors {
  const run = trainBytes(TEXT, RECIPE, 1, wasmEngine)
  for (let next = run.next(); ; next = run.next())
    if (next.done) return byteNetTensorsOf(quantiseByteNet(next.value.weights, next.value.rowOf, next.value.rows))
}
const TENSORS = learnt()
const shape = { memoryBytes: 2 ** 16 }
const options = harnessOptions(shape)
const net = (isLean: boolean) => neuralExpert(TENSORS, { historyBytes: options.historyBytes, isLean })
const opened = (isLean = false, engine = wasmEngine): Predictor =>
  openPredictor([...scribeExperts(shape), net(isLean)], options, engine)

test("a net keeps the contract of experts, and carries its state from byte to byte", () => {
  expect(faultOfExpert(net(false).program)).toBeUndefined()
  expect(carriedBy(net(false).program)).toEqual(expect.arrayContaining(["net_h", "net_frequencies", "net_tree"]))
})
test("text like what it learnt costs less with it", () => {
  const text = TEXT.subarray(0, 60)
  const without = openPredictor(scribeExperts(shape), options, wasmEngine).read(text, { learns: true })
  expect(opened().read(text, { learns: true })).toBeLessThan(without * 0.8)
})
test("what was only tried is taken back from it too", () => {
  const predictor = opened()
  predictor.read(TEXT.subarray(0, 50), { learns: true })
  const before = [predictor.state(), predictor.distribution()]
  const mark = predictor.mark()
  predictor.read(TEXT.subarray(3, 20), { learns: false })
  predictor.rewind(mark)
  expect([predictor.state(), predictor.distribution()]).toEqual(before)
})
test("lean or not, in the interpreter or not: the same bits", () => {
  const text = TEXT.subarray(0, 40)
  const all = [opened(), opened(true), opened(false, interpreterEngine), opened(true, interpreterEngine)]
  const bits = all.map((predictor) => predictor.read(text, { learns: true }))
  expect(new Set(bits).size).toBe(1)
  expect(all[3]!.distribution()).toEqual(all[0]!.distribution())
})
test("in the least memory: the same bits, and the same whole distribution", () => {
  const narrow = narrowNeuralExpert(TENSORS, { historyBytes: options.historyBytes, isExact: true })
  expect(faultOfExpert(narrow.program)).toBeUndefined()
  const text = TEXT.subarray(0, 60)
  const [wide, wasm, judge] = [
    opened(),
    openPredictor([...scribeExperts(shape), narrow], options, wasmEngine),
    openPredictor([...scribeExperts(shape), narrow], options, interpreterEngine),
  ]
  const bits = [wide, wasm, judge].map((predictor) => predictor.read(text, { learns: true }))
  expect(new Set(bits).size).toBe(1)
  expect(wasm!.distribution()).toEqual(wide!.distribution())
  expect(judge!.distribution()).toEqual(wide!.distribution())
})
test("products that see half of the state cost next to nothing, and are the same on both engines", () => {
  const bitsOf = (isExact: boolean, engine = wasmEngine): number => {
    const narrow = narrowNeuralExpert(TENSORS, { historyBytes: options.historyBytes, isExact })
    expect(faultOfExpert(narrow.program)).toBeUndefined()
    return openPredictor([...scribeExperts(shape), narrow], options, engine).read(TEXT.subarray(0, 60), {
      learns: true,
    })
  }
  const [exact, half] = [bitsOf(true), bitsOf(false)]
  expect(half).not.toBe(exact)
  expect(Math.abs(half - exact)).toBeLessThan(0.05 * exact)
  expect(bitsOf(false, interpreterEngine)).toBe(half)
})
