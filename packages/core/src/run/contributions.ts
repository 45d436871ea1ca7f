import type { Numbers } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import { sizeOf } from "../base/shape.ts"
import { compileGraph } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import { MULTIPLIER_MAX } from "../graph/requantise.ts"
import type { NgramOptions } from "../kernels/ngrams.ts"
import { type Gram, type ReadText, readNgrams } from "../kernels/readable.ts"
import { ngramOptionsOf } from "../kernels/recognise.ts"
import { PREPARE } from "../link/link.ts"
import { type BagNet, other, type Requantised, readBagNet } from "./bag_net.ts"
import type { ClassifierParts } from "./classifier.ts"

/** What one row of the table added, and the n-grams of the text that chose it: where they share a slot, all of them. */
export interface RowContribution {
  readonly slot: number
  /** In the order of the text, equal ones as often as they occur; the row was added once for each. */
  readonly grams: readonly Gram[]
  /** To the logit of each label that was asked about, in 1/256 bit. */
  readonly contributions: readonly number[]
}
/** Why each label that was asked about has its logit: rows, bias and rounding sum to it exactly. */
export interface Contributions extends Pick<ReadText, "words"> {
  readonly rows: readonly RowContribution[]
  readonly bias: readonly number[]
  /** What closes the sum: all that the net, and the whole numbers here, rounded away or cut off. */
  readonly rounding: readonly number[]
  /** Whether something did not fit its bits and was cut off, so that `rounding` may be large. */
  readonly isCut: readonly boolean[]
  /** As the engine gave them, in 1/256 bit. */
  readonly logits: readonly number[]
}
export interface Explainer {
  /** Of the first `bytesMax` bytes of a text, for labels by place. */
  explain(bytes: Uint8Array, places: readonly number[]): Contributions
  /** What the net keeps of a text before it weighs labels, [D]: texts that are alike to it have vectors that are. */
  pooledOf(bytes: Uint8Array): Numbers
  readonly bytesMax: number
}

/**
 * What each n-gram contributed to a label's logit, in the integers that answered.
 *
 * With rows r of the table T, each chosen k_r times, the net computes s_d = Σ k_r · T[r,d], the vector
 * p_d = round(s_d · f · m / 2^t), the sum S_c = Σ p_d · W[d,c] + b_c and the logit round(S_c · F · M_c / 2^u). Without its
 * roundings the logit is linear in the rows: row r contributes k_r · Σ_d T[r,d] · f · m · W[d,c] · F · M_c / 2^(t+u), the
 * bias b_c · F · M_c / 2^u. Each is computed exactly, then rounded to 1/256 bit, ties towards +∞.
 *
 * At every explanation the n-grams read here must fall into the slots that the engine's kernel gave, in its order; rows,
 * vector and logit computed from them must be those of the engine; else a bug is thrown.
 * Errors: OB540 when the graph is of another form, and those of `compileGraph`.
 */
export function openExplainer(
  { graph, weights }: Pick<ClassifierParts, "graph" | "weights">,
  engine: Engine,
): Explainer {
  const net = readBagNet(graph)
  const [buckets, dims] = [net.table.shape[0]!, net.table.shape[1]!]
  const options = ngramOptionsOf(net.kernel, buckets) ?? other("its n-grams are not those that are known here")
  const fixed = constantsOf(net, weights, engine)
  const ask = asker(net, weights, engine)

  return {
    bytesMax: options.bytesMax,
    pooledOf: (bytes) => ask(bytes).pooled.slice(),
    explain(bytes, places) {
      const found = ask(bytes)
      const { words, rows } = rowsOf(bytes, found.slots, options)
      const pooled = requantisedAll(found.sum, fixed.pooledFactor, found.multiplier, net.pooled)
      assert(isSame(pooled.values, found.pooled), "an explanation has another vector than the engine")
      const each = places.map((place) => contributionsTo(place, rows, found, fixed, net, pooled.isCut))
      return {
        words,
        rows: rows.map((row, r) => ({ ...row, contributions: each.map(({ rows }) => rows[r]!) })),
        bias: each.map(({ bias }) => bias),
        rounding: each.map(({ rounding }) => rounding),
        isCut: each.map(({ isCut }) => isCut),
        logits: each.map(({ logit }) => logit),
      }
    },
  }

  /** The rows that a text chose, in the order of their first n-gram. */
  function rowsOf(
    bytes: Uint8Array,
    slots: Numbers,
    options: NgramOptions,
  ): ReadText & { readonly rows: readonly Row[] } {
    const read = readNgrams(bytes, options)
    assert(
      isSame(
        read.grams.map(({ slot }) => slot),
        slots,
      ),
      "an explanation reads other n-grams than the kernel",
    )
    const rows = new Map<number, Gram[]>()
    for (const gram of read.grams) {
      const known = rows.get(gram.slot)
      if (known) known.push(gram)
      else rows.set(gram.slot, [gram])
    }
    const vectorOf = (slot: number): Numbers => fixed.table.subarray(slot * dims, (slot + 1) * dims)
    return { ...read, rows: Array.from(rows, ([slot, grams]) => ({ slot, grams, vector: vectorOf(slot) })) }
  }
}

