import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Refusal } from "../base/problem.ts"
import { stream } from "../base/random.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import type { Outputs } from "../graph/text.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { type QuantisedNet, quantiseClassifier } from "../quantise/classifier.ts"
import { SCALES, scaleOf } from "../train/train.ts"
import { openClassifier } from "./classifier.ts"
import { type Contributions, openExplainer } from "./contributions.ts"

const OPTIONS = { bytesMax: 24, buckets: 64, wordsMax: 2, charactersMin: 2, charactersMax: 4 }
const [DIMS, LABELS] = [6, 5]
const PLACES = Array.from({ length: LABELS }, (_, place) => place)
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A net of random weights: rows up to `table`, a matrix up to `linear`, vectors up to `pooledMax` before they are cut off. */
function netOf(
  key: number,
  { table = 1, linear = 1, pooledMax = 2, buckets = OPTIONS.buckets, wordTimes = 1 } = {},
): QuantisedNet {
  const random = stream(SEED, "mix", key)
  const uniform = (i: number): number => random.uniform(i) * 2 - 1
  const from = (length: number, scale: number, first: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => uniform(first + i) * scale)
  return quantiseClassifier(
    {
      table: from(buckets * DIMS, table, 0),
      linear: from(DIMS * LABELS, linear, 10_000),
      bias: from(LABELS, 1, 20_000),
      ...{ pooledMax, scaleOf, scales: SCALES },
    },
    ngrams({ ...OPTIONS, buckets, wordTimes }),
  )
}
const partsOf = ({ outputs, weights }: QuantisedNet) => ({
  graph: outputs,
  weights: Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, { data }])),
})
const explainerOf = (net: QuantisedNet, engine: Engine = wasmEngine) => openExplainer(partsOf(net), engine)
const logitsOf = (net: QuantisedNet) => {
  const { run } = openClassifier({ ...partsOf(net), labels: PLACES.map(String), unsureBelow: 0 }, wasmEngine)
  return (bytes: Uint8Array): readonly number[] => [...run(bytes).logits]
}
const sumsOf = ({ rows, bias, rounding }: Contributions): readonly number[] =>
  bias.map((each, i) => rows.reduce((sum, { contributions }) => sum + contributions[i]!, each + rounding[i]!))

/** What a requantised sum is multiplied by, besides its multiplier. */
function scaleOfNode(node: Node): number {
  if (!isNode(node, "requantise")) throw new Error("not requantised")
  const [lifted] = node.inputs
  const fill = isNode(lifted, "multiply") ? lifted.inputs.find((each) => isNode(each, "fill")) : undefined
  return (fill && isNode(fill, "fill") ? fill.attributes.value : 1) / 2 ** node.attributes.shift
}

