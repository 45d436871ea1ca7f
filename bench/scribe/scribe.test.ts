import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { faultOfExpert } from "@open-brains/core/mix/expert.ts"
import { harnessOptions } from "@open-brains/core/mix/scribe.ts"
import { afterAll, expect, test } from "vitest"
import { mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { sampleFiles } from "./files.ts"
import { adversarial, noiseExperts } from "./noise.ts"
import { bitsAfter, openWith, openWithin } from "./open.ts"
import { outcomeOf } from "./pack.ts"
import { bitsOf, missingPeer, packWith, xz } from "./peers.ts"
import { memoryOf } from "./speed.ts"

const MEMORY = 2 ** 16
const HISTORY = harnessOptions({ memoryBytes: MEMORY }).historyBytes
const text = new TextEncoder().encode("to be, or not to be: that is the question. ".repeat(12))
const folder = mkdtempSync(join(tmpdir(), "bench-scribe-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** WebAssembly, but for one bit of what it decodes. */
const lying: Engine = {
  name: "lying",
  instantiate(program) {
    const instance = wasmEngine.instantiate(program)
    const run = (): void => {
      instance.run()
      instance.memory["byte"]![0]! ^= instance.memory["position"]![0] === 20 ? 1 : 0
    }
    return { ...instance, run }
  },
}
test("files that come back otherwise are counted", () => {
  const kinds = ["a", "b", "c"].map((kind, i) => ({ kind, bytes: text.subarray(0, 15 * (i + 1)) }))
  const pair = { from: wasmEngine, memoryBytes: MEMORY, bytesMax: 40 }
  expect(outcomeOf({ ...pair, to: wasmEngine }, kinds)).toMatchObject({ files: 2, wrong: 0, bytes: 45 })
  expect(outcomeOf({ ...pair, to: lying }, kinds)).toMatchObject({ files: 2, wrong: 1 })
})

test("noise keeps the contract, is the same on every engine, and is sure of itself at every bit", () => {
  const noise = noiseExperts(HISTORY)
  expect(noise).toHaveLength(15)
  for (const { program } of noise) expect(faultOfExpert(program)).toBeUndefined()
  const [judge, wasm] = [interpreterEngine, wasmEngine].map((engine) => {
    const predictor = openWith(MEMORY, engine, noise)
    const each = new Float64Array(100)
    predictor.read(text.subarray(0, 100), { learns: true, each })
    return { each: [...each], votes: noise.map(({ name }) => predictor.instance.memory[`${name}_votes`]![0]) }
  })
  expect(wasm).toEqual(judge)
  expect(judge!.votes.map((vote) => Math.abs(vote!))).toEqual(noise.map(() => 1500))
  expect(new Set(judge!.votes.slice(0, 12)).size).toBe(2)
})

test("the adversary votes against what it saw", () => {
  const predictor = openWith(MEMORY, wasmEngine, [adversarial(HISTORY)])
  const vote = (): number => predictor.instance.memory["adversarial_votes"]![0]!
  const same = (byte: number): Uint8Array => new Uint8Array(5).fill(byte)
  predictor.read(same(0xff), { learns: true })
  expect(vote()).toBe(-1500) // ones came, and so it says a zero
  predictor.reset()
  predictor.read(same(0), { learns: true })
  expect(vote()).toBe(1500)
})

test("frozen bits learn nothing, and adaptive ones start from the same state", () => {
  const predictor = openWith(MEMORY, wasmEngine)
  const [seen, scored] = [text.subarray(0, 200), text.subarray(200, 400)]
  const { adaptive, frozen } = bitsAfter(predictor, seen, scored)
  predictor.reset()
  predictor.read(seen, { learns: true })
  const once = predictor.read(scored, { learns: false })
  expect(frozen).toBe(once)
  predictor.reset()
  predictor.read(seen, { learns: true })
  expect(adaptive).toBe(predictor.read(scored, { learns: true }))
  expect(adaptive).not.toBe(frozen)
})

test("memory that is not what is declared is seen, and a small scribe stays within its bytes", () => {
  const { predictor } = openWithin(2 ** 18, wasmEngine)!
  expect(predictor.memoryBytes).toBeLessThanOrEqual(2 ** 18)
  expect(memoryOf(predictor, MEMORY)).toMatchObject({ difference: 0, said: predictor.memoryBytes })
  expect(memoryOf({ ...predictor, memoryBytes: predictor.memoryBytes - 4 }, MEMORY).difference).toBe(4)
  const { memory } = predictor.instance
  const larger = { ...predictor.instance, memory: { ...memory, unknown: new Int32Array(2) } }
  expect(memoryOf({ ...predictor, instance: larger }, MEMORY).difference).toBe(8)
  expect(openWithin(2 ** 10, wasmEngine)).toBeUndefined()
})

test("a packer's bits of a text that was seen before are few; one that is missing gives none", (context) => {
  const missing = { name: "nobody", program: "no-such-packer", words: ["in"] }
  expect(missingPeer(missing)).toContain("not installed")
  expect(bitsOf(missing, text, text, folder)).toEqual({ scored: undefined, whole: undefined })
  requireOrSkip(context, missingPeer(xz))
  const packed = packWith(xz, text, folder)!
  expect(packed.bytes).toBeGreaterThan(40)
  const { scored, whole } = bitsOf(xz, text, text, folder)
  expect(scored!).toBeLessThan((packed.bytes * 8) / text.length / 2)
  expect(whole! * 2 - scored!).toBeCloseTo((packed.bytes * 8) / text.length, 6)
})

test("files to pack are the same each time, empty ones and the largest among them", (context) => {
  requireOrSkip(context, missingData("tinyshakespeare/input.txt"), mirrorIsPromised())
  const [first, again] = [sampleFiles(20, 1000), sampleFiles(20, 1000)]
  expect(again).toEqual(first)
  expect(first.slice(0, 5).map(({ bytes }) => bytes.length)).toEqual([0, 0, 0, 0, 0])
  expect(first.slice(5, 10).map(({ bytes }) => bytes.length)).toEqual([1000, 1000, 1000, 1000, 1000])
  expect(new Set(first.map(({ kind }) => kind)).size).toBe(5)
  expect(Math.max(...first.map(({ bytes }) => bytes.length))).toBe(1000)
})
