import { DTYPE } from "../../../base/dtype.ts"
import {
  type Block,
  type Buffer,
  blocksOf,
  type Expression,
  expressionsOf,
  operandsOf,
  type Program,
  type Statement,
} from "../../../ir/program.ts"
import { rangesOf } from "../../../ir/ranges.ts"
import { identifier, stored } from "../emit.ts"
import { type Stored, TYPE } from "../prelude.ts"
import type { PrintedDot } from "./dot.ts"
import { printAvrDot } from "./dot_avr.ts"
import { printPlainDot } from "./dot_plain.ts"
import { expressionPrinter } from "./expression.ts"
import { flashArray } from "./flash.ts"
import { type Layer, layersOf } from "./layers.ts"
import { planArena } from "./memory.ts"
import { counter, literal, sumType, typeOf } from "./numbers.ts"
import { chipPrelude } from "./prelude.ts"
import { type Product, productsOf } from "./products.ts"

/** A program as C for chips with little memory: one header, one source. */
export interface ChipSource {
  /** What all names of the C begin with. */
  readonly name: string
  /** NAME.h: buffers and functions. */
  readonly header: string
  /** NAME.c: C99, with faster ways for chips that have them. */
  readonly source: string
  /** Static memory: what the header declares, and the arena. */
  readonly ramBytes: number
  /** Numbers in flash, without code. */
  readonly constantBytes: number
  /** Functions of NAME.c that are called one after the other. */
  readonly layers: readonly Pick<Layer, "symbol" | "about">[]
}

/**
 * A frozen program (ir/freeze.ts) of integers as straight C99: constant shapes, no heap, no library but memset, scratch
 * in one arena, constants in flash, and each type as narrow as what is proved of its values.
 *
 * `NAME_run` is the body, `NAME_ENTRY` each entry; inputs, outputs and state are arrays of the header. The same text is
 * for every chip; where AVR or Arm have instructions for a sum of products, they stand beside plain C with the same bits.
 * Errors: an assertion when the program has floats.
 */
