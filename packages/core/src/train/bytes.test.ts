import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { bytesOf } from "../base/dtype.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { BYTE_RECIPE, type ByteRecipe, type FloatByteNet, trainBytes, vocabularyOf } from "./bytes.ts"

const TEXT = new TextEncoder().encode("the cat sat on the mat; the rat ate the oat. ".repeat(20))
const TINY: ByteRecipe = { ...BYTE_RECIPE, features: 6, hidden: 12, batch: 4, steps: 10, updates: 12, warmUp: 4 }

interface Trained {
  readonly net: FloatByteNet
  readonly bits: readonly number[]
}
function trained(recipe = TINY, { text = TEXT, seed = 1, engine = wasmEngine as Engine } = {}): Trained {
  const run = trainBytes(text, recipe, seed, engine)
  const bits: number[] = []
  for (let next = run.next(); ; next = run.next()) {
    if (next.done) return { net: next.value, bits }
    bits.push(next.value.bits)
  }
}
const digestOf = ({ net: { weights } }: Trained): string =>
  Object.entries(weights)
    .map(([name, values]) => `${name} ${digest(bytesOf(values))}`)
    .join("\n")

test("weights are a pure function of text, recipe and seed: twice, and on the judge, to the bit", () => {
  const first = digestOf(trained())
  expect(digestOf(trained())).toBe(first)
  expect(digestOf(trained(TINY, { engine: interpreterEngine }))).toBe(first)
  expect(digestOf(trained(TINY, { seed: 2 }))).not.toBe(first)
  expect(digestOf(trained(TINY, { text: TEXT.toReversed() }))).not.toBe(first)
})

test("it learns a text that repeats, over many passes", () => {
  const { bits } = trained({ ...TINY, updates: 400, rate: 0.02 })
  expect(bits[0]).toBeGreaterThan(3.5)
  expect(Math.max(...bits.slice(-20))).toBeLessThan(0.8)
})

test("the state goes on from update to update: one byte an update, and what comes depends on the byte before it", () => {
  const text = new TextEncoder().encode("aab".repeat(400)) // without a state 2/3 bit is the least
  const { bits } = trained({ ...TINY, steps: 1, updates: 800, rate: 0.02 }, { text })
  expect(Math.max(...bits.slice(-20))).toBeLessThan(0.3)
})

test("bytes that do not occur share the last row, and a text of all bytes has none to share", () => {
  const { rows, rowOf } = vocabularyOf(new TextEncoder().encode("cab"))
  expect([rows, ...rowOf.subarray(97, 101), rowOf[0], rowOf[255]]).toEqual([4, 0, 1, 2, 3, 3, 3])
  const all = vocabularyOf(Uint8Array.from({ length: 256 }, (_, i) => i))
  expect([all.rows, new Set(all.rowOf).size]).toEqual([256, 256])
  const most = vocabularyOf(Uint8Array.from({ length: 255 }, (_, i) => i + 1))
  expect([most.rows, most.rowOf[0], most.rowOf[255]]).toEqual([256, 255, 254])
})

test("a text too short and a rate too large are refused", () => {
  expect(() => trained(TINY, { text: TEXT.subarray(0, 80) })).toThrow("OB404")
  expect(() => trained({ ...TINY, rate: 1e30 })).toThrow(/OB401.* at step [1-5]\./)
})
