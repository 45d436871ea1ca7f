import { expect, test } from "vitest"
import { type Stream, stream } from "../base/random.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { plainNgrams } from "../kernels/testing/ngrams.ts"
import { openClassifier } from "../run/classifier.ts"
import { SCALES, scaleOf } from "../train/train.ts"
import { type FloatClassifier, quantiseClassifier } from "./classifier.ts"
import { LEVELS, levelOf, mostOf, stepOf } from "./coarse.ts"

const OPTIONS = { bytesMax: 24, buckets: 512, wordsMax: 2, charactersMin: 2, charactersMax: 4 }
const KERNEL = ngrams(OPTIONS)
const TEXTS = [
  "",
  "a",
  "where is my parcel",
  "refund please!",
  "Où est mon colis",
  "xxxxxxxxxxxxxxxxxxxxxxxx",
  "中文字",
]
const [DIMS, LABELS] = [6, 5]

/** Pooled vector of a text, in f64. */
function pooledOf(text: string, table: Float32Array): readonly number[] {
  const slots = plainNgrams(new TextEncoder().encode(text).subarray(0, OPTIONS.bytesMax), OPTIONS)
  return Array.from(
    { length: DIMS },
    (_, d) => slots.reduce((sum, slot) => sum + table[slot * DIMS + d]!, 0) * scaleOf(slots.length),
  )
}
type Sizes = { readonly table?: number; readonly linear?: readonly number[]; readonly bias?: readonly number[] }
function floatNet({ table = 0.1, linear = [], bias = [] }: Sizes, random: Stream): FloatClassifier {
  const uniform = (i: number): number => random.uniform(i) * 2 - 1
  const net = {
    table: Float32Array.from({ length: OPTIONS.buckets * DIMS }, (_, i) => uniform(i) * table),
    linear: Float32Array.from({ length: DIMS * LABELS }, (_, i) => uniform(10_000 + i) * (linear[i % LABELS] ?? 1)),
    bias: Float32Array.from({ length: LABELS }, (_, c) => uniform(20_000 + c) * (bias[c] ?? 0.5)),
  }
  return { ...net, pooledMax: furthest(net.table), scaleOf, scales: SCALES }
}
const furthest = (table: Float32Array): number =>
  Math.max(2 ** -20, ...TEXTS.flatMap((text) => pooledOf(text, table)).map(Math.abs))
function compare(net: FloatClassifier): void {
  const { outputs, weights } = quantiseClassifier(net, KERNEL)
  const parts = Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }]))
  const labels = Array.from({ length: LABELS }, (_, c) => `${c}`)
  const classifiers = [wasmEngine, interpreterEngine].map((engine) =>
    openClassifier({ graph: outputs, weights: parts, labels, unsureBelow: 0 }, engine),
  )
  const tableMax = net.table.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  for (const text of TEXTS) {
    const [found, judged] = classifiers.map((each) => each.run(new TextEncoder().encode(text)))
    expect(found).toEqual(judged)
    const [pooled, count] = [
      pooledOf(text, net.table),
      plainNgrams(new TextEncoder().encode(text).subarray(0, 24), OPTIONS).length,
    ]
    // Half a step of each row, of the pooled vector, and of its multiplier.
    const pooledStep = Math.max(net.pooledMax / 127, tableMax / 127 / 4)
    const pooledError = (tableMax / 254) * count * scaleOf(count) + pooledStep * 0.6 + net.pooledMax * 2 ** -10
    for (let c = 0; c < LABELS; c++) {
      const column = Array.from({ length: DIMS }, (_, d) => net.linear[d * LABELS + c]!)
      const exact = (net.bias[c]! + column.reduce((sum, w, d) => sum + w * pooled[d]!, 0)) * Math.LOG2E * 256
      const most = Math.max(
        ...column.map(Math.abs),
        2 ** -20,
        (Math.abs(net.bias[c]!) * 127) / ((net.pooledMax / 127) * 2 ** 23),
      )
      const error =
        DIMS * (most * pooledError + (most / 254) * (net.pooledMax + pooledError)) + (most / 127) * pooledStep
      const wanted = Math.min(Math.max(exact, -32768), 32767)
      const bound =
        error * Math.LOG2E * 256 +
        1 +
        Math.abs(exact) * 2 ** -12 +
        (multiplierError(net) * Math.abs(exact)) / (most || 1)
      expect(Math.abs(found!.logits[c]! - wanted)).toBeLessThanOrEqual(bound)
    }
  }
}
/** Labels share one shift: that of a small label has fewer bits, 2⁻¹⁴ of the largest. */
const multiplierError = ({ linear }: FloatClassifier): number =>
  linear.reduce((most, v) => Math.max(most, Math.abs(v)), 0) * 2 ** -14

