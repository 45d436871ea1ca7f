import { DTYPE } from "../../../base/dtype.ts"
import { i32 } from "../../../ir/build.ts"
import { ANY, type Interval } from "../../../ir/interval.ts"
import {
  type Block,
  type Buffer,
  blocksOf,
  type Expression,
  operandsOf,
  type Program,
  type Statement,
} from "../../../ir/program.ts"
import type { Dot } from "./dot.ts"
import { changesIn, mentions, sets } from "./effects.ts"

type Loop = Extract<Statement, { kind: "loop" }>
type Let = Extract<Statement, { kind: "let" }>

/** Sums of products with constant weights, as loop IR has them, and what follows for each output. */
export interface Product {
  /** The loop over outputs, or nothing where there is one output. */
  readonly outputs: Loop | undefined
  /** The local that holds the sum. */
  readonly sum: string
  readonly dot: Omit<Dot, "name">
  /** The constant that holds its weights. */
  readonly weights: string
  readonly x: { readonly buffer: string; readonly from: Expression }
  /** What is done with each sum: the statements after the loop that makes it, for one output those of the block around. */
  readonly rest: Block
  /** What the sum lies between, for the weights that there are and whatever the data. */
  readonly range: Interval
}
/** By the statement that begins it: the loop over outputs, or the `let` of the one sum. */
export type Products = ReadonlyMap<Statement, Product>

/**
 * Finds every `sum = 0; for k: sum += x[…] · w[…]` whose weights are constants of 8 bits, whose places are sums of loop
 * indices, and whose data lie in runs that are equally far apart. How far a sum can reach is proved from its own weights:
 * Σ max(w · low, w · high).
 */
export function productsOf(program: Program): Products {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const found = new Map<Statement, Product>()
  const visit = (block: Block): void => {
    for (const [at, s] of block.entries()) {
      if (s.kind === "if") [s.yes, s.no].forEach(visit)
      if (s.kind === "loop") {
        const product = withOutputs(s, buffers)
        if (product) found.set(s, product)
        else visit(s.body)
      }
      if (s.kind === "let") {
        const product = productAt(block.slice(at), undefined, buffers)
        if (product) found.set(s, product)
      }
    }
  }
  for (const block of blocksOf(program)) visit(block)
  return found
}
const withOutputs = (loop: Loop, buffers: ReadonlyMap<string, Buffer>): Product | undefined =>
  loop.count.kind === "constant" && loop.count.value <= loop.maximum ? productAt(loop.body, loop, buffers) : undefined

function productAt(
  [start, nest, ...rest]: Block,
  outputs: Loop | undefined,
  buffers: ReadonlyMap<string, Buffer>,
): Product | undefined {
  if (start?.kind !== "let" || nest?.kind !== "loop") return undefined
  if (start.value.kind !== "constant" || start.value.value !== 0 || start.value.scalar !== "i32") return undefined
  const loops: Loop[] = []
  const lets = new Map<string, Expression>()
  let inner: Statement = nest
  while (inner.kind === "loop") {
    if (inner.count.kind !== "constant" || inner.count.value > inner.maximum || inner.count.value < 1) return undefined
    loops.push(inner)
    const last: Statement | undefined = inner.body.at(-1)
    const before = inner.body.slice(0, -1)
    if (!last || !before.every((s): s is Let => s.kind === "let")) return undefined
    for (const { name, value } of before as readonly Let[]) lets.set(name, value)
    inner = last
  }
  if (inner.kind !== "set" || inner.name !== start.name) return undefined
  const term = addend(inner.value, start.name)
  if (term?.kind !== "binary" || term.op !== "i32.mul") return undefined
  const sides = [term.left, term.right].map((e) => (e.kind === "local" ? (lets.get(e.name) ?? e) : e))
  const isWeight = (e: Expression): boolean => e.kind === "load" && buffers.get(e.buffer)?.values !== undefined
  const [weight, data] = isWeight(sides[1]!) ? [sides[1]!, sides[0]!] : [sides[0]!, sides[1]!]
  if (weight?.kind !== "load" || data?.kind !== "load" || weight.packed || data.packed) return undefined
  const { values } = buffers.get(weight.buffer)!
  if (!values?.every((w) => w >= -128 && w <= 127)) return undefined
  const { dtype } = data
  if (dtype !== "u8" && dtype !== "i8" && dtype !== "i16") return undefined
  if (buffers.get(data.buffer)?.values) return undefined
  const names = new Set(loops.map(({ index }) => index))
  const inside = (name: string): boolean => name === start.name || lets.has(name)
  if (mentions(weight.index, inside) || mentions(data.index, inside)) return undefined
  const ofWeight = linear(weight.index, names, outputs?.index)
  const ofData = linear(data.index, names, outputs?.index)
  if (!ofWeight || !ofData || ofWeight.rest.kind !== "constant" || ofData.output !== 0) return undefined
  if (sets(rest, start.name)) return undefined // what is proved of the sum holds no longer
  // Several outputs are summed up before what follows is done for the first of them.
  if (outputs && changesIn(data, rest)) return undefined
  const counts = loops.map(({ count }) => (count.kind === "constant" ? count.value : 0))
  const runs = runsOf(
    loops.map(({ index }) => ofData.steps.get(index) ?? 0),
    counts,
  )
  if (!runs) return undefined
  const first = ofWeight.rest.value
  const places = cross(
    loops.map(({ index }) => ofWeight.steps.get(index) ?? 0),
    counts,
  )
  const count = outputs?.count.kind === "constant" ? outputs.count.value : 1
  const weights = Array.from({ length: count }, (_, n) =>
    Int8Array.from(places, (place) => values[first + n * ofWeight.output + place] ?? 0),
  )
  const [low, high] = DTYPE[dtype].range
  const reach = weights.map((row) =>
    row.reduce<[number, number, number]>(
      ([a, b, most], w) => [
        a + Math.min(w * low, w * high),
        b + Math.max(w * low, w * high),
        most + Math.abs(w) * Math.max(-low, high),
      ],
      [0, 0, 0],
    ),
  )
  const range: Interval = [Math.min(...reach.map(([a]) => a)), Math.max(...reach.map(([, b]) => b))]
  const most = Math.max(...reach.map(([, , all]) => all))
  if (most > ANY[1]) return undefined
  return {
    outputs,
    sum: start.name,
    weights: weight.buffer,
    dot: {
      outputs: count,
      ...runs,
      data: dtype,
      weights,
      accumulator: most < 2 ** 15 ? 16 : most < 2 ** 23 ? 24 : 32,
    },
    x: { buffer: data.buffer, from: ofData.rest },
    rest,
    range,
  }
}

