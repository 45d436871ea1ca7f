import fc from "fast-check"
import { expect, test } from "vitest"
import { compileGraph } from "../compile.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { add, convert, input } from "../graph/operations.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { PREPARE } from "../link/link.ts"
import { LEVELS, mostOf } from "./coarse.ts"
import { packed, unpacked } from "./packed.ts"

/** What the graph makes of the stored bytes before the first run: by then they are gone. */
function byGraph({ node, weights }: ReturnType<typeof packed>, engine: typeof wasmEngine): readonly number[] {
  const outputs = { y: add(convert(node, "i32"), input("x", "i32", node.shape)) } // what is given back is made at each run
  const { memory, run, entries } = compileGraph({ name: "unpack", outputs, prepares: true }, engine)
  for (const [name, data] of Object.entries(weights)) memory[name]!.set(data as Uint8Array)
  entries[PREPARE]?.()
  if (entries[PREPARE]) for (const name of Object.keys(weights)) memory[name]!.fill(77)
  run()
  return [...memory["y"]!]
}
const matrix = fc
  .record({ rows: fc.integer({ min: 1, max: 13 }), columns: fc.integer({ min: 1, max: 9 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      columns: fc.constant(columns),
      units: fc.array(fc.integer({ min: -127, max: 127 }), { minLength: rows * columns, maxLength: rows * columns }),
    }),
  )
for (const levels of [255, ...LEVELS])
  test(`${levels} levels: what is stored is read back, once, by the graph on each engine and by whoever explains (SEED=${SEED})`, () => {
    const most = mostOf(levels)
    fc.assert(
      fc.property(matrix, ({ columns, units }) => {
        const values = Int8Array.from(units, (unit) =>
          levels === 255 ? unit : (unit % (2 * most + 1)) - (unit < 0 ? -most : most),
        )
        const stored = packed("table", values, columns, levels)
        const parts = Object.fromEntries(Object.entries(stored.weights).map(([name, data]) => [name, { data }]))
        expect(unpacked(parts, "table", values.length / columns, columns)).toEqual(values)
        for (const engine of [interpreterEngine, wasmEngine]) expect(byGraph(stored, engine)).toEqual([...values])
      }),
      { seed: SEED, numRuns: 12 },
    )
  })
test("what is packed is unpacked before the first run, and never again", () => {
  for (const levels of LEVELS) {
    const { node } = packed("table", new Int8Array(30), 3, levels)
    const { entries } = compileGraph(
      { name: "unpack", outputs: { y: add(convert(node, "i32"), input("x", "i32", node.shape)) }, prepares: true },
      wasmEngine,
    )
    expect(entries[PREPARE]).toBeDefined()
  }
})
test("two numbers of four bits take a byte, five of three levels do", () => {
  const zeros = new Int8Array(100 * 32)
  const bytes = (levels: number): readonly [string, number][] =>
    Object.entries(packed("table", zeros, 32, levels).weights).map(([name, { length }]) => [name, length])
  expect([255, 15, 3].flatMap(bytes)).toEqual([
    ["table", 3200],
    ["table_nibbles", 1600],
    ["table_trits", 640],
  ])
})
test("a table of another size, or none, is not read", () => {
  const { weights } = packed("table", new Int8Array(12), 4, 15)
  const parts = Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }]))
  expect(unpacked(parts, "table", 3, 4)).toBeDefined()
  expect(unpacked(parts, "table", 4, 4)).toBeUndefined()
  expect(unpacked(parts, "linear", 3, 4)).toBeUndefined()
})
