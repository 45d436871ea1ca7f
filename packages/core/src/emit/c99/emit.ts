import { ANY, type Interval, intervalOf, knownIn } from "../../ir/interval.ts"
import type { Binary, Block, Buffer, Expression, Program, Statement, Unary } from "../../ir/program.ts"
import { blocksOf, scalarOf, statementsOf } from "../../ir/program.ts"
import { type Loop, lanesOf } from "../lanes.ts"
import { printLanes, VECTORS } from "./lanes.ts"
import { helperName, prelude, type Stored, TYPE, type } from "./prelude.ts"
import { type Helper, nameOf, vectorPrelude, type Width } from "./vectors.ts"

/** How C is printed. */
export interface Style {
  /**
   * Parallel loops as vectors of this many lanes: 4 for NEON and SSE, 8 for AVX2, 16 for AVX-512. Without it the text is
   * scalar and of C99 alone, for microcontrollers and for any compiler.
   */
  readonly width?: Width | undefined
}

/**
 * The program as C99 functions over static arrays, `void NAME_run(void)` and `void NAME_ENTRY(void)` for each entry:
 * constants are `const`, so that a microcontroller keeps them in flash. Buffers and locals end in _ (`identifier`), so that
 * none can meet a word of C, of its library or of the prelude.
 */
export function emitC99(program: Program, style: Style = {}): string {
  const { prelude, names, block } = printerOf(program, style)
  const declared = program.buffers.filter((b) => !isPrivate(b) || names.has(b.name)).map(declaration)
  const ends = ["run", ...Object.keys(program.entries ?? {})]
  const functions = blocksOf(program).map((each, n) => `void ${program.name}_${ends[n]}(void) ${block(each)}`)
  return [prelude(), ...declared, "", ...functions, ""].join("\n")
}

/** What prints the statements of a program: `NAME_[index]` is an element of a buffer, whatever NAME_ is declared as. */
export function printerOf(program: Program, { width }: Style = {}): Printer {
  const { buffers } = program
  const { operations, floats, packs, names } = usesOf(program)
  const dtypes = new Map(buffers.map((b) => [b.name, stored(b)]))
  const dtypeOf = (buffer: string): Stored => dtypes.get(buffer)!
  const vectors = new Map<Width, Set<Helper>>()
  const expression = expressionPrinter(width === undefined ? undefined : knownIn(program))
  const statement = (s: Statement): string => {
    switch (s.kind) {
      case "let": {
        const declared = `${type(scalarOf(s.value))} ${identifier(s.name)} = ${expression(s.value)};`
        return names.has(s.name) ? declared : `${declared} (void)${identifier(s.name)};`
      }
      case "set":
        return `${identifier(s.name)} = ${expression(s.value)};`
      case "store": {
        const value = narrow(dtypeOf(s.buffer), expression(s.value))
        return `${identifier(s.buffer)}[${expression(s.index)}] = ${value};`
      }
      case "if": {
        const otherwise = s.no.length > 0 ? ` else ${block(s.no)}` : ""
        return `if (${expression(s.condition)}) ${block(s.yes)}${otherwise}`
      }
      case "loop":
        return scope && lanesOf(s, VECTORS) ? printLanes(s, scope) : `${head(s)} ${block(s.body)}`
      default:
        return s satisfies never
    }
  }
  const head = (s: Loop, from = 0): string => {
    const [i, end] = [identifier(s.index), `${s.index}_end`]
    if (s.count.kind === "constant")
      return `for (int32_t ${i} = ${from}; ${i} < ${numberOf(Math.min(s.count.value, s.maximum))}; ++${i})`
    const rounds = `at_most(${expression(s.count)}, ${numberOf(s.maximum)})`
    return `for (int32_t ${i} = ${from}, ${end} = ${rounds}; ${i} < ${end}; ++${i})`
  }
  const block = (inner: Block): string =>
    inner.length === 0 ? "{}" : `{\n${inner.map(statement).join("\n").replace(/^/gm, "  ")}\n}`
  const scope = width && {
    ...{ width, expression, head, identifier, dtypeOf },
    plain: (s: Loop, from: number) => `${head(s, from)} ${block(s.body)}`,
    isRead: (name: string) => names.has(name),
    bound: boundIn(program),
    helper: (of: Helper, lanes: Width) => {
      vectors.set(lanes, (vectors.get(lanes) ?? new Set()).add(of))
      return nameOf(of, lanes)
    },
  }
  const start = prelude(operations, floats, packs)
  return { prelude: () => start + (vectors.size > 0 ? vectorPrelude(vectors) : ""), names, statement, block }
}
interface Printer {
  /** What the text starts with: headers and the helpers that the program calls, as far as it has been printed. */
  prelude(): string
  /** The buffers and locals that something reads, or stores into. */
  readonly names: ReadonlySet<string>
  statement(s: Statement): string
  block(inner: Block): string
}

/** The values of the locals that are bound and never set. */
function boundIn(program: Program): (name: string) => Expression | undefined {
  const all = blocksOf(program).flatMap((each) => [...statementsOf(each)])
  const assigned = new Set(all.flatMap((s) => (s.kind === "set" ? [s.name] : [])))
  const bound = new Map(
    all.flatMap((s) => (s.kind === "let" && !assigned.has(s.name) ? [[s.name, s.value] as const] : [])),
  )
  return (name) => bound.get(name)
}