interface Row extends Pick<RowContribution, "slot" | "grams"> {
  readonly vector: Numbers
}
/** What does not depend on the text. */
interface Constants {
  readonly table: Numbers
  readonly matrix: Numbers
  readonly bias: Numbers
  readonly pooledFactor: Numbers
  readonly logitFactor: Numbers
  readonly logitMultiplier: Numbers
}
/** What the engine computed on its way from a text to its logits. */
interface Found {
  readonly slots: Numbers
  readonly sum: Numbers
  readonly multiplier: Numbers
  readonly pooled: Numbers
  readonly logits: Numbers
}

function contributionsTo(
  place: number,
  rows: readonly Row[],
  found: Found,
  fixed: Constants,
  net: BagNet,
  isPooledCut: boolean,
): {
  readonly rows: readonly number[]
  readonly bias: number
  readonly rounding: number
  readonly logit: number
  readonly isCut: boolean
} {
  const labels = sizeOf(net.bias.shape)
  const column = Float64Array.from(found.sum, (_, d) => fixed.matrix[d * labels + place]!)
  const pull = column.map((weight, d) => weight * fixed.pooledFactor[d]! * multiplierAt(found.multiplier, d))
  if (pull.some((each) => !Number.isSafeInteger(128 * found.slots.length * found.sum.length * each)))
    other("its weights are too large")
  const scale = BigInt(fixed.logitFactor[place]! * multiplierAt(fixed.logitMultiplier, place))
  const shift = net.pooled.shift + net.logits.shift

  const exact = rows.map(({ vector, grams }) => BigInt(grams.length * dot(vector, pull)) * scale)
  const exactBias = (BigInt(fixed.bias[place]!) * scale) << BigInt(net.pooled.shift)
  const linear = BigInt(dot(found.sum, pull)) * scale
  assert(total(exact) === linear, "the rows of an explanation do not sum to the engine's")

  const sum = dot(found.pooled, column) + fixed.bias[place]!
  const again = requantisedOne(
    sum | 0,
    fixed.logitFactor[place]!,
    multiplierAt(fixed.logitMultiplier, place),
    net.logits,
  )
  const logit = found.logits[place]!
  assert(again.value === logit, `an explanation comes to ${again.value}, the engine to ${logit}`)

  const [whole, bias] = [exact.map((each) => rounded(each, shift)), rounded(exactBias, shift)]
  if ([...whole, bias].some((each) => Math.abs(each) > CONTRIBUTION_MAX))
    other("what its n-grams contribute is too large")
  const rounding = logit - whole.reduce((a, b) => a + b, bias)
  return { rows: whole, bias, rounding, logit, isCut: isPooledCut || again.isCut || sum !== (sum | 0) }
}

/** So that thousands of contributions sum exactly. A logit has fifteen bits and a sign. */
const CONTRIBUTION_MAX = 2 ** 40

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
const total = (values: readonly bigint[]): bigint => values.reduce((sum, each) => sum + each, 0n)
/** x / 2^shift to the nearest whole number, ties towards +∞. */
const rounded = (x: bigint, shift: number): number => Number((x + (1n << BigInt(shift - 1))) >> BigInt(shift))
const isSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i])

