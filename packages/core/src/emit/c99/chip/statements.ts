import { DTYPE } from "../../../base/dtype.ts"
import { type Block, type Buffer, type Program, type Statement, statementsOf } from "../../../ir/program.ts"
import { type Ranges, rangesOf } from "../../../ir/ranges.ts"
import { simplifier } from "../../../ir/simplify.ts"
import { identifier } from "../emit.ts"
import { type Stored, TYPE } from "../prelude.ts"
import type { PrintedDot } from "./dot.ts"
import { printArmDot } from "./dot_arm.ts"
import { printAvrDot } from "./dot_avr.ts"
import { printPlainDot } from "./dot_plain.ts"
import { type ExpressionPrinter, expressionPrinter } from "./expression.ts"
import { farIn } from "./flash.ts"
import { printGather, printRowAdder, rowBytes } from "./gather.ts"
import { type Gather, gathersOf } from "./gathers.ts"
import { counter, isN16, literal, sumType, typeOf } from "./numbers.ts"
import { type Product, type Products, productsOf } from "./products.ts"
import { type RowAdder, rowAddersOf } from "./row_adders.ts"
import { type StoredConstant, storeConstant } from "./storage.ts"

/** What prints the statements of a program, and what they turned out to need. */
export interface StatementPrinter {
  /** A block in braces. */
  block(block: Block): string
  /** So far: constants with their readers, sums of products, rows that are added. */
  readonly constants: readonly string[]
  readonly parts: readonly string[]
  constantBytes(): number
  readonly expressions: ExpressionPrinter
  /** What a statement is, if it is more than loops. */
  nameOf(s: Statement): string | undefined
  /** Whether some constants lie beyond the first 64 KB of an AVR. */
  readonly isFar: boolean
}
type Loop = Extract<Statement, { kind: "loop" }>
/** So many outputs are finished one by one in the code, not in a loop. */
const UNROLLED_MAX = 4