/** What C calls a buffer or a local. */
export const identifier = (name: string): string => `${name}_`

export const stored = ({ dtype }: Buffer): Stored => {
  if (dtype === "f64") throw new Error("bug: f64 is the interpreter's alone")
  return dtype
}
const isPrivate = ({ access }: Buffer): boolean => access === "scratch" || access === "constant"
function declaration(buffer: Buffer): string {
  const [dtype, { name, length, access, values }] = [stored(buffer), buffer]
  const array = `${TYPE[dtype]} ${identifier(name)}[${length}]`
  if (!values) return `${access === "scratch" ? "static " : ""}${array};`
  const literals = values.map((value) => (dtype === "f32" ? f32(value) : `${value}`)).join(",")
  return `static const ${array} = {${literals.replace(/(.{100,115}?),/g, "$1,\n")}};`
}
const narrow = (dtype: Stored, value: string): string =>
  dtype === "i32" || dtype === "f32" ? value : `to_${dtype}(${value})`

/** `C` operators of sums that cannot wrap. */
const OPERATOR: Readonly<Partial<Record<Binary, string>>> = { "i32.add": "+", "i32.sub": "-", "i32.mul": "*" }

/**
 * Every operation is a call: precedence cannot go wrong, and min evaluates its operands once. Where intervals prove that
 * arithmetic does not wrap it may be plain: a compiler makes better addresses of what cannot overflow.
 */
function expressionPrinter(ofLocal: ((name: string) => Interval) | undefined): (e: Expression) => string {
  const isPlain = (e: Expression): boolean => {
    if (!ofLocal) return false
    const [low, high] = intervalOf(e, ofLocal)
    return low > ANY[0] && high < ANY[1] // ANY is what may wrap
  }
  const expression = (e: Expression): string => {
    switch (e.kind) {
      case "constant":
        return e.scalar === "i32" ? numberOf(e.value) : f32(e.value)
      case "local":
        return identifier(e.name)
      case "load": {
        const element = `${identifier(e.buffer)}[${expression(e.index)}]`
        return e.packed ? `pack${e.packed}_${TYPE[e.dtype as Stored]}(&${element})` : element
      }
      case "unary":
        return `${helperName(e.op)}(${expression(e.value)})`
      case "binary": {
        const operator = OPERATOR[e.op]
        if (operator && isPlain(e)) return `(${expression(e.left)} ${operator} ${expression(e.right)})`
        return `${helperName(e.op)}(${expression(e.left)}, ${expression(e.right)})`
      }
      case "select": {
        const choose = scalarOf(e.yes) === "f32" ? "choose_f" : "choose"
        return `${choose}(${expression(e.condition)}, ${expression(e.yes)}, ${expression(e.no)})`
      }
      default:
        return e satisfies never
    }
  }
  return expression
}

function expressionsOf(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case "let":
    case "set":
      return [s.value]
    case "store":
      return [s.index, s.value]
    case "if":
      return [s.condition]
    case "loop":
      return [s.count]
    default:
      return s satisfies never
  }
}

/** Which helpers and which declarations a program calls for: C compilers warn of what nobody reads. */
export function usesOf({ buffers, ...blocks }: Omit<Program, "name">): Uses {
  const operations = new Set<Unary | Binary>()
  const names = new Set<string>()
  let packs = false
  let floats = buffers.some(({ dtype }) => dtype === "f32")
  const visit = (e: Expression): void => {
    floats ||= scalarOf(e) === "f32"
    switch (e.kind) {
      case "constant":
        return
      case "local":
        return void names.add(e.name)
      case "load":
        names.add(e.buffer)
        packs ||= e.packed !== undefined
        return visit(e.index)
      case "unary":
        operations.add(e.op)
        return visit(e.value)
      case "binary":
        operations.add(e.op)
        visit(e.left)
        return visit(e.right)
      case "select":
        visit(e.condition)
        visit(e.yes)
        return visit(e.no)
      default:
        return e satisfies never
    }
  }
  for (const s of blocksOf(blocks).flatMap((block) => [...statementsOf(block)])) {
    if (s.kind === "store") names.add(s.buffer)
    for (const e of expressionsOf(s)) visit(e)
  }
  return { operations, floats, packs, names }
}
interface Uses {
  readonly operations: ReadonlySet<Unary | Binary>
  readonly floats: boolean
  readonly packs: boolean
  readonly names: ReadonlySet<string>
}

/** C has no negative literals: -2147483648 is the negation of a number that does not fit. */
export const numberOf = (value: number): string =>
  value === -(2 ** 31) ? "INT32_MIN" : value < 0 ? `(-INT32_C(${-value}))` : `INT32_C(${value})`

/** Exact: hexadecimal leaves the C compiler nothing to round. */
function f32(value: number): string {
  if (Number.isNaN(value)) return "NAN"
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  const bits = view.getUint32(0)
  const [sign, exponent, fraction] = [bits >>> 31 ? "-" : "", (bits >>> 23) & 0xff, bits & 0x7fffff]
  if (exponent === 0xff) return `(${sign}INFINITY)`
  const significand = exponent === 0 ? fraction : fraction | 0x800000 // a subnormal has no hidden bit
  return `(${sign}0x${significand.toString(16)}p${Math.max(exponent, 1) - 150}f)`
}
