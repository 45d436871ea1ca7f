import { expect, test } from "vitest"
import { Refusal } from "../base/problem.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import type { Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { quantiseClassifier } from "../quantise/classifier.ts"
import { type ClassifierParts, openClassifier } from "./classifier.ts"

const OPTIONS = { bytesMax: 12, buckets: 16, wordsMax: 2, charactersMin: 2, charactersMax: 3 }
const LABELS = ["alpha", "beta", "gamma"]

/** Answers whatever is asked with these logits, in bits. */
function constantNet(bits: readonly number[]): Pick<ClassifierParts, "graph" | "weights"> {
  const { outputs, weights } = quantiseClassifier(
    {
      table: new Float32Array(32),
      linear: new Float32Array(2 * bits.length).fill(0.1),
      bias: Float32Array.from(bits, (each) => each * Math.LN2),
      pooledMax: 1,
      scaleOf: () => 1,
      scales: 4,
    },
    ngrams(OPTIONS),
  )
  return {
    graph: outputs,
    weights: Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }])),
  }
}
const PARTS: ClassifierParts = { ...constantNet([1, 3, 2]), labels: LABELS, unsureBelow: 512 }
const open = (change: Partial<ClassifierParts>): unknown => openClassifier({ ...PARTS, ...change }, wasmEngine)
const codesOf = (build: () => unknown): readonly string[] => {
  try {
    build()
    return []
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.problems.map(({ code }) => code)
  }
}

test("an answer: the likeliest label, its probability, what speaks for it", () => {
  const { label, guess, probability, evidence, bytesCut } = openClassifier(PARTS, interpreterEngine).ask("hello")
  expect({ label, guess, bytesCut }).toEqual({ label: "beta", guess: "beta", bytesCut: 0 })
  expect(evidence).toBeCloseTo(3, 1)
  expect(probability).toBeCloseTo(8 / 14, 2)
})
test("evidence below the threshold is unsure, at it is not; the guess stays", () => {
  const { logits } = openClassifier(PARTS, wasmEngine).run(new Uint8Array())
  const asked = (unsureBelow: number): unknown => openClassifier({ ...PARTS, unsureBelow }, wasmEngine).ask("x")
  expect(asked(logits[1]!)).toMatchObject({ label: "beta", guess: "beta" })
  expect(asked(logits[1]! + 1)).toMatchObject({ label: undefined, guess: "beta" })
})
test("bytes beyond what the module reads are counted; no character is cut in two", () => {
  const { ask } = openClassifier(PARTS, wasmEngine)
  expect(
    ["", "x".repeat(12), "x".repeat(15), `${"x".repeat(11)}é`, `${"x".repeat(11)}😀z`].map(
      (text) => ask(text).bytesCut,
    ),
  ).toEqual([0, 0, 3, 2, 5])
  expect(ask("\ud800".repeat(5)).bytesCut).toBe(3) // a lone surrogate is read as three bytes
})
test("the ranking falls, equals stay in order, and it is as long as asked", () => {
  const { ask, ranking, probabilityOf } = openClassifier({ ...PARTS, ...constantNet([2, 3, 2]) }, wasmEngine)
  ask("x")
  expect(ranking(9).map(({ label }) => label)).toEqual(["beta", "alpha", "gamma"])
  expect(ranking(1)).toEqual([{ label: "beta", probability: probabilityOf(1) }])
  expect(ranking(0)).toEqual([])
})
test("`run` takes bytes as they are, too long or not UTF-8, and an earlier text leaves nothing behind", () => {
  const { run, ask } = openClassifier(PARTS, wasmEngine)
  const fresh = [...run(new TextEncoder().encode("ab")).logits]
  ask("another text")
  expect([...run(new TextEncoder().encode("ab")).logits]).toEqual(fresh)
  expect(run(new Uint8Array(100).fill(0xff)).label).toBe(1)
})

test("graph, weights and labels that do not belong together are refused", () => {
  const { graph, weights } = PARTS
  const { logits, ...rest } = graph
  const without = { ...weights }
  delete (without as Record<string, unknown>)["table"]
  const cases: readonly Partial<ClassifierParts>[] = [
    { labels: LABELS.slice(1) },
    { graph: rest },
    { graph: { ...rest, logits: graph["label"]! } },
    { weights: without },
    { weights: { ...weights, table: { data: new Int8Array(31) } } },
    { weights: { ...weights, table: { data: new Uint8Array(32) } } },
    { graph: { ...graph, label: op.input("text", "i32", [1, 1]) }, weights: {} },
  ]
  for (const [i, change] of cases.entries()) {
    const codes = codesOf(() => open(change))
    expect([i, codes.length > 0 && codes.every((code) => code === "OB230" || code === "OB210")]).toEqual([i, true])
    if (i < 6) expect([i, codes]).toEqual([i, ["OB230"]])
  }
  expect(logits!.dtype).toBe("i16")
})
test("a graph that takes no text is refused, and one that answers no label when it does so", () => {
  const logits = op.weight("logits_given", "i16", [1, 3])
  const weights = { logits_given: { data: new Int16Array(3) }, place: { data: Int32Array.of(7) } }
  const graph: Record<string, Node> = { label: op.argmax(logits), logits, probability: op.softmaxBits(logits) }
  expect(codesOf(() => open({ graph, weights }))).toEqual(["OB230"])
  const liar = { ...PARTS.graph, label: op.weight("place", "i32", [1, 1]) }
  const { ask } = openClassifier({ ...PARTS, graph: liar, weights: { ...PARTS.weights, ...weights } }, wasmEngine)
  expect(codesOf(() => ask("x"))).toEqual(["OB230"])
})
test("a module that promises every label in full scores no better for it: its promises are shares of their sum", () => {
  const greedy = { ...PARTS.graph, probability: op.fill(65535, { shape: [1, 3], dtype: "u16" }) }
  const classifier = openClassifier({ ...PARTS, graph: greedy }, wasmEngine)
  classifier.ask("hello")
  const shares = LABELS.map((_, place) => classifier.probabilityOf(place))
  expect(shares).toEqual([1 / 3, 1 / 3, 1 / 3])
})
