import { describe, expect, test } from "vitest"
import { Refusal } from "../base/problem.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { validate } from "../ir/validate.ts"
import { harnessOptions, scribeExperts } from "../mix/scribe.ts"
import { type ByteNetShape, quantiseByteNet } from "../quantise/byte_net.ts"
import { BYTE_RECIPE, trainBytes } from "../train/bytes.ts"
import { byteNetTensorsOf, type Tensors } from "./byte_net.ts"
import { narrowNeuralExpert } from "./narrow_neural.ts"
import { neuralExpert } from "./neural_expert.ts"
import { openPredictor } from "./predictor.ts"
import { type ScribeProgramOptions, scribeProgram } from "./scribe_program.ts"

const TEXT = new TextEncoder().encode("the cat sat on the mat; the rat ate the oat. ".repeat(20))
const RECIPE = { ...BYTE_RECIPE, features: 6, hidden: 16, batch: 4, steps: 10, updates: 300, rate: 0.02 }
function learnt(): Tensors {
  const run = trainBytes(TEXT, RECIPE, 1, wasmEngine)
  for (let next = run.next(); ; next = run.next())
    if (next.done) return byteNetTensorsOf(quantiseByteNet(next.value.weights, next.value.rowOf, next.value.rows))
}
const NET = learnt()
/** As large as the one that is meant for a board, with any weights. */
const netOf = ({ rows, features, hidden }: ByteNetShape): Tensors => {
  const sizes = { table: rows * features, head: hidden * rows, head_bias: rows } as const
  const floats: Record<string, readonly number[]> = Object.fromEntries(
    Object.entries(sizes).map(([name, length]) => [name, Array.from({ length }, (_, i) => ((i * 37) % 101) / 300)]),
  )
  for (const gate of ["reset", "update", "new"]) {
    floats[`gru_${gate}`] = Array.from({ length: features * hidden }, (_, i) => ((i * 13) % 29) / 200 - 0.05)
    floats[`gru_${gate}_bias`] = Array<number>(hidden).fill(0.1)
    floats[`gru_${gate}_state`] = Array.from({ length: hidden * hidden }, (_, i) => ((i * 7) % 31) / 300 - 0.05)
  }
  floats["gru_new_state_bias"] = Array<number>(hidden).fill(-0.1)
  const rowOf = Uint8Array.from({ length: 256 }, (_, byte) => Math.min(byte % 80, rows - 1))
  return byteNetTensorsOf(quantiseByteNet(floats, rowOf, rows))
}

function opened(options: ScribeProgramOptions, engine = wasmEngine) {
  const { program } = scribeProgram(options)
  const { memory, run, entries } = engine.instantiate(program)
  entries["reset"]!()
  const learn = (bytes: Uint8Array): readonly number[] =>
    Array.from(bytes, (byte) => {
      memory["byte"]![0] = byte
      run()
      return memory["cost"]![0]!
    })
  const foresee = (): readonly number[] => {
    entries["foresee"]!()
    return [memory["likeliest"]![0]!, memory["likelihood"]![0]!]
  }
  return { program, memory, learn, foresee, reset: entries["reset"]! }
}

describe("a scribe as one program", () => {
  test("with a net, is to the bit what a predictor with the same net is on a PC", () => {
    const shape = { memoryBytes: 4096 }
    const options = harnessOptions(shape)
    const net = narrowNeuralExpert(NET, options)
    const whole = openPredictor([...scribeExperts(shape), net], options, wasmEngine)
    const board = opened({ ...shape, net: NET })
    const text = TEXT.subarray(0, 150)
    const each = new Float64Array(text.length)
    whole.read(text, { learns: true, each })
    const costs = board.learn(text)
    for (const [i, bits] of each.entries()) expect(Math.abs(costs[i]! / 256 - bits)).toBeLessThan(0.01)
    const theirs = whole.state()
    const shared = board.program.buffers.filter(({ name, access }) => access === "state" && theirs[name] !== undefined)
    expect(shared.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["weights_last", "neural_net_h", "order1_cells"]),
    )
    for (const { name } of shared) expect([...board.memory[name]!], name).toEqual([...theirs[name]!])
    const most = whole.distribution().reduce((best, chance, byte, all) => (chance > all[best]! ? byte : best), 0)
    expect(board.foresee()[0]).toBe(most)
  })
  test("with more memory than boards have, is what a PC's scribe is, whose products see all of the net's state", () => {
    const shape = { memoryBytes: 2 ** 14 }
    const options = harnessOptions(shape)
    const whole = openPredictor([...scribeExperts(shape), neuralExpert(NET, options)], options, wasmEngine)
    const board = opened({ ...shape, net: NET })
    const text = TEXT.subarray(0, 150)
    const each = new Float64Array(text.length)
    whole.read(text, { learns: true, each })
    for (const [i, cost] of board.learn(text).entries())
      expect(Math.abs(cost / 256 - each[i]!), `${i}`).toBeLessThan(0.01)
    expect([...board.memory["neural_net_h"]!]).toEqual([...whole.state()["neural_net_h"]!])
  })
  test("text like what the net learnt costs less with it", () => {
    const mean = (options: ScribeProgramOptions): number =>
      opened(options)
        .learn(TEXT.subarray(0, 60))
        .reduce((sum, each) => sum + each)
    expect(mean({ memoryBytes: 1024, net: NET })).toBeLessThan(0.8 * mean({ memoryBytes: 1024 }))
  })
  test("gives the same bits in the interpreter", () => {
    const options = { memoryBytes: 1024, net: NET }
    const [ours, judge] = [opened(options), opened(options, interpreterEngine)]
    const text = TEXT.subarray(0, 60)
    expect(judge.learn(text)).toEqual(ours.learn(text))
    expect(judge.foresee()).toEqual(ours.foresee())
  })
  test("after a reset it is as it was at first, its net too", () => {
    const board = opened({ memoryBytes: 1024, net: NET })
    const begun = board.foresee()
    const first = board.learn(TEXT.subarray(0, 60))
    board.reset()
    expect(board.foresee()).toEqual(begun)
    expect(board.learn(TEXT.subarray(0, 60))).toEqual(first)
  })
  test("with 4 KB and a net of 64 numbers of state, leaves 1.5 KB of a board's 8 KB", () => {
    const { program, ramBytes, constantBytes, counts } = scribeProgram({
      memoryBytes: 4096,
      net: netOf({ rows: 66, features: 16, hidden: 64 }),
    })
    expect(validate(program)).toEqual([])
    expect(ramBytes).toBeLessThan(6.5 * 1024)
    expect(constantBytes).toBeLessThan(40 * 1024)
    // 16 · 192 + 64 · 192 + 64 · 66 products of weights, and those that find them.
    expect(counts.body.multiplies).toBeGreaterThan(19584)
    expect(counts.body.multiplies).toBeLessThan(2.5 * 19584)
  })
  test("refuses a memory that no scribe can have, and what is no net", () => {
    const codesOf = (options: ScribeProgramOptions): readonly string[] => {
      try {
        scribeProgram(options)
        return []
      } catch (error) {
        if (error instanceof Refusal) return error.problems.map(({ code }) => code)
        throw error
      }
    }
    expect(codesOf({ memoryBytes: 512 })).toEqual(["OB800"])
    expect(codesOf({ memoryBytes: 3000 })).toEqual(["OB800"])
    expect(codesOf({ memoryBytes: 1024, net: {} })).toEqual(["OB333"])
  })
})