/** Texts as they come, and bytes that are none. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }).map(bytesOf),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }).map((all) => Uint8Array.from(all)),
  fc.constantFrom("", "where is my parcel", "aaaaaaaaaaaa", "字字 😀").map(bytesOf),
)

describe("rows, bias and rounding sum to the logit that the classifier gives, for every label", () => {
  const nets = {
    "a net as it is learnt": netOf(1),
    "one whose sums are lifted before they are requantised": netOf(2, { table: 3, linear: 10 }),
    "one whose vectors are cut off at what eight bits hold": netOf(3, { table: 10, pooledMax: 0.01 }),
    "one whose logits are cut off at what sixteen bits hold": netOf(4, { linear: 100, pooledMax: 10 }),
    "one of four rows, which all n-grams share": netOf(5, { buckets: 4 }),
    "one to which words count three times": netOf(6, { wordTimes: 3 }),
  }
  test.each(Object.entries(nets))(`%s (SEED=${SEED})`, (_, net) => {
    const [{ explain }, logits] = [explainerOf(net), logitsOf(net)]
    fc.assert(
      fc.property(text, (bytes) => {
        const found = explain(bytes, PLACES)
        expect(sumsOf(found)).toEqual(logits(bytes))
        expect(found.logits).toEqual(logits(bytes))
      }),
      { seed: SEED, numRuns: 150 },
    )
  })
})

test("every n-gram stands in one row, with those that share its slot, and each row says what its numbers come to", () => {
  const net = netOf(5, { buckets: 4 })
  const { explain } = explainerOf(net)
  const { rows } = explain(bytesOf("where is it"), PLACES)
  expect(rows.length).toBe(4)
  expect(rows.flatMap(({ grams }) => grams).length).toBe(6 + 5 + 4 + 2 * (3 + 2 + 1) + 3 + 4)
  expect(rows.find(({ grams }) => grams.some((gram) => gram.text === "where"))!.grams.length).toBeGreaterThan(1)

  const { table, linear, bag_multiplier, logit_multiplier } = net.weights
  const count = rows.reduce((sum, { grams }) => sum + grams.length, 0)
  const logits = net.outputs["logits"]!
  const pooled = inOrder([logits]).find((node) => isNode(node, "requantise") && node !== logits)!
  for (const { slot, grams, contributions } of rows)
    for (const place of PLACES) {
      let sum = 0
      for (let d = 0; d < DIMS; d++) sum += table![slot * DIMS + d]! * linear![d * LABELS + place]!
      const first = scaleOfNode(pooled) * bag_multiplier![count]!
      const second = scaleOfNode(logits) * logit_multiplier![place]!
      expect(Math.abs(contributions[place]! - grams.length * sum * first * second)).toBeLessThanOrEqual(0.5)
    }
})

test(`where nothing is cut off, rounding is as small as the halves that it is made of (SEED=${SEED})`, () => {
  const net = netOf(1, { pooledMax: 40 })
  const { explain } = explainerOf(net)
  fc.assert(
    fc.property(text, (bytes) => {
      const { rows, rounding, isCut } = explain(bytes, PLACES)
      expect(isCut).toEqual(PLACES.map(() => false))
      for (const place of PLACES) {
        const column = Array.from({ length: DIMS }, (_, d) => Math.abs(net.weights["linear"]![d * LABELS + place]!))
        const step = scaleOfNode(net.outputs["logits"]!) * net.weights["logit_multiplier"]![place]!
        const halves = (column.reduce((a, b) => a + b, 0) * step + 1 + rows.length + 1) / 2
        expect(Math.abs(rounding[place]!)).toBeLessThanOrEqual(halves)
      }
    }),
    { seed: SEED, numRuns: 100 },
  )
})
test("what is cut off is said, and is in the rounding", () => {
  const found = explainerOf(netOf(3, { table: 10, pooledMax: 0.01 })).explain(bytesOf("where is my parcel"), PLACES)
  expect(found.isCut).toContain(true)
  expect(Math.max(...found.rounding.map(Math.abs))).toBeGreaterThan(256)
})
test("a text without words has the bias alone; labels come as they are asked for; one text leaves nothing to the next", () => {
  const { explain } = explainerOf(netOf(1))
  const fresh = explain(bytesOf("is it"), [3, 0])
  explain(bytesOf("another text, longer"), [1])
  expect(explain(bytesOf("is it"), [3, 0])).toEqual(fresh)
  expect(explain(bytesOf("is it"), PLACES).bias).toEqual(expect.arrayContaining([...fresh.bias]))
  const { rows, words, bias, rounding, logits } = explain(bytesOf(" ?! "), [2])
  expect([rows, words]).toEqual([[], []])
  expect(bias[0]! + rounding[0]!).toBe(logits[0])
})
test("engines explain alike", () => {
  const net = netOf(2, { table: 3, linear: 10 })
  const [a, b] = [explainerOf(net), explainerOf(net, interpreterEngine)]
  for (const each of ["where is my parcel", "", "😀 \u00ff"]) {
    expect(a.explain(bytesOf(each), PLACES)).toEqual(b.explain(bytesOf(each), PLACES))
    expect([...a.pooledOf(bytesOf(each))]).toEqual([...b.pooledOf(bytesOf(each))])
  }
})

/** The graph with some nodes exchanged. */
function exchanged(outputs: Outputs, change: (node: Node) => Node | undefined): Outputs {
  const done = new Map<Node, Node>()
  for (const node of inOrder(Object.values(outputs))) {
    const inputs = node.inputs.map((each) => done.get(each)!)
    const same = { ...node, inputs } as Node
    done.set(node, change(same) ?? same)
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, done.get(node)!]))
}

