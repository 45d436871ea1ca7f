import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { stream } from "../base/random.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { type LabelMixer, openLabelMixer } from "./label_mixer.ts"

const LABELS = 5
/** Experts that are right with some chance, and say so: sharply, or as if they knew. */
function answers(
  seed: number,
  rights: readonly number[],
): readonly { readonly shares: readonly Uint16Array[]; readonly label: number }[] {
  const draw = stream(seed, "shuffle")
  let at = 0
  const next = (): number => draw.uniform(at++)
  return Array.from({ length: 600 }, () => {
    const label = Math.floor(next() * LABELS)
    const shares = rights.map((right) => {
      const said = next() < right ? label : Math.floor(next() * LABELS)
      return Uint16Array.from({ length: LABELS }, (_, j) => (j === said ? 52_000 : 3_300))
    })
    return { shares, label }
  })
}
const bitsOf = (mixer: LabelMixer, all: ReturnType<typeof answers>): number =>
  all.reduce((sum, { shares, label }) => {
    const bits = -Math.log2(mixer.mix(shares)[label]!)
    mixer.learn(label)
    return sum + bits
  }, 0) / all.length

test("a mix is better than its best expert, and noise costs it little", () => {
  const all = answers(1, [0.9, 0.7, 0])
  const alone = bitsOf(openLabelMixer(3, LABELS, wasmEngine, [true, false, false]), all)
  const both = bitsOf(openLabelMixer(3, LABELS, wasmEngine, [true, true, false]), all)
  const noisy = openLabelMixer(3, LABELS, wasmEngine)
  const withNoise = bitsOf(noisy, all)
  expect(both).toBeLessThan(alone - 0.1)
  expect(withNoise).toBeLessThan(both + 0.05)
  expect(noisy.weights()[0]).toBeGreaterThan(noisy.weights()[2]! + 0.5)
})
test("chances sum to one, and it says the same in the interpreter", () => {
  const [mixer, judge] = [openLabelMixer(3, LABELS, wasmEngine), openLabelMixer(3, LABELS, interpreterEngine)]
  for (const { shares, label } of answers(2, [0.8, 0.5, 0.1]).slice(0, 40)) {
    const mixed = mixer.mix(shares)
    expect(mixed).toEqual(judge.mix(shares))
    expect(mixed.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    mixer.learn(label)
    judge.learn(label)
  }
  expect(mixer.weights()).toEqual(judge.weights())
})
test("who is not asked neither votes nor learns", () => {
  const all = answers(3, [0.9, 0.2])
  const mixer = openLabelMixer(2, LABELS, wasmEngine, [true, false])
  bitsOf(mixer, all)
  expect(mixer.weights()[1]).toBe(0)
})
test("the page of its error: the broken example is refused, the mended one is not", () => {
  const page = readFileSync(join(repository, "docs/errors/OB830.md"), "utf8")
  const [broken, mended] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, json]) => JSON.parse(json!) as { experts: number; labels: number },
  )
  expect(() => openLabelMixer(broken!.experts, broken!.labels, wasmEngine)).toThrow(/64 experts/)
  expect(openLabelMixer(mended!.experts, mended!.labels, wasmEngine).weights().length).toBe(mended!.experts)
})
