import { expect, test } from "vitest"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmWith } from "../engine/testing/wasm.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { inOrder } from "../graph/graph.ts"
import { OPERATIONS } from "../graph/operations.ts"
import { RUNS, SEED } from "../ir/testing/hostile.ts"
import { faultsOf, mismatch, programOf, roundsOf, wayOf } from "./testing/compare.ts"
import { graphFrom } from "./testing/graphs.ts"

const WASM = [
  wasmEngine,
  wasmWith("wasm without relaxed SIMD", { relaxed: false }),
  wasmWith("wasm, loops apart", { apart: 0, relaxed: true }),
]

test(`random graphs have the bits of their nodes alone, however they are cut (SEED=${SEED})`, {
  timeout: 300_000,
}, () => {
  for (let seed = SEED; seed < SEED + 4 * RUNS; seed++) {
    const graph = graphFrom(seed)
    const rounds = roundsOf(graph)
    for (const way of [wayOf(2 * seed), wayOf(2 * seed + 1)])
      expect(faultsOf(graph, way, rounds, seed % 4 === 0 ? [interpreterEngine, ...WASM] : WASM)).toEqual([])
  }
})

test("every operation is drawn", () => {
  const graphs = Array.from({ length: 400 }, (_, seed) => graphFrom(seed))
  const nodes = graphs.flatMap(({ outputs, updates }) =>
    inOrder([...Object.values(outputs), ...updates.map(({ value }) => value)]),
  )
  expect(new Set(nodes.map(({ operation }) => operation))).toEqual(new Set(Object.keys(OPERATIONS)))
})

test("an engine that writes one number too many is found out", () => {
  const graph = graphFrom(3)
  const [program, rounds] = [programOf(graph, wayOf(3)), roundsOf(graph)]
  const wrong: Engine = {
    name: "wrong",
    instantiate(program) {
      const { memory, run, entries } = wasmEngine.instantiate(program)
      const [last] = Object.keys(graph.outputs)
      const spoilt = (): void => {
        run()
        memory[last!]![0]! += 1
      }
      return { memory, run: spoilt, entries }
    },
  }
  expect(mismatch(wasmEngine.instantiate(program), rounds)).toBeUndefined()
  expect(mismatch(wrong.instantiate(program), rounds)).toMatch(`${Object.keys(graph.outputs)[0]}[0]: `)
})
