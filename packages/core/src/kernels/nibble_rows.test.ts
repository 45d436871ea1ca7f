import fc from "fast-check"
import { expect, test } from "vitest"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { nibbleRows, ROWS_ADDED_MAX } from "./nibble_rows.ts"

interface Given {
  readonly table: readonly (readonly number[])[]
  readonly slots: readonly number[]
}
function sumsOn(engine: Engine, { table, slots }: Given, runs = 1): readonly number[] {
  const program = nibbleRows(table.length, table[0]!.length * 2, slots.length)
  expect(validate(program)).toEqual([])
  const { memory, run } = engine.instantiate(program)
  memory["table"]!.set(table.flat())
  memory["slots"]!.set([...slots])
  for (let i = 0; i < runs; i++) run()
  return Array.from(memory["even"]!, (sum, d) => [sum, memory["odd"]![d]!]).flat()
}

const given = fc.integer({ min: 1, max: 5 }).chain((half) =>
  fc.record({
    table: fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: half, maxLength: half }), {
      minLength: 1,
      maxLength: 9,
    }),
    slots: fc.array(fc.integer({ min: -3, max: 12 }), { minLength: 1, maxLength: ROWS_ADDED_MAX }),
  }),
)
test(`sums are those of the nibbles of the rows, run after run, on both engines (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(given, (each) => {
      const { table, slots } = each
      const rows = slots.map((slot) => table[Math.min(Math.max(slot, 0), table.length - 1)]!)
      const wanted = table[0]!.flatMap((_, d) =>
        [0, 4].map((shift) => rows.reduce((sum, row) => sum + ((row[d]! >> shift) & 15), 0)),
      )
      expect(sumsOn(interpreterEngine, each)).toEqual(wanted)
      expect(sumsOn(wasmEngine, each, 2)).toEqual(wanted)
    }),
    { seed: SEED, numRuns: 100 },
  )
})

test("as many rows as there may be do not wrap", () => {
  const slots = Array<number>(ROWS_ADDED_MAX).fill(0)
  expect(sumsOn(interpreterEngine, { table: [[255]], slots })).toEqual([255, 255])
  expect(() => nibbleRows(1, 2, ROWS_ADDED_MAX + 1)).toThrow("bug")
})