export function emitChip(program: Program): ChipSource {
  const { name } = program
  if (hasFloats(program)) throw new Error("bug: floats on a chip")
  const products = productsOf(program)
  const ranges = rangesOf(program, new Map([...products.values()].map(({ sum, range }) => [sum, range] as const)))
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const expressions = expressionPrinter(ranges, buffers)
  const { print } = expressions
  const dots: string[] = []
  const arena = planArena(program)

  /** Its C for every chip, and how many sums a call gives on each. */
  const dotOf = (product: Product): { readonly name: string; readonly sizes: readonly number[] } => {
    const dot = { name: `dot_${dots.length}`, ...product.dot }
    const [avr, plain] = [printAvrDot(dot), printPlainDot(dot)]
    const text = macros(dot.name, plain)
    dots.push(avr ? `#ifdef __AVR__\n${macros(dot.name, avr)}\n#else\n${text}\n#endif` : text)
    return { name: dot.name, sizes: [avr, plain].flatMap((each) => (each ? [each.block] : [])) }
  }
  const product = (p: Product): string => {
    const { name: dot, sizes } = dotOf(p)
    const type = sumType(p.dot.accumulator)
    const x = `&${identifier(p.x.buffer)}[${print(p.x.from)}]`
    if (!p.outputs)
      return `${type} ${identifier(p.sum)};\n${dot}_begin(${x})\n${dot}_sums(0, ${x}, &${identifier(p.sum)})`
    const [count, n] = [p.dot.outputs, identifier(p.outputs.index)]
    const end = sizes.every((size) => count % size === 0) ? "" : ` && ${n} < ${count}`
    const rest = indented([`const ${type} ${identifier(p.sum)} = sums[j];`, ...lines(p.rest)].join("\n"))
    const inner = `${type} sums[${dot}_block];
n8 j;
${dot}_sums(at, ${x}, sums)
for (j = 0; j < ${dot}_block${end}; ++j, ++${n}) {\n${rest}\n}`
    return `{
  ${counter(count)} ${n} = 0, at;
  ${dot}_begin(${x})
  for (at = 0; ${n} < ${count}; ++at) {
${indented(indented(inner))}
  }
}`
  }
  const statement = (s: Statement): string => {
    switch (s.kind) {
      case "let":
      case "set": {
        const type = s.kind === "let" ? `${typeOf(ranges.ofLocal(s.name))} ` : ""
        return `${type}${identifier(s.name)} = ${print(s.value)};`
      }
      case "store": {
        const to = buffers.get(s.buffer)!
        return `${identifier(s.buffer)}[${print(s.index)}] = ${narrow(to, ranges.of(s.value), print(s.value))};`
      }
      case "if": {
        const otherwise = s.no.length > 0 ? ` else ${braced(s.no)}` : ""
        return `if (${print(s.condition)}) ${braced(s.yes)}${otherwise}`
      }
      case "loop": {
        const cleared = clearedBy(s, buffers)
        if (cleared) return `memset(${identifier(cleared.name)}, 0, ${bytesOf(cleared)});`
        const most = Math.min(ranges.of(s.count)[1], s.maximum)
        const [i, type] = [identifier(s.index), counter(Math.max(0, most))]
        if (s.count.kind === "constant")
          return `{ ${type} ${i}; for (${i} = 0; ${i} < ${literal(most)}; ++${i}) ${braced(s.body)} }`
        const bounded = ranges.of(s.count)[1] <= s.maximum && ranges.of(s.count)[0] >= 0
        const end = bounded ? print(s.count) : `most32(0, least32(${print(s.count)}, ${literal(s.maximum)}))`
        return `{ ${type} ${i}; const ${type} ${s.index}_end = (${type})${end}; for (${i} = 0; ${i} < ${s.index}_end; ++${i}) ${braced(s.body)} }`
      }
      default:
        return s satisfies never
    }
  }
  const lines = (block: Block): readonly string[] => {
    const all: string[] = []
    for (let at = 0; at < block.length; at++) {
      const s = block[at]!
      const found = products.get(s)
      all.push(found ? product(found) : statement(s))
      if (found && !found.outputs) at++ // the loop that makes the sum is in it
    }
    return all
  }
  const braced = (block: Block): string => (block.length === 0 ? "{}" : `{\n${indented(lines(block).join("\n"))}\n}`)

  const ends = ["run", ...Object.keys(program.entries ?? {})]
  const blocks = blocksOf(program).map((block, at) => ({
    symbol: `${name}_${ends[at]}`,
    layers: layersOf(block, `${name}_${ends[at]}`),
  }))
  const layers = blocks.flatMap((each) => each.layers)
  const functions = layers.map(({ symbol, block }) => quiet(`LAYER ${symbol}(void) ${braced(block)}`))
  const printed = new Set([...dots, ...functions].join("\n").match(/\w+/g))
  const calls = blocks.map(
    (each) => `void ${each.symbol}(void) {\n${indented(each.layers.map(({ symbol }) => `${symbol}();`).join("\n"))}\n}`,
  )
  const ports = program.buffers.filter(isPort)
  const read = namesIn(program, products)
  const constants = program.buffers.filter(
    ({ name: each, values }) => values && read.has(each) && printed.has(identifier(each)),
  )
  const ramBytes = arena.bytes + ports.reduce((sum, port) => sum + bytesOf(port), 0)
  const upper = name.toUpperCase()
  const source = [
    `#include "${name}.h"`,
    "#include <string.h>",
    chipPrelude(expressions),
    ...constants.map((b) => flashArray(TYPE[stored(b)], identifier(b.name), b.values!)),
    ...ports.map(({ name: each, dtype, length }) => `${TYPE[dtype as Stored]} ${name}_${each}[${length}] ALIGNED;`),
    ...ports.map(({ name: each }) => `#define ${identifier(each)} ${name}_${each}`),
    ...(arena.bytes === 0
      ? []
      : [
          `static uint8_t arena[${upper}_ARENA_BYTES] ALIGNED;`,
          `typedef char arena_is_as_planned[sizeof arena == ${arena.bytes} ? 1 : -1];`,
        ]),
    ...[...arena.starts].flatMap(([each, start]) =>
      read.has(each) || isStored(program, each)
        ? [`#define ${identifier(each)} ((in_${stored(buffers.get(each)!)} *)(void *)(arena + ${start}))`]
        : [],
    ),
    ...dots,
    ...functions,
    ...calls,
    "",
  ].join("\n")
  const declared = [
    ...ports.map(
      ({ name: each, dtype, length, access }) =>
        `extern ${TYPE[dtype as Stored]} ${name}_${each}[${length}]; /* ${access} */`,
    ),
    ...blocks.map(({ symbol }) => `void ${symbol}(void);`),
  ].join("\n")
  const header = `#ifndef ${upper}_H
#define ${upper}_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define ${upper}_ARENA_BYTES ${arena.bytes}
#define ${upper}_RAM_BYTES ${ramBytes}
${declared}
#ifdef __cplusplus
}
#endif
#endif
`
  const constantBytes = constants.reduce((sum, b) => sum + bytesOf(b), 0)
  return {
    name,
    header,
    source,
    ramBytes,
    constantBytes,
    layers: layers.map(({ symbol, about }) => ({ symbol, about })),
  }
}