export function statementPrinter(program: Program): StatementPrinter {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const { products, gathers, ranges } = patternsOf(program)
  const adders = rowAddersOf(program)
  const widths = new Map([...adders.values()].map(({ table, width }) => [table, width]))
  const far = farIn(program.buffers, (b) => (widths.has(b.name) ? rowBytes(b, widths.get(b.name)!) : bytesOf(b)))
  const constants = new Map<string, StoredConstant>()
  const parts: { readonly text: string; readonly bytes: number }[] = []
  const constantOf = (name: string): StoredConstant => {
    const known = constants.get(name) ?? storeConstant(buffers.get(name)!, far.has(name))
    constants.set(name, known)
    return known
  }
  const expressions = expressionPrinter(ranges, buffers, (name, index) => constantOf(name).element(index))
  const { print } = expressions

  /** The C of a sum of products for every chip, and how many sums a call gives on each. */
  const dotOf = ({ dot: given, weights }: Product): { readonly name: string; readonly sizes: readonly number[] } => {
    const dot = { name: `dot_${parts.length}`, ...given }
    const isFar = far.has(weights)
    const [avr, others] = [printAvrDot(dot, isFar) ?? printPlainDot(dot, isFar), printArmDot(dot)]
    parts.push({
      text: `#ifdef __AVR__\n${macros(dot.name, avr)}\n#else\n${macros(dot.name, others)}\n#endif`,
      bytes: dot.outputs * dot.runs * dot.length,
    })
    return { name: dot.name, sizes: [avr.block, others.block] }
  }
  const product = (p: Product): string => {
    const { name: dot, sizes } = dotOf(p)
    const type = sumType(p.dot.accumulator)
    // Arrays of the header have plain types, which alias nothing.
    const x = `(const in_${p.dot.data} *)&${identifier(p.x.buffer)}[${print(p.x.from)}]`
    // A call may write a whole block of sums, on some chips.
    if (!p.outputs)
      return `${type} ${identifier(p.sum)};
${dot}_begin(${x})
{ ${type} sums[${dot}_block]; ${dot}_sums(0, ${x}, sums) ${identifier(p.sum)} = sums[0]; }`
    const [count, n] = [p.dot.outputs, identifier(p.outputs.index)]
    const end = sizes.every((size) => count % size === 0) ? "" : ` && ${n} < ${count}`
    if (count <= UNROLLED_MAX && sizes.every((size) => size >= count)) {
      // Each by itself: what its own constants are stands in the code, and its sum stays in registers.
      const each = Array.from({ length: count }, (_, at) => {
        const rest = simplifier(program, new Map([[p.outputs!.index, at]]))(p.rest)
        return `{\n${indented([`const ${type} ${identifier(p.sum)} = sums[${at}];`, ...lines(rest)].join("\n"))}\n}`
      })
      return `{
  ${type} sums[${dot}_block];
  ${dot}_begin(${x})
  ${dot}_sums(0, ${x}, sums)
${indented(each.join("\n"))}
}`
    }
    const rest = indented([`const ${type} ${identifier(p.sum)} = sums[j];`, ...lines(p.rest)].join("\n"))
    const inner = `${type} sums[${dot}_block];
n8 j;
${dot}_sums(at, ${x}, sums)
for (j = 0; j < ${dot}_block${end}; ++j, ++${n}) {\n${rest}\n}`
    if (sizes.every((size) => size >= count))
      return `{
  ${counter(count)} ${n} = 0;
  ${dot}_begin(${x})
${indented(inner.replace(`${dot}_sums(at,`, `${dot}_sums(0,`))}
}`
    return `{
  ${counter(count)} ${n} = 0, at;
  ${dot}_begin(${x})
  for (at = 0; ${n} < ${count}; ++at) {
${indented(indented(inner))}
  }
}`
  }
  const gather = (found: Gather): string => {
    const { columns, rows, row, table, width, sum, range, rest } = found
    const name = `gather_${parts.length}`
    parts.push(printGather(name, found, buffers.get(table)!, far.has(table)))
    const [type, d] = [isN16(range) ? "n16" : "int32_t", identifier(columns.index)]
    const value = `${name}_sum(sums[${d}], ${name}_count)`
    const each = indented([`const ${type} ${identifier(sum)} = ${value};`, ...lines(rest)].join("\n"))
    const [least, most] = ranges.of(rows.count)
    const isBounded = most <= rows.maximum && least >= 0
    const count = isBounded ? print(rows.count) : `most32(0, least32(${print(rows.count)}, ${literal(rows.maximum)}))`
    return `{
  ${type} sums[${width}];
  ${counter(width)} ${d};
  const ${counter(Math.max(0, Math.min(most, rows.maximum)))} ${name}_count = ${count};
  (void)${name}_count;
  memset(sums, 0, sizeof sums);
${indented(loop(rows, `{ ${name}_add(${print(row)}, sums); }`))}
  for (${d} = 0; ${d} < ${width}; ++${d}) {
${indented(each)}
  }
}`
  }
  const addRow = ({ row, table, sums, ...adder }: RowAdder): string => {
    const name = `rows_${parts.length}`
    parts.push(printRowAdder(name, { row, table, sums, ...adder }, buffers.get(table)!, far.has(table)))
    return `${name}_add(${print(row)}, (in_${adder.dtype} *)&${identifier(sums)}[0]);`
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
        return loop(s, braced(s.body))
      }
      default:
        return s satisfies never
    }
  }
  const loop = (s: Loop, body: string): string => {
    const [least, most] = ranges.of(s.count)
    const rounds = Math.max(0, Math.min(most, s.maximum))
    const [i, type] = [identifier(s.index), counter(rounds)]
    if (s.count.kind === "constant")
      return `{ ${type} ${i}; for (${i} = 0; ${i} < ${literal(rounds)}; ++${i}) ${body} }`
    const isBounded = most <= s.maximum && least >= 0
    const end = isBounded ? print(s.count) : `most32(0, least32(${print(s.count)}, ${literal(s.maximum)}))`
    return `{ ${type} ${i}; const ${type} ${s.index}_end = (${type})${end}; for (${i} = 0; ${i} < ${s.index}_end; ++${i}) ${body} }`
  }
  const lines = (block: Block): readonly string[] => {
    const all: string[] = []
    for (let at = 0; at < block.length; at++) {
      const s = block[at]!
      const found = products.get(s)
      const rows = gathers.get(s)
      const adder = adders.get(s)
      if (adder) {
        all.push(addRow(adder))
        at++ // its loop
        continue
      }
      all.push(found ? product(found) : rows ? gather(rows) : statement(s))
      if (found && !found.outputs) at++ // the loop that makes the sum is in it
    }
    return all
  }
  const braced = (block: Block): string => (block.length === 0 ? "{}" : `{\n${indented(lines(block).join("\n"))}\n}`)

  return {
    block: braced,
    expressions,
    nameOf(s) {
      const [product, rows] = [products.get(s), gathers.get(s)]
      if (rows) return `rows of ${rows.width} added`
      const adder = statementsOf([s]).flatMap((each) => adders.get(each) ?? [])[0]
      if (adder) return `n-grams read, rows of ${adder.width} added`
      const { outputs, runs, length } = product?.dot ?? { outputs: 0, runs: 0, length: 0 }
      return product && `${outputs === 1 ? "a sum" : `${outputs} sums`} of ${runs * length} products`
    },
    isFar: far.size > 0,
    get constants() {
      return [...constants.values()].map(({ text }) => text)
    },
    get parts() {
      return parts.map(({ text }) => text)
    },
    constantBytes: () => [...constants.values(), ...parts].reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** What is more than loops in a program, and what its values lie between, for its own weights. */
function patternsOf(program: Program): {
  readonly products: Products
  readonly gathers: ReadonlyMap<Statement, Gather>
  readonly ranges: Ranges
} {
  const products = productsOf(program)
  const proved = new Map([...products.values()].map(({ sum, range }) => [sum, range] as const))
  const gathers = gathersOf(program, rangesOf(program, proved))
  for (const { sum, range } of gathers.values()) proved.set(sum, range)
  return { products, gathers, ranges: rangesOf(program, proved) }
}

export const indented = (text: string): string => text.replace(/^(?!#)/gm, "  ")
export const bytesOf = ({ dtype, length }: Buffer): number => DTYPE[dtype].bytes * length
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
