import fc from "fast-check"
import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import * as ir from "../ir/build.ts"
import type { Program } from "../ir/program.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { FREQUENCIES_TOTAL } from "./byte_frequencies.ts"
import { bitProbability, byteTree } from "./byte_tree.ts"

const run = (
  program: Program,
  given: Readonly<Record<string, readonly number[]>>,
  output: string,
): readonly number[] => {
  expect(validate(program)).toEqual([])
  const [judge, wasm] = [interpreterEngine, wasmEngine].map((engine) => {
    const { memory, run } = engine.instantiate(program)
    for (const [name, values] of Object.entries(given)) memory[name]!.set([...values])
    run()
    return [...memory[output]!]
  })
  expect(wasm).toEqual(judge)
  return judge!
}
/** The probability of every node in units of 2⁻¹⁶; that of 0 is of no use. */
function probabilities(): Program {
  const [frequencies, tree] = [ir.buffer("input", "i32", "frequencies", 256), ir.buffer("input", "i32", "tree", 256)]
  const [found, node, value] = [ir.buffer("output", "i32", "found", 256), ir.local("node"), ir.local("value")]
  const body = [...bitProbability("p", frequencies, tree, node, value), ir.store(found, node, value)]
  return { name: "all", buffers: [frequencies, tree, found], body: [ir.loop(node, 256, body)] }
}
/** Such as byte_frequencies gives: 1 or more, 2²⁰ together. */
const frequencies = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 256, maxLength: 256 }).map((parts) => {
  const sum = Math.max(
    1,
    parts.reduce((a, b) => a + b),
  )
  const found = parts.map((part) => 1 + Math.floor((part * (FREQUENCIES_TOTAL - 256)) / sum))
  found[77]! += FREQUENCIES_TOTAL - found.reduce((a, b) => a + b)
  return found
})

test(`each node is the sum of the bytes below it (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(frequencies, (each) => {
      const tree = run(byteTree(), { frequencies: each }, "tree")
      for (let node = 1; node < 256; node++) {
        const bits = Math.floor(Math.log2(node))
        const [first, count] = [(node << (8 - bits)) & 255, 1 << (8 - bits)]
        expect(tree[node]).toBe(each.slice(first, first + count).reduce((a, b) => a + b))
      }
      expect([tree[0], tree[1]]).toEqual([0, FREQUENCIES_TOTAL])
    }),
    { seed: SEED, numRuns: 20 },
  )
})

test(`bits along the way to a byte have its probability (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(frequencies, (each) => {
      const tree = run(byteTree(), { frequencies: each }, "tree")
      const found = run(probabilities(), { frequencies: each, tree }, "found")
      for (let node = 1; node < 256; node++) {
        const upper = node < 128 ? tree[2 * node + 1]! : each[2 * node - 255]!
        expect(found[node]).toBe(Math.min(65535, Math.max(1, Math.floor((upper * 65536) / tree[node]!))))
      }
    }),
    { seed: SEED, numRuns: 20 },
  )
})

test(`any bytes in memory give a probability in range (SEED=${SEED})`, () => {
  const any = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 256, maxLength: 256 })
  fc.assert(
    fc.property(any, any, (frequencies, tree) => {
      const found = run(probabilities(), { frequencies, tree }, "found")
      expect(found.every((value) => value >= 1 && value <= 65535)).toBe(true)
      run(byteTree(), { frequencies }, "tree")
    }),
    { seed: SEED, numRuns: 20 },
  )
})
