import { expect, test } from "vitest"
import { instantiate } from "../compile.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { byteNet } from "../run/byte_net.ts"
import { byteTensorsOf, floatBits, integerBits } from "./byte_bits.ts"
import { BYTE_RECIPE, type FloatByteNet, trainBytes } from "./bytes.ts"

const TEXT = new TextEncoder().encode("the cat sat on the mat; the rat ate the oat. ".repeat(30))
const RECIPE = { ...BYTE_RECIPE, features: 6, hidden: 16, batch: 4, steps: 10, updates: 500, rate: 0.02 }
function learnt(): FloatByteNet {
  const run = trainBytes(TEXT.subarray(0, 900), RECIPE, 1, wasmEngine)
  for (let next = run.next(); ; next = run.next()) if (next.done) return next.value
}
const NET = learnt()

test("floats and integers are scored alike, and what was learnt is foreseen", () => {
  const scored = { text: TEXT, start: 900, warmUp: 45 }
  const [floats, integers] = [floatBits(NET, scored, wasmEngine), integerBits(byteTensorsOf(NET), scored, wasmEngine)]
  expect(integers).toBeLessThan(0.5)
  expect(Math.abs(integers - floats)).toBeLessThan(0.01)
})

test("each byte is scored by what was said before it, one after the other", () => {
  const tensors = byteTensorsOf(NET)
  const { program, weights } = byteNet(tensors)
  const { memory, run, entries } = instantiate(program, wasmEngine)
  for (const [name, values] of Object.entries(weights)) memory[name]!.set([...values])
  entries["prepare"]!()
  let bits = 0
  for (const at of [49, 50, 51, 52]) {
    memory["byte"]![0] = TEXT[at]!
    run()
    if (at >= 50) bits -= Math.log2(memory["frequencies"]![TEXT[at + 1]!]! / 2 ** 20) / 3
  }
  expect(integerBits(tensors, { text: TEXT.subarray(0, 54), start: 51, warmUp: 2 }, wasmEngine)).toBeCloseTo(bits, 10)
})

test("a byte that never came costs its share of the last row; the same in floats and integers", () => {
  const text = new TextEncoder().encode("the cat Z")
  const scored = { text, start: text.length - 1, warmUp: 100 }
  const [floats, integers] = [floatBits(NET, scored, wasmEngine), integerBits(byteTensorsOf(NET), scored, wasmEngine)]
  const alone = NET.rowOf.map((row, byte) => (row === NET.rows - 1 && byte !== text.at(-1) ? 0 : row))
  const sharers = NET.rowOf.reduce((count, row) => count + Number(row === NET.rows - 1), 0)
  expect(floats - floatBits({ ...NET, rowOf: alone }, scored, wasmEngine)).toBeCloseTo(Math.log2(sharers), 9)
  expect(integers).toBeLessThanOrEqual(20) // 1 in 2²⁰ is the least
  expect(integers).toBeGreaterThan(8)
})
test("there is a byte before the first that is scored", () => {
  const none = { text: TEXT, start: 0, warmUp: 10 }
  expect(() => floatBits(NET, none, wasmEngine)).toThrow("bug")
  expect(() => integerBits(byteTensorsOf(NET), { ...none, start: TEXT.length }, wasmEngine)).toThrow("bug")
})
