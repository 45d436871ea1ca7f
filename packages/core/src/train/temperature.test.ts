import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { compileGraph } from "../compile.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { input, softmaxBits } from "../graph/operations.ts"
import { TEMPERATURE_ONE } from "../graph/temperature.ts"
import { calibrated } from "../quantise/classifier.ts"
import { chooseTemperature, type Judged } from "./temperature.ts"

const LABELS = 3
/** Texts whose label is drawn from softmax of the logits; what the classifier says is that times `boldness`. */
function drawn(count: number, boldness: number): readonly Judged[] {
  const random = stream(1, "mix", 9)
  return Array.from({ length: count }, (_, i) => {
    const bits = Array.from({ length: LABELS }, (_, c) => 6 * random.uniform(4 * i + c) - 3)
    const weights = bits.map((each) => 2 ** each)
    const at = random.uniform(4 * i + 3) * weights.reduce((a, b) => a + b)
    const expected = weights.findIndex((_, c) => weights.slice(0, c + 1).reduce((a, b) => a + b) > at)
    return {
      logits: Int16Array.from(bits, (each) => Math.round(256 * boldness * each)),
      expected: Math.max(0, expected),
    }
  })
}

test("a classifier that claims too much is cooled down, one that claims too little warmed up, to within the noise", () => {
  for (const boldness of [0.5, 1, 2]) {
    const factor = chooseTemperature(drawn(4000, boldness), wasmEngine) / TEMPERATURE_ONE
    expect(Math.abs(Math.log2(factor * boldness))).toBeLessThan(0.15)
  }
})
test("few texts move it little: a handful that was all right makes nothing certain", () => {
  const right = Array.from({ length: 3 }, (): Judged => ({ logits: Int16Array.of(512, 0, 0), expected: 0 }))
  const factor = chooseTemperature(right, wasmEngine) / TEMPERATURE_ONE
  expect(factor).toBeGreaterThan(1)
  expect(factor).toBeLessThan(1.6)
  expect(
    chooseTemperature(Array.from({ length: 50 }, () => right).flat(), wasmEngine) / TEMPERATURE_ONE,
  ).toBeGreaterThan(3)
  expect(chooseTemperature([], wasmEngine)).toBe(TEMPERATURE_ONE)
})
test("the same choice on another engine", () => {
  const some = drawn(40, 2)
  expect(chooseTemperature(some, interpreterEngine)).toBe(chooseTemperature(some, wasmEngine))
})
test("a factor of 1 is no factor, whatever the logits; a larger one saturates and never wraps", () => {
  const logits = input("logits", "i16", [1, 4])
  const outputs = { plain: softmaxBits(logits), scaled: calibrated(logits, input("temperature", "i32", [1, 1])) }
  const { memory, run } = compileGraph({ name: "both", outputs }, interpreterEngine)
  const give = (factor: number, ...values: readonly number[]): readonly (readonly number[])[] => {
    memory["temperature"]![0] = factor
    memory["logits"]!.set(values)
    run()
    return [memory["plain"]!, memory["scaled"]!].map((each) => [...each])
  }
  for (const values of [
    [-32768, 32767, 0, 1],
    [5, 4, 3, 2],
    [-1, -2, -32768, 32767],
    [700, 701, -9, 650],
  ]) {
    const [plain, scaled] = give(TEMPERATURE_ONE, ...values)
    expect(scaled).toEqual(plain)
  }
  expect(give(32767, 32767, 20000, -32768, 0)[1]).toEqual([32768, 32768, 0, 0])
})