/** What is proved of values may leave a local that nothing reads any more: the compiler hears that it is meant. */
function quiet(text: string): string {
  const read = new Set(text.replace(/^(\s*(?:const )?(?:\w+ )?)\w+ = /gm, "$1").match(/\w+/g))
  return text.replace(/^\s*(?:const )?\w+ (\w+) = .*;$/gm, (declared, name: string) =>
    read.has(name) ? declared : `${declared} (void)${name};`,
  )
}

const indented = (text: string): string => text.replace(/^(?!#)/gm, "  ")
const bytesOf = ({ dtype, length }: Buffer): number => DTYPE[dtype].bytes * length
const isPort = ({ access }: Buffer): boolean => access === "input" || access === "output" || access === "state"
const macros = (name: string, { text, block, before, call }: PrintedDot): string =>
  `${text}\n#define ${name}_block ${block}\n#define ${name}_begin(x) ${before?.("x") ?? ""}\n#define ${name}_sums(at, x, sums) ${call("at", "x", "sums")}`

/** A store keeps the low bits: where the value fits there is nothing to cut. */
function narrow({ dtype }: Buffer, [low, high]: readonly [number, number], value: string): string {
  const [least, most] = DTYPE[dtype].range ?? [0, 0]
  const type = TYPE[dtype as Stored]
  if (low >= least && high <= most) return dtype === "i32" ? value : `(${type})${value}`
  return `(${type})(uint${DTYPE[dtype].bytes * 8}_t)(${value})`
}

/** The buffer that a loop fills with 0, if that is all that it does, and for all of it. */
function clearedBy(s: Statement, buffers: ReadonlyMap<string, Buffer>): Buffer | undefined {
  if (s.kind !== "loop" || s.body.length !== 1 || s.count.kind !== "constant") return undefined
  const [only] = s.body
  if (only?.kind !== "store" || only.value.kind !== "constant" || only.value.value !== 0) return undefined
  if (only.index.kind !== "local" || only.index.name !== s.index) return undefined
  const buffer = buffers.get(only.buffer)!
  return Math.min(s.count.value, s.maximum) === buffer.length ? buffer : undefined
}

function hasFloats(program: Program): boolean {
  if (program.buffers.some(({ dtype }) => dtype === "f32" || dtype === "f64")) return true
  const isFloat = (e: Expression): boolean =>
    e.kind === "unary" || (e.kind === "constant" && e.scalar !== "i32") || operandsOf(e).some(isFloat)
  const inBlock = (block: Block): boolean =>
    block.some(
      (s) =>
        expressionsOf(s).some(isFloat) ||
        (s.kind === "loop" && inBlock(s.body)) ||
        (s.kind === "if" && (inBlock(s.yes) || inBlock(s.no))),
    )
  return blocksOf(program).some(inBlock)
}
/** The buffers that printed text loads from: weights of products are packed, and read there alone. */
function namesIn(program: Program, products: ReadonlyMap<Statement, Product>): ReadonlySet<string> {
  const names = new Set<string>()
  const read = (e: Expression): void => {
    if (e.kind === "load") names.add(e.buffer)
    operandsOf(e).forEach(read)
  }
  const visit = (block: Block): void => {
    for (let at = 0; at < block.length; at++) {
      const s = block[at]!
      const product = products.get(s)
      if (product) {
        names.add(product.x.buffer)
        read(product.x.from)
        if (product.outputs) visit(product.rest)
        else at++
        continue
      }
      expressionsOf(s).forEach(read)
      if (s.kind === "loop") visit(s.body)
      if (s.kind === "if") [s.yes, s.no].forEach(visit)
    }
  }
  blocksOf(program).forEach(visit)
  return names
}
function isStored(program: Program, name: string): boolean {
  const inBlock = (block: Block): boolean =>
    block.some(
      (s) =>
        (s.kind === "store" && s.buffer === name) ||
        (s.kind === "loop" && inBlock(s.body)) ||
        (s.kind === "if" && (inBlock(s.yes) || inBlock(s.no))),
    )
  return blocksOf(program).some(inBlock)
}
