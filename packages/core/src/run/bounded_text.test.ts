import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { wasmEngine } from "../engine/wasm.ts"
import type { Outputs } from "../graph/text.ts"
import { validate } from "../ir/validate.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { lowerGraph } from "../lower/lower.ts"
import { quantiseClassifier } from "../quantise/classifier.ts"
import type { Levels } from "../quantise/coarse.ts"
import { boundedText } from "./bounded_text.ts"
import { openClassifier } from "./classifier.ts"

const [BUCKETS, DIMS, LABELS] = [203, 11, 7]
const OPTIONS = { buckets: BUCKETS, wordsMax: 2, charactersMin: 2, charactersMax: 5, wordTimes: 2 }

function netOf(levels: Levels | undefined, isExtreme = false): ReturnType<typeof quantiseClassifier> {
  const random = stream(5, "draw")
  const floats = (n: number, at: number): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => 2 * random.uniform(at + i) - 1)
  return quantiseClassifier(
    {
      ...{
        table: isExtreme ? new Float32Array(BUCKETS * DIMS).fill(1) : floats(BUCKETS * DIMS, 0),
        linear: floats(DIMS * LABELS, 5000),
        bias: floats(LABELS, 9000),
      },
      ...{ pooledMax: 4, scaleOf: (n) => 1 / Math.sqrt(Math.max(1, n)), scales: 200, ...(levels ? { levels } : {}) },
    },
    ngrams({ ...OPTIONS, bytesMax: 300 }),
  )
}
const TEXTS = ["", "a", "where is my parcel", "Größe 漢字 😀 it's!", "x".repeat(64), "ab ".repeat(21), "é".repeat(32)]
function answersOf(
  graph: Outputs,
  weights: ReturnType<typeof quantiseClassifier>["weights"],
  texts: readonly string[] = TEXTS,
): readonly unknown[] {
  expect(validate(lowerGraph({ name: "net", outputs: graph, prepares: true }))).toEqual([])
  const data = Object.fromEntries(Object.entries(weights).map(([name, numbers]) => [name, { data: numbers }]))
  const labels = Array.from({ length: LABELS }, (_, i) => `l${i}`)
  const net = openClassifier({ graph, weights: data, labels, unsureBelow: 0 }, wasmEngine)
  return texts.map((text) => {
    const { label, logits, probability } = net.run(new TextEncoder().encode(text))
    return [label, [...logits], [...probability]]
  })
}

test.each([undefined, 15, 3] as const)(
  "a net of %s levels answers the same with a buffer for 64 bytes, as it is read",
  (levels) => {
    const { outputs, weights } = netOf(levels)
    const whole = answersOf(outputs, weights)
    const bounded = boundedText(outputs, 64)!
    expect(answersOf(bounded, weights)).toEqual(whole)
    const bytesOf = (graph: Outputs): number =>
      lowerGraph({ name: "net", outputs: graph, prepares: true }).buffers.reduce((sum, { length }) => sum + length, 0)
    const [short, long] = [16, 300].map((bytes) => bytesOf(boundedText(outputs, bytes)!)) as [number, number]
    expect(long - short).toBeLessThan(2 * (300 - 16)) // its text, and a place for it
  },
)

test("a kernel is not made larger than it was, nor of nothing", () => {
  const { outputs } = netOf(undefined)
  expect([boundedText(outputs, 301), boundedText(outputs, 0)]).toEqual([undefined, undefined])
  expect(boundedText(outputs, 300)).toBeDefined()
})

test("sums beyond 16 bits are not cut: many n-grams of the largest number", () => {
  const { outputs, weights } = netOf(undefined, true)
  const long = ["ab ".repeat(100), "a".repeat(300), "漢字".repeat(40)]
  expect(answersOf(boundedText(outputs, 300)!, weights, long)).toEqual(answersOf(outputs, weights, long))
})
