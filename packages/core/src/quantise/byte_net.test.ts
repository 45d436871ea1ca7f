import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { sizeOf } from "../base/shape.ts"
import { compileGraph, instantiate } from "../compile.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { input, weight } from "../graph/operations.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { byteModel } from "../nn/byte_net.ts"
import { byteNet, byteNetTensorsOf } from "../run/byte_net.ts"
import { type ByteNetFloats, quantiseByteNet } from "./byte_net.ts"

const SHAPE = { rows: 20, features: 8, hidden: 32 }
const STEPS = 60
const model = byteModel(SHAPE, input("tokens", "i32", [STEPS, 1]), weight("h", "f32", [1, SHAPE.hidden]))
const random = stream(SEED, "mix", 9)
const TEXT = Array.from({ length: STEPS }, (_, i) => random.below(i, SHAPE.rows))
const ROW_OF = Uint8Array.from({ length: 256 }, (_, byte) => Math.min(byte, SHAPE.rows - 1))

const floatsOf = (size: number): ByteNetFloats =>
  Object.fromEntries(
    model.weights.map(({ attributes: { name, shape } }, n) => {
      const drawn = stream(SEED, "mix", 10 + n)
      return [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => (drawn.uniform(i) * 2 - 1) * size)]
    }),
  )
/** Logarithms to base 2 of the probabilities of the known rows after each step. */
function exactly(floats: ByteNetFloats): readonly number[] {
  const { memory, run } = compileGraph({ name: "floats", outputs: { logits: model.logits } }, wasmEngine)
  for (const [name, values] of Object.entries(floats)) memory[name]!.set([...Array.from(values)])
  memory["tokens"]!.set(TEXT)
  run()
  const logits = [...memory["logits"]!]
  return TEXT.flatMap((_, t) => {
    const row = logits.slice(t * SHAPE.rows, (t + 1) * SHAPE.rows)
    const sum = row.reduce((all, z) => all + Math.exp(z), 0)
    return row.slice(0, -1).map((z) => Math.log2(Math.exp(z) / sum))
  })
}
function inIntegers(floats: ByteNetFloats): readonly number[] {
  const { program, weights } = byteNet(byteNetTensorsOf(quantiseByteNet(floats, ROW_OF, SHAPE.rows)))
  const { memory, run, entries } = instantiate(program, wasmEngine)
  for (const [name, values] of Object.entries(weights)) memory[name]!.set([...values])
  entries["prepare"]!()
  return TEXT.flatMap((byte) => {
    memory["byte"]![0] = byte
    run()
    return [...memory["frequencies"]!.slice(0, SHAPE.rows - 1)].map((frequency) => Math.log2(frequency / 2 ** 20))
  })
}

test(`a net over bytes in integers gives the probabilities of the one in floats (SEED=${SEED})`, () => {
  for (const [size, mean, most] of [
    [0.1, 0.002, 0.02],
    [0.4, 0.007, 0.05],
  ] as const) {
    const [exact, found] = [exactly(floatsOf(size)), inIntegers(floatsOf(size))]
    const gaps = exact.map((value, i) => Math.abs(value - found[i]!)).filter((_, i) => exact[i]! > -10)
    expect(gaps.length).toBeGreaterThan(STEPS * 10)
    expect(gaps.reduce((a, b) => a + b) / gaps.length).toBeLessThan(mean)
    expect(Math.max(...gaps)).toBeLessThan(most)
  }
})
test("weights too large for a sum are refused", () => {
  expect(() => quantiseByteNet(floatsOf(1e6), ROW_OF, SHAPE.rows)).toThrow("OB403")
})
