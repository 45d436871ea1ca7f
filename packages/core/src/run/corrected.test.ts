import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import type { Correction } from "../memory/corrections.ts"
import { RECIPE } from "../train/recipe.ts"
import { teach } from "../train/teach.ts"
import { type ClassifierParts, openClassifier } from "./classifier.ts"
import { type Corrected, openCorrected } from "./corrected.ts"
import { sharesOf } from "./shares.ts"

const EXAMPLES = [
  ...["where is my parcel", "has my parcel been sent", "parcel lost in the post"].map((text) => ({
    text,
    label: "parcel",
  })),
  ...["i want my money back", "refund me please", "when is the refund paid"].map((text) => ({ text, label: "refund" })),
]
/** A small net that knows parcel and refund. */
function taughtNet(): ClassifierParts {
  const recipe = { ...RECIPE, bytesMax: 64, buckets: 256, dims: 8, epochs: 8, batch: 4 }
  const teaching = teach({ train: EXAMPLES, validation: [] }, [{ name: "scratch", recipe }], 1, wasmEngine)
  let next = teaching.next()
  while (!next.done) next = teaching.next()
  const { weights, ...rest } = next.value
  return { ...rest, weights: Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }])) }
}
const PARTS = taughtNet()
const UNSURE_BELOW = 128
const open = (corrections: readonly Correction[] = [], engine = wasmEngine): Corrected =>
  openCorrected(
    openClassifier({ ...PARTS, unsureBelow: UNSURE_BELOW }, engine),
    { unsureBelow: UNSURE_BELOW, bytesMax: 64, corrections },
    engine,
  )
const FAR = ["qu'est-ce que c'est", "0123456789", "我的包裹"]
const NEAR = [...EXAMPLES.map(({ text }) => text), "where is it", "pay me"]

test("without corrections it is the net, to the bit", () => {
  const net = openClassifier({ ...PARTS, unsureBelow: UNSURE_BELOW }, wasmEngine)
  const corrected = open()
  for (const text of [...NEAR, ...FAR]) {
    expect(corrected.ask(text)).toEqual(net.ask(text))
    expect(corrected.ranking(2)).toEqual(net.ranking(2))
    expect(corrected.probabilityOf(1)).toBe(net.probabilityOf(1))
  }
})

test("a correction counts at once, for whatever the kernel sees as the same text, and is cited", () => {
  const corrected = open()
  expect(corrected.ask("where is my parcel").guess).toBe("parcel")
  corrected.correct("Where is my parcel?", "refund")
  const { label, probability, because } = corrected.ask("where is my  parcel")
  expect([label, because]).toEqual(["refund", { lesson: 1, text: "Where is my parcel?", label: "refund" }])
  expect(probability).toBeGreaterThan(0.9)
  corrected.correct("where is my parcel", undefined)
  expect(corrected.ask("where is my parcel")).toMatchObject({
    label: undefined,
    because: { lesson: 2, label: undefined },
  })
  corrected.forget(1)
  corrected.forget(0)
  expect(corrected.ask("where is my parcel")).toEqual(open().ask("where is my parcel"))
})

test("what was said of this very text is said again, however much speaks for something else", () => {
  const crowd = [
    "has my parcel been sent yet",
    "has the parcel been sent",
    "my parcel has been sent",
    "parcel been sent",
  ]
  const others = ["please pay", "one two three", "four five six", "seven eight nine"]
  const said = [
    ...crowd.map((text) => ({ text, label: "parcel" })),
    ...others.map((text) => ({ text, label: "refund" })),
  ]
  const text = "has my parcel been sent"
  expect(open(said).ask(text).label).toBe("parcel")
  expect(open([...said, { text, label: "refund" }]).ask(text)).toMatchObject({
    label: "refund",
    because: { lesson: 9 },
  })
  expect(open([...said, { text, label: undefined }]).ask(text)).toMatchObject({
    label: undefined,
    because: { lesson: 9 },
  })
  expect(open([...said, { text, label: "refund" }]).ask(`${text} yet`).label).toBe("parcel")
})

test("it counts for what is near, and changes nothing of what is far", () => {
  const corrected = open([{ text: "has my parcel been sent to the moon", label: "refund" }])
  expect(corrected.ask("has my parcel been sent to the moon now")).toMatchObject({
    label: "refund",
    because: { lesson: 1 },
  })
  for (const text of [...FAR, "i want my money back", "parcel lost in the post"]) {
    const { label, guess, evidence, needed } = open().ask(text)
    expect(corrected.ask(text)).toMatchObject({ label, guess, evidence, needed })
  }
})

test("a new label joins those of the net, in an order of its own, and goes with its last correction", () => {
  const said = [
    { text: "my drone fell into the lake", label: "drone" },
    { text: "can i pay by card", label: "card" },
  ]
  const [one, other] = [open(said), open(said.toReversed())]
  expect(one.labels).toEqual(["parcel", "refund", "card", "drone"])
  expect(other.labels).toEqual(one.labels)
  expect(one.ask("a drone fell in the lake")).toMatchObject({ label: "drone", because: { lesson: 1 } })
  for (const text of NEAR) {
    const [{ because: _, ...a }, { because: __, ...b }] = [one.ask(text), other.ask(text)]
    expect(a).toEqual(b)
    expect(one.ranking(4)).toEqual(other.ranking(4))
    expect(one.probabilityOf(3)).toBe(other.probabilityOf(3))
  }
  const whole = one.labels.reduce((sum, _, place) => sum + one.probabilityOf(place), 0)
  expect(whole).toBeCloseTo(1, 9)
  one.forget(0)
  expect(one.labels).toEqual(["parcel", "refund", "card"])
  for (const text of [...FAR, "x"]) expect(one.ask(text).guess).not.toBe("drone")
})

test("a label that nothing speaks for is never the guess, however little the net knows", () => {
  const corrected = open([{ text: "zzz zzz", label: "sleep" }])
  for (const text of [...FAR, ""]) {
    expect(corrected.ask(text).guess).not.toBe("sleep")
    expect(corrected.ranking(3).find(({ label }) => label === "sleep")!.probability).toBe(0)
  }
})

test("engines agree to the bit", () => {
  const said = [
    ...EXAMPLES.slice(0, 2).map(({ text }) => ({ text, label: "other" })),
    { text: "pay me", label: undefined },
  ]
  const [fast, judged] = [open(said), open(said, interpreterEngine)]
  for (const text of [...NEAR, ...FAR, ""]) {
    expect(fast.ask(text)).toEqual(judged.ask(text))
    expect(fast.ranking(3)).toEqual(judged.ranking(3))
  }
})

test("shares on the host are those of softmax_bits, at any temperature", () => {
  for (const temperature of [1, 5000, 8192, 11_093, 32_767]) {
    const weights = { ...PARTS.weights, temperature: { data: Int32Array.of(temperature) } }
    const net = openClassifier({ ...PARTS, weights, unsureBelow: 0 }, wasmEngine)
    const { logits, probability } = net.run(new TextEncoder().encode(NEAR[0]!))
    expect([net.temperature, sharesOf(logits, temperature)]).toEqual([temperature, probability])
  }
  const net = openClassifier({ ...PARTS, unsureBelow: 0 }, wasmEngine)
  for (const text of [...NEAR, ...FAR]) {
    const { logits, probability } = net.run(new TextEncoder().encode(text))
    expect(sharesOf(logits, net.temperature)).toEqual(probability)
  }
  expect([...sharesOf(Int16Array.of(32_767, -32_768, 32_767))]).toEqual([32_768, 0, 32_768])
})
