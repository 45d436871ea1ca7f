import fc from "fast-check"
import { expect, test } from "vitest"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { byteFrequencies, byteSharers, FREQUENCIES_TOTAL } from "./byte_frequencies.ts"

interface Given {
  readonly logits: readonly number[]
  readonly rowOf: readonly number[]
}
function frequenciesOn(engine: Engine, { logits, rowOf }: Given): readonly number[] {
  const programs = [byteSharers(logits.length), byteFrequencies(logits.length)]
  for (const program of programs) expect(validate(program)).toEqual([])
  const [sharers, frequencies] = programs.map((program) => engine.instantiate(program))
  sharers!.memory["row_of"]!.set([...rowOf])
  sharers!.run()
  frequencies!.memory["row_of"]!.set([...rowOf])
  frequencies!.memory["logits"]!.set([...logits])
  frequencies!.memory["sharers"]!.set([...sharers!.memory["sharers"]!])
  frequencies!.run()
  return [...frequencies!.memory["frequencies"]!]
}
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

const logit = fc.oneof(
  fc.integer({ min: -32768, max: 32767 }),
  fc.integer({ min: -3000, max: 0 }),
  fc.constantFrom(-32768, 0, 32767),
)
const rowOf = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 256, maxLength: 256 }),
  fc.integer({ min: 0, max: 255 }).map((row) => Array<number>(256).fill(row)),
)
const given = fc.record({ logits: fc.array(logit, { minLength: 1, maxLength: 256 }), rowOf })

test(`frequencies are 1 or more and add up exactly, whatever logits and rows, on both engines (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(given, (each) => {
      const found = frequenciesOn(interpreterEngine, each)
      expect(frequenciesOn(wasmEngine, each)).toEqual(found)
      expect([total(found), Math.min(...found) >= 1]).toEqual([FREQUENCIES_TOTAL, true])
    }),
    { seed: SEED, numRuns: 60 },
  )
})

test(`a frequency is its softmax, as 256 bytes of equal rows have it or as one of many (SEED=${SEED})`, () => {
  const near = fc.array(fc.integer({ min: -2560, max: 0 }), { minLength: 2, maxLength: 256 })
  fc.assert(
    fc.property(near, (logits) => {
      const rows = Array.from({ length: 256 }, (_, byte) => byte % logits.length)
      const found = frequenciesOn(wasmEngine, { logits, rowOf: rows })
      const sum = total(logits.map((z) => 2 ** (z / 256)))
      const best = found.indexOf(Math.max(...found))
      found.forEach((frequency, byte) => {
        const row = rows[byte]!
        const wanted =
          (2 ** (logits[row]! / 256) / sum / rows.filter((other) => other === row).length) * (2 ** 20 - 256)
        // A part is cut below 2⁻¹⁷ of the best; a share is rounded down, and what is left over goes to the best byte.
        expect(Math.abs(frequency - 1 - wanted)).toBeLessThan(byte === best ? 1100 : 10 + wanted / 2 ** 12)
      })
    }),
    { seed: SEED, numRuns: 60 },
  )
})

test("bytes that share a row share its probability evenly; a row that no byte has takes nothing", () => {
  const rows = Array.from({ length: 256 }, (_, byte) => (byte < 2 ? byte : 2))
  const even = frequenciesOn(wasmEngine, { logits: [0, 0, 0, 32767], rowOf: rows })
  expect(new Set(even.slice(2)).size).toBe(1)
  expect(even[1]! / FREQUENCIES_TOTAL).toBeCloseTo(1 / 3, 3)
  expect(total(even.slice(2)) / FREQUENCIES_TOTAL).toBeCloseTo(1 / 3, 3)
})
