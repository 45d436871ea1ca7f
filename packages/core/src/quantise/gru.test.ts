import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { compileGraph } from "../compile.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { input } from "../graph/operations.ts"
import { graphFromJson, graphToJson } from "../graph/text.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { gru } from "../nn/gru.ts"
import { type GruWeights, quantiseGru } from "./gru.ts"

const SHAPE = { steps: 12, batch: 2, features: 6, hidden: 16 }
const INPUT_SCALE = 1 / 64
const random = stream(SEED, "mix", 5)
const draw = (from: number, length: number): readonly number[] =>
  Array.from({ length }, (_, i) => random.uniform(from * 10_000 + i) * 2 - 1)

const layer = gru(input("x", "f32", [SHAPE.steps, SHAPE.batch, SHAPE.features]), "layer", {
  hidden: SHAPE.hidden,
  initial: input("initial", "f32", [SHAPE.batch, SHAPE.hidden]),
})
const weightsOf = (size: number): GruWeights =>
  Object.fromEntries(
    layer.weights.map(({ attributes: { name, shape } }, n) => [
      name.slice("layer_".length),
      draw(n, shape[0]! * shape[1]!).map((v) => v * size),
    ]),
  )
const x = draw(100, SHAPE.steps * SHAPE.batch * SHAPE.features).map((v) => Math.round(v * 127))
const initial = draw(101, SHAPE.batch * SHAPE.hidden).map((v) => Math.round(v * 32767))

/** In integers, on both engines, and in floats; states as numbers in −1 … 1. */
function bothWays(floats: GruWeights): { readonly integers: readonly number[]; readonly exact: readonly number[] } {
  const { outputs, weights } = quantiseGru(floats, SHAPE, INPUT_SCALE)
  const [judge, wasm] = [interpreterEngine, wasmEngine].map((engine) => {
    const { memory, run } = compileGraph({ name: "gru", outputs }, engine)
    for (const [name, values] of Object.entries({ ...weights, x, initial })) memory[name]!.set([...values])
    run()
    expect(memory["last"]).toEqual(memory["y"]!.slice(-SHAPE.batch * SHAPE.hidden))
    return [...memory["y"]!]
  })
  expect(wasm).toEqual(judge)
  const { memory, run } = compileGraph({ name: "gru", outputs: { y: layer.y } }, wasmEngine)
  for (const [name, values] of Object.entries(floats)) memory[`layer_${name}`]!.set([...Array.from(values)])
  memory["x"]!.set(x.map((v) => v * INPUT_SCALE))
  memory["initial"]!.set(initial.map((v) => v / 32768))
  run()
  return { integers: judge!.map((v) => v / 32768), exact: [...memory["y"]!] }
}
const largestGap = ({ integers, exact }: ReturnType<typeof bothWays>): number =>
  Math.max(...integers.map((v, i) => Math.abs(v - exact[i]!)))

/** The floats that the integers stand for, so that rounding them costs nothing. */
function onGrid(floats: GruWeights): GruWeights {
  return Object.fromEntries(
    Object.entries(floats).map(([name, values]) => {
      if (name.endsWith("bias")) return [name, values]
      const most = Array.from({ length: SHAPE.hidden }, (_, c) =>
        Math.max(...Array.from(values).map((v, i) => (i % SHAPE.hidden === c ? Math.abs(v) : 0))),
      )
      const rounded = Array.from(values, (v, i) => {
        const scale = most[i % SHAPE.hidden]! / 127
        return Math.round(v / scale) * scale
      })
      return [name, rounded]
    }),
  )
}

test(`a GRU in integers stays by the one in floats, which it is where weights are whole (SEED=${SEED})`, () => {
  for (const size of [0.1, 0.5, 1]) {
    expect([size, largestGap(bothWays(onGrid(weightsOf(size)))) < 0.003]).toEqual([size, true])
    expect([size, largestGap(bothWays(weightsOf(size))) < 0.1]).toEqual([size, true]) // mostly 0.02, once in hundreds 0.05
  }
})
test("no sum wraps, however many parts it has: gates shut and open as far as they go", () => {
  const shape = { steps: 2, batch: 1, features: 3, hidden: 600 }
  const all = (value: number, rows: number): number[] => Array<number>(rows * shape.hidden).fill(value)
  const run = (update: number): Int16Array => {
    const floats = Object.fromEntries(
      ["reset", "update", "new"].flatMap((gate) => {
        const size = gate === "update" ? update : 4
        return [
          [gate, all(size, 3)] as const,
          [`${gate}_bias`, all(0, 1)] as const,
          [`${gate}_state`, all(size, 600)] as const,
        ]
      }),
    )
    const { outputs, weights } = quantiseGru({ ...floats, new_state_bias: all(9, 1) }, shape, INPUT_SCALE)
    const { memory, run } = compileGraph({ name: "gru", outputs }, wasmEngine)
    const given = { ...weights, x: Array<number>(6).fill(127), initial: all(32000, 1) }
    for (const [name, values] of Object.entries(given)) memory[name]!.set(values)
    run()
    return memory["y"] as Int16Array
  }
  expect(Math.min(...run(-4))).toBeGreaterThan(32700) // all new: tanh(∞)
  expect(run(4).every((v) => Math.abs(v - 32000) < 20)).toBe(true) // all old
})
test("weights too large for a sum are refused, and the graph comes back from text", () => {
  expect(() => quantiseGru(weightsOf(1e6), SHAPE, INPUT_SCALE)).toThrow("OB403")
  const { outputs } = quantiseGru(weightsOf(1), SHAPE, INPUT_SCALE)
  expect(graphToJson(graphFromJson(JSON.parse(JSON.stringify(graphToJson(outputs)))))).toEqual(graphToJson(outputs))
})
