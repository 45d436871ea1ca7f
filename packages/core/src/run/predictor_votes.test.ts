import { describe, expect, it } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { harnessOptions, scribeExperts } from "../mix/scribe.ts"
import { openPredictor, type Predictor } from "./predictor.ts"
import { votesFor } from "./predictor_votes.ts"

const shape = { memoryBytes: 2 ** 16 }
/** Where the sets of weights are added up. */
const BOARD = 2 ** 12
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const TEXT = bytes("the cat sat on the mat, the cat sat on the hat; the cat sat on the mat again. ".repeat(3))
function taught(memoryBytes = shape.memoryBytes): Predictor {
  const predictor = openPredictor(scribeExperts({ memoryBytes }), harnessOptions({ memoryBytes }), wasmEngine)
  predictor.read(TEXT, { learns: true })
  return predictor
}
const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit))

describe("the votes for a byte", () => {
  it("come to the very chances that the predictor gives", () => {
    for (const predictor of [taught(), taught(BOARD)]) {
      const chances = predictor.distribution()
      for (const byte of [116, 32, 0, 255]) {
        const bits = votesFor(predictor, byte, wasmEngine)
        expect(bits.map(({ bit }) => bit).join("")).toBe(byte.toString(2).padStart(8, "0"))
        const product = bits.reduce((p, { bit, chance }) => p * (bit === 1 ? chance : 1 - chance), 1)
        expect(product).toBeCloseTo(chances[byte]!, 12)
      }
    }
  })
  it("add up to the mixers' logit, but for its ends and rounding", () => {
    for (const memoryBytes of [shape.memoryBytes, BOARD]) {
      let compared = 0
      for (const byte of [116, 111, 200])
        for (const { logit, experts, bias } of votesFor(taught(memoryBytes), byte, wasmEngine)) {
          if (Math.abs(logit) > 5) continue // where a set's own logit may have been cut at its end
          const sum = experts.reduce((total, { contribution }) => total + contribution, bias)
          expect(Math.abs(sum - logit)).toBeLessThan(0.02)
          compared++
        }
      expect(compared).toBeGreaterThan(8)
    }
  })
  it("are of the experts that know the context, and none of one that is not asked", () => {
    const predictor = taught()
    const nth = predictor.experts.findIndex(({ name }) => name === "order1")
    const first = votesFor(predictor, 116, wasmEngine)[1]!
    expect(first.experts[nth]!.votes.some((vote) => vote !== 0)).toBe(true)
    expect(Math.sign(logistic(first.experts[nth]!.votes[0]!) - 0.5)).toBe(Math.sign(first.chance - 0.5))
    predictor.enabled[nth] = 0
    const without = votesFor(predictor, 116, wasmEngine)[1]!.experts[nth]!
    expect([without.votes.every((vote) => vote === 0), without.contribution]).toEqual([true, 0])
  })
  it("change nothing, and are the same on every engine", () => {
    const predictor = taught()
    const before = predictor.state()
    const ours = votesFor(predictor, 99, wasmEngine)
    expect(predictor.state()).toEqual(before)
    expect(votesFor(predictor, 99, interpreterEngine)).toEqual(ours)
  })
})
