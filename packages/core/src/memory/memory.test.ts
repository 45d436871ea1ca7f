import { expect, test } from "vitest"
import { shuffled, stream } from "../base/random.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import type { Correction } from "./corrections.ts"
import { memoryGrams, openGrams } from "./grams.ts"
import { openMemory, type Recollection } from "./memory.ts"
import { logUnits } from "./units.ts"

const read = openGrams(memoryGrams(64), wasmEngine)
const SAID: readonly Correction[] = [
  { text: "where is my parcel", label: "parcel" },
  { text: "my parcel is late", label: "parcel" },
  { text: "i want my money back", label: "refund" },
  { text: "refund me please", label: "refund" },
  { text: "tell me a joke", label: undefined },
  { text: "the drone fell into the lake", label: "drone" },
]
const QUESTIONS = [
  "where is the parcel",
  "money",
  "a joke please",
  "drone",
  "",
  "qqq",
  "我的包裹",
  "My parcel is late!",
]

const memoryOf = (corrections: readonly Correction[]) => {
  const memory = openMemory(read)
  for (const each of corrections) memory.learn(each)
  return memory
}
/** Support by label; which correction is this very text depends on the order alone. */
const supports = (corrections: readonly Correction[]): unknown =>
  QUESTIONS.map((text) => [...memoryOf(corrections).recall(text).support].sort())

/** The definition of `Recollection`, without a memory. */
function recalled(corrections: readonly Correction[], text: string): Recollection["support"] {
  const bags = corrections.map((each) => new Set(read(each.text)))
  const labels = [...new Set(corrections.map(({ label }) => label))]
  const grams = [...new Set(read(text))]
  const weights = grams.map((gram) => {
    const having = corrections.filter((_, i) => bags[i]!.has(gram))
    const rarity = (all: number, some: number): number => 256 + logUnits(1 + all) - logUnits(1 + some)
    return rarity(bags.length, having.length) * rarity(labels.length, new Set(having.map(({ label }) => label)).size)
  })
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return new Map(
    labels.flatMap((label) => {
      const own = bags.filter((_, i) => corrections[i]!.label === label)
      const total = own.reduce((sum, bag) => sum + bag.size, 0)
      const gains = grams.map((gram, i) => {
        const count = own.filter((bag) => bag.has(gram)).length
        return weights[i]! * (logUnits(total + 1024 * count) - logUnits(total))
      })
      const sum = gains.reduce((all, gain) => all + gain, 0)
      return sum > 0 ? [[label, Math.floor(sum / whole)] as const] : []
    }),
  )
}

test("support is what its definition says", () => {
  for (const text of QUESTIONS) expect(memoryOf(SAID).recall(text).support).toEqual(recalled(SAID, text))
})

test("the order of corrections of different texts is of no account", () => {
  for (let seed = 0; seed < 10; seed++) {
    const order = [...shuffled(SAID.length, stream(seed, "mix"))].map((i) => SAID[i]!)
    expect(supports(order)).toEqual(supports(SAID))
  }
})

test("what is forgotten was never learnt, wherever it stood and whatever it overruled", () => {
  const twice: readonly Correction[] = [...SAID, { text: "WHERE is my parcel?", label: "drone" }, SAID[0]!]
  for (let place = 0; place < twice.length; place++) {
    const memory = memoryOf(twice)
    memory.forget(place)
    const left = twice.toSpliced(place, 1)
    const fresh = memoryOf(left)
    expect(memory.corrections).toEqual(left)
    for (const text of [...QUESTIONS, ...twice.map((each) => each.text)]) {
      expect(memory.recall(text)).toEqual(fresh.recall(text))
      for (const label of ["parcel", undefined]) expect(memory.nearest(text, label)).toBe(fresh.nearest(text, label))
    }
  }
  const memory = memoryOf(SAID)
  for (const _ of SAID) memory.forget(0)
  expect(memory.recall("where is my parcel")).toEqual({ exact: undefined, support: new Map() })
})

test("of one text, as the kernel sees it, the last correction counts, and the earlier one for nothing", () => {
  const again = { text: "Where is  my PARCEL?", label: "refund" }
  const memory = memoryOf([...SAID, again])
  expect(memory.recall("where is my parcel").exact).toBe(SAID.length)
  expect(memory.placesOf("where is my parcel")).toEqual([0, SAID.length])
  const without = memoryOf([...SAID.slice(1), again])
  for (const text of QUESTIONS) expect(memory.recall(text).support).toEqual(without.recall(text).support)
})

test("the nearest correction of a label is the one that shares most", () => {
  const memory = memoryOf(SAID)
  expect(memory.nearest("is my parcel late", "parcel")).toBe(1)
  expect(memory.nearest("where is it", "parcel")).toBe(0)
  expect(memory.nearest("where is it", "refund")).toBeDefined()
  expect(memory.nearest("where is it", "nothing")).toBeUndefined()
})

test("engines agree", () => {
  const judged = openMemory(openGrams(memoryGrams(64), interpreterEngine))
  for (const each of SAID) judged.learn(each)
  for (const text of QUESTIONS) expect(judged.recall(text)).toEqual(memoryOf(SAID).recall(text))
})
