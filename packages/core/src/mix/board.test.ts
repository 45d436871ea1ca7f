import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { DTYPE } from "../base/dtype.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { openPredictor } from "../run/predictor.ts"
import { boardHarness } from "./board.ts"
import { faultOfExpert } from "./expert.ts"
import { harnessOptions, scribeExperts } from "./scribe.ts"

const SIZES = [2 ** 10, 2 ** 11, 2 ** 12]
const TEXT = new TextEncoder().encode("the cat sat on the mat, the cat sat on the hat; THE RAT ate 12 oats. ".repeat(4))
const programOf = (memoryBytes: number) => boardHarness(scribeExperts({ memoryBytes }), harnessOptions({ memoryBytes }))

function opened(memoryBytes: number, engine = wasmEngine) {
  const program = programOf(memoryBytes)
  const { memory, run, entries } = engine.instantiate(program)
  entries["reset"]!()
  const state = () =>
    Object.fromEntries(
      program.buffers.filter(({ access }) => access === "state").map(({ name }) => [name, [...memory[name]!]]),
    )
  const learn = (bytes: Uint8Array, learns = true): readonly number[] =>
    Array.from(bytes, (byte) => {
      memory["byte"]![0] = byte
      memory["frozen"]![0] = learns ? 0 : 1
      run()
      return memory["cost"]![0]!
    })
  const foresee = () => {
    entries["foresee"]!()
    return { byte: memory["likeliest"]![0]!, likelihood: memory["likelihood"]![0]! }
  }
  return { learn, foresee, state, reset: entries["reset"]! }
}
const predictorOf = (memoryBytes: number) =>
  openPredictor(scribeExperts({ memoryBytes }), harnessOptions({ memoryBytes }), wasmEngine)

describe("the board edition of a scribe", () => {
  test("keeps the contract of experts, is sound, and takes its tables and 2 KB", () => {
    for (const memoryBytes of SIZES) {
      const experts = scribeExperts({ memoryBytes })
      expect(experts.map(({ program }) => faultOfExpert(program))).toEqual(experts.map(() => undefined))
      const program = programOf(memoryBytes)
      expect(validate(program)).toEqual([])
      const taken = program.buffers.reduce(
        (sum, { access, dtype, length }) => sum + (access === "constant" ? 0 : length * DTYPE[dtype].bytes),
        0,
      )
      expect(taken).toBeGreaterThan(memoryBytes)
      expect(taken).toBeLessThan(memoryBytes + 2048)
    }
  })
  test("learns what it reads, and says what comes", () => {
    for (const memoryBytes of SIZES) {
      const { learn, foresee } = opened(memoryBytes)
      const costs = learn(TEXT)
      const sum = (from: number, to: number): number => costs.slice(from, to).reduce((a, b) => a + b) / 256
      expect(sum(207, 276)).toBeLessThan(sum(0, 69) / 4)
      expect(String.fromCharCode(foresee().byte)).toBe("t")
    }
  })
  test(`is to the bit what the predictor of so much memory is (SEED=${SEED})`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...SIZES), fc.uint8Array({ maxLength: 40 }), (memoryBytes, bytes) => {
        const [board, whole] = [opened(memoryBytes), predictorOf(memoryBytes)]
        const text = Uint8Array.of(...TEXT.subarray(0, 80), ...bytes, ...bytes)
        const costs = board.learn(text)
        const each = new Float64Array(text.length)
        whole.read(text, { learns: true, each })
        const theirs = whole.state()
        for (const [name, values] of Object.entries(board.state())) expect([...theirs[name]!], name).toEqual(values)
        for (const [i, bits] of each.entries()) expect(Math.abs(costs[i]! / 256 - bits)).toBeLessThan(0.01)
        const distribution = whole.distribution()
        const { byte, likelihood } = board.foresee()
        const most = Math.max(...distribution)
        // Each of eight products is cut to units of 2⁻¹⁶.
        expect(most - distribution[byte]!).toBeLessThan(9 / 65536)
        expect(Math.abs(likelihood / 65536 - distribution[byte]!)).toBeLessThan(9 / 65536)
      }),
      { seed: SEED, numRuns: 30 },
    )
  })
  test("foreseeing changes nothing, and neither does a byte that it is not to learn from", () => {
    const board = opened(4096)
    board.learn(TEXT)
    const before = board.state()
    board.foresee()
    expect(board.state()).toEqual(before)
    board.learn(Uint8Array.of(120, 121, 122), false)
    const learnt = Object.keys(before).filter((name) => String(board.state()[name]) !== String(before[name]))
    // What lies in the last bytes moves on: their history, hashes of contexts, and where those lead.
    expect(learnt.filter((name) => !/^history$|^position$|_carried$|_found$/.test(name))).toEqual([])
    expect(learnt).toContain("history")
  })
  test("after a reset it is as it was at first", () => {
    const board = opened(4096)
    const [first, state] = [board.learn(TEXT), board.state()]
    board.reset()
    expect(board.learn(TEXT)).toEqual(first)
    expect(board.state()).toEqual(state)
  })
  test("gives the same bits in the interpreter", () => {
    const [ours, judge] = [opened(4096), opened(4096, interpreterEngine)]
    expect(judge.learn(TEXT)).toEqual(ours.learn(TEXT))
    expect(judge.foresee()).toEqual(ours.foresee())
    expect(judge.state()).toEqual(ours.state())
  })
})