test("weights in nibbles, and a scale of the probabilities alone, change no contribution", () => {
  const net = netOf(1)
  const nibbles = (name: string): Uint8Array =>
    Uint8Array.from({ length: net.weights[name]!.length / 2 }, (_, i) => {
      const [low, high] = [0, 1].map((n) => Math.round(net.weights[name]![2 * i + n]! / 16 - 0.5) + 8) as [
        number,
        number,
      ]
      return low | (high << 4)
    })
  const packed = { table: nibbles("table") }
  const unpacked = Int8Array.from({ length: 2 * packed.table.length }, (_, i) => {
    const byte = packed.table[i >> 1]!
    return (i % 2 === 0 ? byte & 15 : byte >> 4) - 8
  })
  const graph = exchanged(net.outputs, (node) => {
    if (isNode(node, "weight") && node.attributes.name === "table")
      return op.unpackNibbles(op.weight("table", "u8", [OPTIONS.buckets, DIMS / 2]))
    if (!isNode(node, "softmax_bits")) return undefined
    const wide = op.convert(node.inputs[0], "i32")
    return op.softmaxBits(op.requantise(wide, op.broadcastLike(op.weight("sharpness", "i32", [1, 1]), wide), 18, "i16"))
  })
  const weights = { ...net.weights, table: packed.table, sharpness: Int32Array.of(20_000) }
  const [a, b] = [
    explainerOf({ outputs: graph, weights }),
    explainerOf({ ...net, weights: { ...net.weights, table: unpacked } }),
  ]
  for (const each of ["where is my parcel", "字 it", ""])
    expect(a.explain(bytesOf(each), PLACES)).toEqual(b.explain(bytesOf(each), PLACES))
})
test("a weight may have the name that an explanation would give", () => {
  const net = netOf(1)
  const name = "explained_sum"
  const graph = exchanged(net.outputs, (node) =>
    isNode(node, "weight") && node.attributes.name === "bias" ? op.weight(name, "i32", [1, LABELS]) : undefined,
  )
  const renamed = { outputs: graph, weights: { ...net.weights, [name]: net.weights["bias"]! } }
  expect(explainerOf(renamed).explain(bytesOf("is it"), PLACES)).toEqual(
    explainerOf(net).explain(bytesOf("is it"), PLACES),
  )
})

describe("an engine that gives other numbers is found out: no explanation is better than a wrong one", () => {
  /** WebAssembly, but for one bit of each number of one buffer that it leaves behind. */
  const liar = (buffer: string): Engine => ({
    name: "liar",
    instantiate(program, within) {
      const instance = wasmEngine.instantiate(program, within)
      const lie = instance.memory[buffer]
      return {
        ...instance,
        run() {
          instance.run()
          lie?.forEach((value, i) => {
            lie[i] = value ^ 64
          })
        },
      }
    },
  })
  const cases = [
    ["explained_slots", "other n-grams than the kernel"],
    ["explained_sum", "another vector than the engine|do not sum to the engine's"],
    ["explained_pooled", "another vector than the engine"],
    ["explained_logits", "an explanation comes to"],
    ["explained_table", "do not sum to the engine's"],
    ["explained_matrix", "an explanation comes to"],
  ]
  test.each(cases)("%s: %s", (buffer, said) => {
    const { explain } = openExplainer(partsOf(netOf(1, { pooledMax: 0.2 })), liar(buffer!))
    const texts = ["where is my parcel", "it is here", "a parcel"].map(bytesOf)
    expect(() => texts.map((each) => explain(each, PLACES))).toThrow(new RegExp(`bug: .*(${said})`))
  })
})