/** As `requantise` has it: what is no multiplier counts as the nearest one. */
const multiplierAt = (multipliers: Numbers, i: number): number => Math.min(Math.max(multipliers[i]!, 0), MULTIPLIER_MAX)
interface One {
  readonly value: number
  /** Whether it was beyond its range, or wrapped on the way. */
  readonly isCut: boolean
}
function requantisedOne(
  x: number,
  factor: number,
  multiplier: number,
  { shift, range: [low, high] }: Requantised,
): One {
  const lifted = Math.imul(x, factor)
  const value = Math.floor((lifted * multiplier + 2 ** (shift - 1)) / 2 ** shift) // below 2^47: exact in doubles
  return { value: Math.min(Math.max(value, low), high), isCut: value < low || value > high || lifted !== x * factor }
}
function requantisedAll(
  sums: Numbers,
  factors: Numbers,
  multipliers: Numbers,
  how: Requantised,
): { readonly values: readonly number[]; readonly isCut: boolean } {
  const all = Array.from(sums, (x, d) => requantisedOne(x, factors[d]!, multiplierAt(multipliers, d), how))
  return { values: all.map(({ value }) => value), isCut: all.some(({ isCut }) => isCut) }
}

type Weights = ClassifierParts["weights"]

/** The numbers behind nodes that depend on weights alone, as the engine itself unpacks them. */
function constantsOf(net: BagNet, weights: Weights, engine: Engine): Constants {
  const { table, matrix, bias, pooled, logits } = net
  const nodes = {
    table,
    matrix,
    bias,
    pooledFactor: pooled.factor,
    logitFactor: logits.factor,
    logitMultiplier: logits.multiplier,
  }
  const { run, read } = opened(nodes, weights, engine)
  run()
  const ones = ({ shape }: Node): Numbers => new Int32Array(sizeOf(shape)).fill(1)
  return {
    table: read("table").slice(),
    matrix: read("matrix").slice(),
    bias: read("bias").slice(),
    pooledFactor: pooled.factor ? read("pooledFactor").slice() : ones(pooled.sum),
    logitFactor: logits.factor ? read("logitFactor").slice() : ones(logits.sum),
    logitMultiplier: read("logitMultiplier").slice(),
  }
}

/** The same nodes that answer, with what lies between the text and the logits given out. */
function asker(net: BagNet, weights: Weights, engine: Engine): (bytes: Uint8Array) => Found {
  const { slots, count, pooled, logits } = net
  const nodes = {
    slots,
    count,
    sum: pooled.sum,
    multiplier: pooled.multiplier,
    pooled: pooled.result,
    logits: logits.result,
  }
  const { memory, run, read } = opened(nodes, weights, engine)
  const [text, length] = [memory["text"]!, memory["length"]!]
  const found = { sum: read("sum"), multiplier: read("multiplier"), pooled: read("pooled"), logits: read("logits") }
  return (bytes) => {
    const whole = bytes.subarray(0, text.length)
    text.set(whole)
    text.fill(0, whole.length)
    length[0] = whole.length
    run()
    return { ...found, slots: read("slots").subarray(0, read("count")[0]!) }
  }
}

/** Nodes of a graph as a program that gives them, under names that nothing in the graph has. */
function opened<Key extends string>(
  nodes: Readonly<Record<Key, Node | undefined>>,
  weights: Weights,
  engine: Engine,
): {
  readonly memory: Readonly<Record<string, Numbers>>
  run(): void
  read(name: Key): Numbers
} {
  const given = (Object.entries(nodes) as [Key, Node | undefined][]).flatMap(([key, node]) =>
    node ? [[key, node] as const] : [],
  )
  const order = inOrder(given.map(([, node]) => node))
  const leaves = order.flatMap((node) => (isNode(node, "input") || isNode(node, "weight") ? [node] : []))
  let prefix = "explained_"
  while (leaves.some(({ attributes }) => attributes.name.startsWith(prefix))) prefix += "_"
  const outputs = Object.fromEntries(given.map(([key, node]) => [prefix + key, node]))
  const { memory, run, entries } = compileGraph({ name: "explain", outputs, prepares: true }, engine)
  for (const node of leaves)
    if (isNode(node, "weight")) memory[node.attributes.name]!.set(weights[node.attributes.name]!.data)
  entries[PREPARE]?.()
  return { memory, run, read: (name) => memory[prefix + name]! }
}