/** b of `sum + b`, or nothing. */
function addend(e: Expression, sum: string): Expression | undefined {
  if (e.kind !== "binary" || e.op !== "i32.add") return undefined
  if (e.left.kind === "local" && e.left.name === sum) return e.right
  return e.right.kind === "local" && e.right.name === sum ? e.left : undefined
}

interface Linear {
  /** By the index of a loop: how far a place moves in a round. */
  readonly steps: ReadonlyMap<string, number>
  /** The same for the loop over outputs. */
  readonly output: number
  /** What is left. */
  readonly rest: Expression
}
/** A place as steps of loops and a rest that none of them is in; nothing where it is no such sum. */
function linear(e: Expression, names: ReadonlySet<string>, output: string | undefined): Linear | undefined {
  const steps = new Map<string, number>()
  let own = 0
  const rest: Expression[] = []
  const take = (term: Expression, by: number): boolean => {
    if (term.kind === "binary" && term.op === "i32.add") return take(term.left, by) && take(term.right, by)
    if (term.kind === "binary" && term.op === "i32.mul" && term.right.kind === "constant")
      return take(term.left, by * term.right.value)
    if (term.kind === "local" && names.has(term.name)) {
      steps.set(term.name, (steps.get(term.name) ?? 0) + by)
      return true
    }
    if (term.kind === "local" && term.name === output) {
      own += by
      return true
    }
    if (hasLoad(term) || mentions(term, (name) => names.has(name) || name === output)) return false
    rest.push(by === 1 ? term : times(term, by))
    return true
  }
  if (!take(e, 1)) return undefined
  const [first, ...others] = rest
  const plus = (left: Expression, right: Expression): Expression => {
    if (left.kind === "constant" && right.kind === "constant") return i32(left.value + right.value)
    return { kind: "binary", op: "i32.add", left, right }
  }
  return { steps, output: own, rest: others.reduce(plus, first ?? i32(0)) }
}
const times = (term: Expression, by: number): Expression =>
  term.kind === "constant" ? i32(term.value * by) : { kind: "binary", op: "i32.mul", left: term, right: i32(by) }
/** Memory may change meanwhile. */
const hasLoad = (e: Expression): boolean => e.kind === "load" || operandsOf(e).some(hasLoad)

/** Loops as runs of neighbours, all equally far apart: nothing where there are more than two levels of that. */
function runsOf(
  steps: readonly number[],
  counts: readonly number[],
): Pick<Dot, "runs" | "length" | "jump"> | undefined {
  let [length, runs, jump] = [1, 1, 0]
  for (let i = steps.length - 1; i >= 0; i--) {
    const [step, count] = [steps[i]!, counts[i]!]
    if (count === 1) continue
    if (runs === 1 && step === length) length *= count
    else if (runs === 1) [runs, jump] = [count, step]
    else if (step === jump * runs) runs *= count
    else return undefined
  }
  return { runs, length, jump }
}
/** Every place, the last loop fastest. */
const cross = (steps: readonly number[], counts: readonly number[]): readonly number[] =>
  steps.reduce<readonly number[]>(
    (all, step, i) => all.flatMap((place) => Array.from({ length: counts[i]! }, (_, n) => place + n * step)),
    [0],
  )