test("lifts so large that sums are no longer exact are refused, and what merely wraps is said", () => {
  const net = netOf(6, { table: 3, linear: 10 })
  const lifted = (width: number, value: number): QuantisedNet => ({
    ...net,
    outputs: exchanged(net.outputs, (node) => {
      if (!isNode(node, "requantise") || node.shape[1] !== width) return undefined
      const [lift] = node.inputs
      const sum = isNode(lift, "multiply") ? lift.inputs[0] : lift
      return { ...node, inputs: [op.multiply(sum, op.fill(value, sum)), node.inputs[1]] } as Node
    }),
  })
  const explained = (width: number, value: number): Contributions =>
    explainerOf(lifted(width, value)).explain(bytesOf("where is my parcel"), PLACES)
  expect(() => explained(DIMS, 2 ** 30)).toThrow("its weights are too large")
  expect(() => explained(LABELS, 2 ** 30)).toThrow("what its n-grams contribute is too large")
  for (const width of [DIMS, LABELS]) {
    const found = explained(width, 2 ** 18)
    expect(found.isCut).toContain(true)
    expect(sumsOf(found)).toEqual(logitsOf(lifted(width, 2 ** 18))(bytesOf("where is my parcel")))
  }
})

test("a sum that wraps is cut off, even where nothing saturates", () => {
  const net = netOf(1, { pooledMax: 40 })
  const outputs = exchanged(net.outputs, (node) => {
    if (!isNode(node, "requantise") || node.shape[1] !== LABELS) return undefined
    const [lift] = node.inputs
    const sum = isNode(lift, "multiply") ? lift.inputs[0] : lift
    return op.requantise(op.multiply(sum, op.fill(2 ** 24, sum)), op.fill(1, sum), 31, "i16")
  })
  const found = explainerOf({ ...net, outputs }).explain(bytesOf("where is my parcel"), PLACES)
  expect(found.isCut).toContain(true)
  expect(Math.max(...found.logits.map(Math.abs))).toBeLessThanOrEqual(1)
})

test("graphs of another form are refused", () => {
  const net = netOf(1)
  const refused = (change: (node: Node) => Node | undefined, of = net): readonly string[] => {
    try {
      explainerOf({ ...of, outputs: exchanged(of.outputs, change) })
      return []
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return error.problems.map(({ code, seen }) => `${code} ${seen}`)
    }
  }
  const named = (node: Node, name: string): boolean => isNode(node, "weight") && node.attributes.name === name
  const of = (seen: string): readonly string[] => [
    `OB540 This module is not a sum over the n-grams of a text: ${seen}.`,
  ]
  expect(refused(() => undefined)).toEqual([])
  const { logits: _, ...rest } = net.outputs
  expect(() => explainerOf({ ...net, outputs: rest })).toThrow("it gives no logits")
  expect(
    refused((node) => (node.dtype === "i16" && isNode(node, "requantise") ? op.larger(node, node) : undefined)),
  ).toEqual(of("`larger` stands where a sum is requantised"))
  expect(refused((node) => (isNode(node, "add") ? op.subtract(node.inputs[0], node.inputs[1]) : undefined))).toEqual(
    of("`subtract` stands where a bias is added"),
  )
  expect(refused((node) => (isNode(node, "matmul") ? op.larger(node, node) : undefined))).toEqual(
    of("nothing that it adds is a `matmul`"),
  )
  expect(
    refused((node) => (isNode(node, "gather_sum") && node.shape[1] === DIMS ? op.larger(node, node) : undefined)),
  ).toEqual(of("its vector comes from `larger`"))
  expect(
    refused((node) => (named(node, "bias") ? op.broadcastLike(op.input("length", "i32", [1, 1]), node) : undefined)),
  ).toEqual(of("`broadcast`, which should be a weight, depends on the text"))
  const program = ngrams(OPTIONS)
  const altered = { ...program, body: [...program.body, ...program.body.slice(-1)] }
  const kernel = (node: Node): Node | undefined =>
    isNode(node, "kernel") ? ({ ...node, attributes: { ...node.attributes, program: altered } } as Node) : undefined
  expect(refused(kernel)).toEqual(of("its n-grams are not those that are known here"))
  const other = (node: Node): Node | undefined =>
    isNode(node, "kernel") && node.attributes.output === "count"
      ? ({ ...node, attributes: { ...node.attributes, program: altered } } as Node)
      : undefined
  expect(refused(other)).toEqual(of("one kernel does not give its slots"))
  const elsewhere = (node: Node): Node | undefined =>
    isNode(node, "input") && node.attributes.name === "text" ? op.input("words", "u8", node.shape) : undefined
  expect(refused(elsewhere)).toEqual(of("its kernel is not given the text"))
})
