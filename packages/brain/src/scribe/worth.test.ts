import { expect, test } from "vitest"
import { identityOf } from "./identity.ts"
import { openScribe } from "./open.ts"
import { type Worth, type WorthProgress, worthOf } from "./worth.ts"

const TEXT = new TextEncoder().encode(
  "the cat sat on the mat; the dog lay on the mat; the cat and the dog sat. ".repeat(6),
)
function all(work: Generator<WorthProgress, Worth>): {
  readonly worth: Worth
  readonly steps: readonly WorthProgress[]
} {
  const steps: WorthProgress[] = []
  let next = work.next()
  for (; !next.done; next = work.next()) steps.push(next.value)
  return { worth: next.value, steps }
}
const fresh = async () => (await openScribe("none", { engine: "wasm", memoryBytes: 2 ** 14 })).predictor

test("an expert's worth is what a predictor without it needs more, from the same state", async () => {
  const predictor = await fresh()
  predictor.read(TEXT.subarray(0, 100), { learns: true })
  const before = predictor.state()
  const { worth } = all(worthOf(predictor, TEXT, 1))
  expect(worth.bits).toBe(predictor.read(TEXT, { learns: true }))
  for (const [e, expert] of worth.experts.entries()) {
    predictor.put(before)
    predictor.enabled.fill(1)
    predictor.enabled[e] = 0
    expect([expert.name, expert.bitsWithout]).toEqual([expert.name, predictor.read(TEXT, { learns: true })])
    predictor.put(before)
    predictor.enabled.fill(0)
    predictor.enabled[e] = 1
    expect([expert.name, expert.bitsAlone]).toEqual([expert.name, predictor.read(TEXT, { learns: true })])
    expect(expert.bitsAlone).toBeGreaterThan(worth.bits)
  }
})
test("it leaves the predictor as it was, also when nobody waits for the end", async () => {
  const predictor = await fresh()
  predictor.enabled[2] = 0
  const before = identityOf(predictor)
  const started = worthOf(predictor, TEXT)
  for (let i = 0; i < 3; i++) started.next()
  started.return({} as Worth)
  expect([identityOf(predictor), predictor.enabled[2], predictor.enabled[1]]).toEqual([before, 0, 1])
})
test("bits are those of every engine; progress goes from the first run to the last", async () => {
  const { worth, steps } = all(worthOf(await fresh(), TEXT.subarray(0, 60), 2))
  const judge = (await openScribe("none", { engine: "interpreter", memoryBytes: 2 ** 14 })).predictor
  const bitsOf = ({ bits, experts }: Worth) => [bits, ...experts.flatMap((e) => [e.bitsWithout, e.bitsAlone])]
  expect(bitsOf(all(worthOf(judge, TEXT.subarray(0, 60), 1)).worth)).toEqual(bitsOf(worth))
  expect(steps.map(({ done }) => done)).toEqual(steps.map((_, i) => i))
  expect(steps.at(-1)!.of).toBe(steps.length)
})
test("memory is the experts' own, and less than all", async () => {
  const { worth } = all(worthOf(await fresh(), TEXT.subarray(0, 5), 1))
  const own = worth.experts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  expect(own).toBeGreaterThan(2 ** 13)
  expect(own).toBeLessThan(worth.memoryBytes)
})
