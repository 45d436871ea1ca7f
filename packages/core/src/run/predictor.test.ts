import { describe, expect, it } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { carriedBy } from "../mix/expert.ts"
import { harnessOptions, scribeExperts } from "../mix/scribe.ts"
import { openPredictor, type Predictor } from "./predictor.ts"

const shape = { memoryBytes: 2 ** 16 }
const opened = (engine = wasmEngine): Predictor => openPredictor(scribeExperts(shape), harnessOptions(shape), engine)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const TEXT = bytes("the cat sat on the mat, the cat sat on the hat; the cat sat on the mat again. ".repeat(4))

describe("a predictor", () => {
  it("learns what it reads", () => {
    const predictor = opened()
    const [first, second] = [
      predictor.read(TEXT.subarray(0, 60), { learns: true }),
      predictor.read(TEXT.subarray(78, 138), { learns: true }),
    ]
    expect(second).toBeLessThan(first / 3)
  })
  it("gives chances that sum to one and changes nothing by it", () => {
    const predictor = opened()
    predictor.read(TEXT, { learns: true })
    const before = predictor.state()
    const distribution = predictor.distribution()
    expect(Math.abs(distribution.reduce((sum, each) => sum + each) - 1)).toBeLessThan(1e-12)
    expect(predictor.state()).toEqual(before)
  })
  // Where it learns, each bit of a byte already changes the chances of the next.
  it("scores a byte by the chance that it gave to it", () => {
    const predictor = opened()
    predictor.read(TEXT, { learns: true })
    const said = predictor.distribution()[TEXT[0]!]!
    expect(predictor.read(TEXT.subarray(0, 1), { learns: false })).toBeCloseTo(-Math.log2(said), 9)
  })
  it("comes back from bytes that were only tried", () => {
    const predictor = opened()
    predictor.read(TEXT, { learns: true })
    const before = predictor.state()
    const mark = predictor.mark()
    predictor.read(bytes("elsewhere, entirely"), { learns: false })
    predictor.rewind(mark)
    expect(predictor.state()).toEqual(before)
  })
  it("learns nothing where it is not to", () => {
    const predictor = opened()
    predictor.read(TEXT, { learns: true })
    const before = predictor.state()
    predictor.read(bytes("zyx"), { learns: false })
    const after = predictor.state()
    const carried = predictor.experts.flatMap(({ name, program }) =>
      carriedBy(program).map((inner) => `${name}_${inner}`),
    )
    const changed = Object.keys(before).filter((name) => String(before[name]) !== String(after[name]))
    expect(changed.filter((name) => ![...carried, "history", "position"].includes(name))).toEqual([])
    expect(changed).toContain("history")
  })
  it("packs and unpacks", () => {
    const [coder, decoder] = [opened(), opened()]
    const code = [...TEXT].flatMap((byte) => [...coder.encode(byte)]).concat(...coder.finish())
    let at = 0
    const source = (): number => code[at++] ?? 0
    decoder.open(source)
    expect(Uint8Array.from(TEXT, () => decoder.decode(source))).toEqual(TEXT)
    expect(code.length).toBeLessThan(TEXT.length / 4)
  })
  it("lets an expert go and another one come, and goes on with what it learnt", () => {
    const whole = opened()
    whole.read(TEXT, { learns: true })
    const fewer = openPredictor(whole.experts.slice(1), harnessOptions(shape), wasmEngine)
    fewer.adopt(whole)
    // Without it is as if it were not asked: all others keep their weights.
    const state = whole.state()
    whole.enabled[0] = 0
    expect(fewer.read(TEXT, { learns: false })).toBe(whole.read(TEXT, { learns: false }))
    whole.enabled[0] = 1
    whole.put(state)
    fewer.adopt(whole)
    const again = opened()
    again.adopt(fewer)
    const newcomer = again.experts[0]!.name
    expect(again.state()[`${newcomer}_table`]!.every((each) => each === 0)).toBe(true)
    const width = again.instance.memory["inputs"]!.length
    const weights = again.state()["weights_bits"]!
    expect(weights.every((weight, i) => i % width > 1 || weight === 0)).toBe(true)
    expect(weights.some((weight) => weight !== 0 && weight !== 8192)).toBe(true)
    const next = TEXT.subarray(0, 78)
    const ratio = again.read(next, { learns: true }) / whole.read(next, { learns: true })
    expect(ratio).toBeLessThan(1.5)
  })
  it("gives the same bits in the interpreter", () => {
    const [ours, judge] = [opened(), opened(interpreterEngine)]
    const text = TEXT.subarray(0, 100)
    expect(judge.read(text, { learns: true })).toBe(ours.read(text, { learns: true }))
    expect(judge.distribution()).toEqual(ours.distribution())
    expect(judge.state()).toEqual(ours.state())
  })
})