const random = stream(SEED, "mix", 5)
test(`integer logits lie near those in floats, within half a step of every rounding (SEED=${SEED})`, () => {
  for (let i = 0; i < 4; i++) compare(floatNet({}, stream(SEED, "mix", 6 + i)))
})
test(`scales of a quarter and more: sums are lifted first (SEED=${SEED})`, () => {
  const net = floatNet({ table: 3, linear: [10, 10, 10, 10, 10] }, random)
  const { outputs } = quantiseClassifier(net, KERNEL)
  const logits = outputs["logits"]!
  expect(logits.inputs[0]!.operation).toBe("multiply")
  compare(net)
})
test(`rows far larger than any pooled vector, which are lifted too (SEED=${SEED})`, () => {
  const net = floatNet({ table: 0.1 }, random)
  const used = new Set(TEXTS.flatMap((text) => plainNgrams(new TextEncoder().encode(text).subarray(0, 24), OPTIONS)))
  const unused = Array.from({ length: OPTIONS.buckets }, (_, slot) => slot).find((slot) => !used.has(slot))!
  for (const size of [1, 5, 1000]) compare({ ...net, table: net.table.with(unused * DIMS, size) })
})
test(`one label very large, one very small, one without weights but with a bias (SEED=${SEED})`, () => {
  compare(floatNet({ linear: [100, 1, 1, 1, 1] }, random))
  compare(floatNet({ linear: [0, 1, 1, 1, 1], bias: [3, 1, 1, 1, 1] }, random))
  compare(floatNet({ linear: [1e-6, 1, 1, 1, 1], bias: [-4, 1, 1, 1, 1] }, random))
  compare(floatNet({ bias: [200, -200, 0, 0, 0] }, random)) // saturates on both sides
})
test("nothing but zeros gives even odds", () => {
  const net = floatNet({ table: 0, linear: [0, 0, 0, 0, 0], bias: [0, 0, 0, 0, 0] }, random)
  compare(net)
})
test("weights so large that sums would wrap are refused", () => {
  expect(() => quantiseClassifier(floatNet({ table: 1000, linear: [1e5, 1, 1, 1, 1] }, random), KERNEL)).toThrow(
    "OB403",
  )
})
test("rows beyond all pooled vectors saturate, and do not wrap to the other side", () => {
  const huge = { ...floatNet({ bias: [0, 0, 0, 0, 0] }, random), pooledMax: 2 ** -20 }
  const net = { ...huge, table: huge.table.fill(1000), linear: huge.linear.fill(1) }
  const { outputs, weights } = quantiseClassifier(net, KERNEL)
  const parts = Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }]))
  const { run } = openClassifier({ graph: outputs, weights: parts, labels: [..."abcde"], unsureBelow: 0 }, wasmEngine)
  for (const text of TEXTS.slice(1)) expect(Math.min(...run(new TextEncoder().encode(text)).logits)).toBeGreaterThan(0)
})
for (const levels of LEVELS)
  test(`a table of ${levels} levels: logits as from the floats on its grid, the same on every engine (SEED=${SEED})`, () => {
    for (const [i, sizes] of [
      {},
      { table: 3, linear: [10, 10, 10, 10, 10] },
      { bias: [200, -200, 0, 0, 0] },
    ].entries()) {
      const net = floatNet(sizes, stream(SEED, "mix", 20 + i))
      const [step, most] = [stepOf(net.table, mostOf(levels)), mostOf(levels)]
      const table = net.table.map((v) => step * levelOf(v, step, most))
      const unit = (c: number): number =>
        Math.max(
          2 ** -20,
          ...Array.from(net.linear)
            .filter((_, at) => at % LABELS === c)
            .map(Math.abs),
        ) / 7
      const linear = net.linear.map((v, at) => unit(at % LABELS) * Math.round(v / unit(at % LABELS)))
      compare({ ...net, table, linear, pooledMax: furthest(table), levels })
    }
  })
test("weights fill their range: rows reach ±127, each label has a scale of its own", () => {
  const { weights } = quantiseClassifier(floatNet({ linear: [1, 0.01, 1, 1, 1] }, random), KERNEL)
  expect(Math.max(...Array.from(weights["table"]!, Math.abs))).toBe(127)
  for (let c = 0; c < LABELS; c++)
    expect(
      Math.max(
        ...Array.from(weights["linear"]!)
          .filter((_, i) => i % LABELS === c)
          .map(Math.abs),
      ),
    ).toBe(127)
})
