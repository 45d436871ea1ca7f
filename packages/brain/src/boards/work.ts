import type { Numbers } from "@open-brains/core/base/dtype.ts"
import { productsOf } from "@open-brains/core/emit/c99/chip/products.ts"
import { add, buffer, i32, load, store } from "@open-brains/core/ir/build.ts"
import { interpreter, memoryOf } from "@open-brains/core/ir/interpret.ts"
import {
  type Block,
  type Expression,
  expressionsOf,
  operandsOf,
  type Statement,
  statementsOf,
} from "@open-brains/core/ir/program.ts"
import { callsOf, textsOf } from "./probe.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"

/** What runs, in kinds that cost differently; index arithmetic is among the operations. */
export interface Work {
  /** Of sums of products with constant weights, which are printed in a way of their own. */
  products: number
  /** Such sums. */
  sums: number
  /** Calls of what makes some of them from the same data. */
  starts: number
  /** By what is no power of 2. */
  divisions: number
  /** Loads and stores. */
  moves: number
  /** Branches, selections and rounds of loops. */
  choices: number
  /** All other arithmetic. */
  operations: number
}
export const KINDS = ["products", "sums", "starts", "divisions", "moves", "choices", "operations"] as const
type Kind = (typeof KINDS)[number]
const worked = (of: (kind: Kind) => number): Work => {
  const [products, sums, starts, divisions, moves, choices, operations] = KINDS.map(of) as [
    ...[number, number, number, number, number, number, number],
  ]
  return { products, sums, starts, divisions, moves, choices, operations }
}
const noWork = (): Work => worked(() => 0)

export interface Worked {
  /** Each with the places of its layers in `layers`. */
  readonly calls: readonly { readonly about: string; readonly layers: readonly number[] }[]
  /** In the order of the source's layers. */
  readonly layers: readonly { readonly work: Work; readonly readsText: boolean }[]
}

/** What the calls of a scribe's facade run, in the order of `callsOf`. */
const SCRIBE_ENTRIES = ["reset", "run", "run", "foresee"] as const
const scribeEntry = (n: number): string => SCRIBE_ENTRIES[Math.min(n, 3)]!
/** The buffer of a classifier's program that its facade fills. */
const TEXT = "text"

/**
 * Runs what the probe runs (probe.ts), the same text or samples, in the interpreter, and counts what the program does: exactly, whatever
 * depends on the input.
 */
export function workOf(module: Exported, { chip }: Sources): Worked {
  const { program } = module
  const products = productsOf(program)
  const parts: Work[] = []
  const ticks = (at: number): Statement => {
    const place = i32(at)
    return store(counters, place, add(load(counters, place), i32(1)))
  }
  const counters = buffer("scratch", "i32", freshName(program.buffers.map(({ name }) => name)), 1 << 16)
  /** Each part of a block that runs as a whole has a counter, and stands in `parts` at its place. */
  const counted = (block: Block, work = noWork()): Block => {
    const at = parts.push(work) - 1
    const made: Statement[] = [ticks(at)]
    for (let i = 0; i < block.length; i++) {
      const s = block[i]!
      const product = products.get(s)
      if (product !== undefined) {
        const outputs = product.outputs?.maximum === undefined ? 1 : roundsOf(product.outputs)
        work.products += outputs * product.dot.runs * product.dot.length
        work.sums += outputs
        work.starts++
        if (s.kind === "loop") made.push({ ...s, body: [...s.body.slice(0, 2), ...counted(s.body.slice(2))] })
        else made.push(s, block[++i]!) // the loop that makes the sum
        continue
      }
      for (const e of expressionsOf(s)) countExpression(e, work)
      if (s.kind === "store") work.moves++
      if (s.kind === "if") work.choices++
      if (s.kind === "if") made.push({ ...s, yes: counted(s.yes), no: counted(s.no) })
      else if (s.kind === "loop") made.push({ ...s, body: counted(s.body, { ...noWork(), choices: 1 }) })
      else made.push(s)
    }
    return made
  }
  const layers = chip.layers.map(({ symbol, block }) => {
    const from = parts.length
    const made = counted(block)
    return { symbol, block: made, from, to: parts.length, readsText: loadsText(block) }
  })
  if (parts.length > counters.length) throw new Error(`bug: ${parts.length} parts of ${program.name} to count`)
  const whole = { ...program, buffers: [...program.buffers, counters] }
  const memory = memoryOf(whole)
  const counts = memory[counters.name]!
  const run = (entry: string): void => {
    for (const { symbol, block } of layers) if (isOf(symbol, entry)) interpreter(whole, memory, block)()
  }
  const isOf = (symbol: string, entry: string): boolean =>
    symbol.startsWith(`${chip.name}_${entry}_`) && /^\d+$/.test(symbol.slice(chip.name.length + entry.length + 2))
  /** What a scribe is sent before its nth call, and with it. */
  const hear = (n: number): void => {
    const [byte, frozen] = [memory["byte"]!, memory["frozen"]!]
    frozen[0] = n === 2 ? 1 : 0
    if (n === 1)
      for (const letter of "abcdefgh") {
        byte[0] = letter.charCodeAt(0)
        run("run")
      }
    byte[0] = (n === 2 ? "s" : " ").charCodeAt(0)
  }
  const things = callsOf(module).map(({ about, symbol: called }, i) => {
    const entry =
      module.kind === "net" ? called.slice(module.name.length + 1) : module.kind === "scribe" ? scribeEntry(i) : "run"
    return { about, entry, layers: layers.flatMap(({ symbol }, at) => (isOf(symbol, entry) ? [at] : [])) }
  })
  const found = new Map<number, Work>()
  // The mean over what it is asked: of a net its samples, each from where the state begins.
  const runs =
    module.kind === "net" ? module.samples.runs : module.kind === "classifier" ? askedOf(module.textBytes) : [{}]
  for (const inputs of runs) {
    if (module.kind === "net" && module.reset !== undefined) run(module.reset)
    for (const [name, numbers] of Object.entries(inputs)) memory[name]?.fill(0).set(numbers)
    things.forEach(({ entry, layers: own }, i) => {
      if (module.kind === "scribe") hear(i)
      counts.fill(0)
      run(entry)
      for (const at of own) {
        const { from, to } = layers[at]!
        const work = sumOf(parts.slice(from, to).map((part, n) => times(part, counts[from + n]!)))
        found.set(at, module.kind === "scribe" ? work : sumOf([found.get(at) ?? noWork(), work]))
      }
    })
  }
  const calls = things.map(({ about, layers: own }) => ({ about, layers: own }))
  return {
    calls,
    layers: layers.map(({ readsText }, at) => ({
      work: times(found.get(at) ?? noWork(), 1 / runs.length),
      readsText,
    })),
  }
}
/** The texts that a probe asks. */
const askedOf = (textBytes: number): readonly Readonly<Record<string, Numbers>>[] =>
  textsOf(textBytes).map((each) => {
    const text = new TextEncoder().encode(each)
    return { [TEXT]: text, length: Int32Array.of(text.length) }
  })
const times = (work: Work, count: number): Work => worked((kind) => work[kind] * count)
const sumOf = (all: readonly Work[]): Work => worked((kind) => all.reduce((sum, each) => sum + each[kind], 0))

const loadsText = (block: Block): boolean => {
  const isText = (e: Expression): boolean => (e.kind === "load" && e.buffer === TEXT) || operandsOf(e).some(isText)
  return statementsOf(block).some((s) => expressionsOf(s).some(isText))
}

const roundsOf = ({ count }: Extract<Statement, { kind: "loop" }>): number =>
  count.kind === "constant" ? count.value : 0

function countExpression(e: Expression, work: Work): void {
  const isDivision = e.kind === "binary" && /\.(?:div|rem)_/.test(e.op) && !isPowerOf2(e.right)
  if (isDivision) work.divisions++
  else if (e.kind === "load") work.moves++
  else if (e.kind === "select") work.choices++
  else if (e.kind === "unary" || e.kind === "binary") work.operations++
  for (const operand of operandsOf(e)) countExpression(operand, work)
}
const isPowerOf2 = (e: Expression): boolean => e.kind === "constant" && Number.isInteger(Math.log2(e.value))

function freshName(taken: readonly string[]): string {
  let name = "counters"
  while (taken.includes(name)) name += "_"
  return name
}
