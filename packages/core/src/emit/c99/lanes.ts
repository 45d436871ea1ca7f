import type { Block, Expression, Statement } from "../../ir/program.ts"
import { scalarOf, statementsOf } from "../../ir/program.ts"
import { type Loop, namesIn, roundsOf, SHIFTS, type Target, varies } from "../lanes.ts"
import { type Stored, type } from "./prelude.ts"
import { type Helper, isMask, WIDTHS, type Width } from "./vectors.ts"

/**
 * Parallel loops as vectors of C: neighbouring rounds become the lanes of vectors, several vectors a pass where that
 * keeps more sums in flight. Each lane does what its round would do, in the same order, so the bits are those of the
 * plain loop. What is left over runs as narrower vectors, then as plain rounds.
 */

/** What vectors of C do; divisions stay with the processor's own. */
export const VECTORS: Target = {
  lanes: WIDTHS[0],
  does: (op) => !/div_|rem_|f64/.test(op),
}

/** What the printer of scalar code lends. */
export interface Scope {
  readonly width: Width
  expression(e: Expression): string
  /** A loop of plain rounds, `from` the round that it begins with. */
  plain(loop: Loop, from: number): string
  /** `for (…)`, for a loop inside the lanes. */
  head(loop: Loop): string
  /** What C calls a buffer or a scalar. */
  identifier(name: string): string
  dtypeOf(buffer: string): Stored
  /** Whether something reads the local of this name. */
  isRead(name: string): boolean
  /** The name of a helper, which the prelude defines from then on. */
  helper(of: Helper, width: Width): string
  /** What is bound to a local for ever, if it is known. */
  bound(name: string): Expression | undefined
}

/** Rounds `from` … `to` − 1, `vectors` vectors of `width` lanes at a time. */
interface Pass {
  readonly from: number
  readonly to: number
  readonly width: Width
  readonly vectors: number
}

export function printLanes(loop: Loop, scope: Scope): string {
  const rounds = roundsOf(loop)
  if (rounds.kind !== "constant") throw new Error("bug: lanes of a loop without a known number of rounds")
  const passes = passesOf(rounds.value, scope.width, vectorsMax(loop, scope.width))
  const left = passes.at(-1)!.to
  const texts = passes.map((pass) => printPass(loop, pass, scope))
  return [...texts, ...(left < rounds.value ? [scope.plain(loop, left)] : [])].join("\n")
}

/** Whole vectors of the full width, several at a time; then at most one vector of each narrower width. */
function passesOf(rounds: number, full: Width, vectorsMax: number): readonly Pass[] {
  const passes: Pass[] = []
  let from = 0
  const add = (width: Width, vectors: number, times: number): void => {
    if (vectors === 0 || times === 0) return
    const to = from + width * vectors * times
    passes.push({ from, to, width, vectors })
    from = to
  }
  for (const width of [...WIDTHS].reverse().filter((each) => each <= full)) {
    const whole = Math.floor((rounds - from) / width)
    const vectors = together(whole, vectorsMax)
    add(width, vectors, Math.floor(whole / vectors))
    add(width, whole % vectors, 1)
  }
  return passes
}
/** How many of `whole` vectors to take at a time: what leaves none over, unless that is less than half of what could be. */
function together(whole: number, most: number): number {
  for (let each = most; 2 * each > most; each--) if (whole % each === 0) return each
  return Math.max(1, Math.min(whole, most))
}

/** How many sums each lane keeps while a loop inside runs. */
function sumsOf(loop: Loop): number {
  const { varying } = namesIn(loop)
  const inner = loop.body.flatMap((s) => (s.kind === "loop" ? [...statementsOf(s.body)] : []))
  return new Set(inner.flatMap((s) => (s.kind === "set" && varying.has(s.name) ? [s.name] : []))).size
}
/**
 * Sums that are in flight at once hide how long an addition takes; more of them than registers are worse than fewer. A
 * loop without sums is unrolled when it is short.
 */
function vectorsMax(loop: Loop, width: Width): number {
  const [sums, statements] = [sumsOf(loop), [...statementsOf(loop.body)].length]
  if (sums === 0) return statements <= SHORT ? 4 : 1
  return Math.max(1, Math.min(8, Math.floor(SUMS_MAX[width] / sums), Math.floor(STATEMENTS_MAX / statements)))
}
/** Of 16 registers, or of the 32 that AVX-512 has: some are left for the operands. */
const SUMS_MAX: Readonly<Record<Width, number>> = { 4: 12, 8: 12, 16: 24 }
/** As many sums as hide how long a product that adds to them takes: with fewer, products are added when they are done. */
const SUMS_HIDING = 6
/** Statements of a loop that is unrolled, and of a pass at most: the text stays in proportion to the program. */
const [SHORT, STATEMENTS_MAX] = [4, 400]

function printPass(loop: Loop, { from, to, width, vectors }: Pass, scope: Scope): string {
  const { varying } = namesIn(loop)
  const hides = sumsOf(loop) * vectors >= SUMS_HIDING
  const { identifier } = scope
  const call = (of: Helper, ...operands: readonly string[]): string =>
    `${scope.helper(of, width)}(${operands.join(", ")})`
  const local = (name: string, v: number): string => (varying.has(name) ? `${name}_v${v}` : identifier(name))
  const splat = (e: Expression): string => call(`${narrow(e)}.splat`, scope.expression(e))
  const at = (buffer: string, index: Expression, v: number, step = 1): string =>
    `&${identifier(buffer)}[${scope.expression(index)}${v === 0 ? "" : ` + ${v * step * width}`}]`

  const lanes = (e: Expression, v: number): string => {
    if (!varies(e, varying)) return splat(e)
    switch (e.kind) {
      case "local":
        return local(e.name, v)
      case "load": {
        const dtype = scope.dtypeOf(e.buffer)
        return call(e.packed ? `pack${e.packed}.${dtype}` : `load.${dtype}`, at(e.buffer, e.index, v, e.packed))
      }
      case "unary":
        return call(e.op, lanes(e.value, v))
      case "binary":
        return binary(e, v)
      case "select":
        return call(`${narrow(e)}.choose`, mask(e.condition, v), lanes(e.yes, v), lanes(e.no, v))
      case "constant":
        throw new Error("bug: a constant does not vary")
      default:
        return e satisfies never
    }
  }
  const binary = (e: Operation, v: number): string => {
    if (isMask(e.op)) return call("i32.and", mask(e, v), call("i32.splat", "1"))
    if (SHIFTS.includes(e.op)) return call(e.op, lanes(e.left, v), scope.expression(e.right))
    if (dotIn(e)) return dot(e, call("i32.splat", "0"), v)
    if (e.op === "i32.add" && hides) {
      const [left, right] = [dotIn(e.left), dotIn(e.right)]
      if (right) return dot(right, lanes(e.left, v), v)
      if (left) return dot(left, lanes(e.right, v), v)
    }
    return call(e.op, lanes(e.left, v), lanes(e.right, v))
  }
  const dot = (e: Operation, sum: string, v: number): string => {
    // what may be small comes second, else what lanes share: what is computed from it alone is computed once
    const swaps = !isSmall(e.right, scope) && (isSmall(e.left, scope) || varies(e.right, varying))
    const [a, b] = swaps ? [e.right, e.left] : [e.left, e.right]
    const small = e.op === "i32.dot4_i8" && isSmall(b, scope)
    return call(small ? "i32.dot4_u7" : (e.op as "i32.dot2_i16"), sum, lanes(a, v), lanes(b, v))
  }
  /** All ones in the lanes in which `e` is not 0, zeros in the others. */
  const mask = (e: Expression, v: number): string => {
    if (e.kind === "binary" && isMask(e.op) && varies(e, varying))
      return call(e.op, lanes(e.left, v), lanes(e.right, v))
    return call("i32.ne", lanes(e, v), call("i32.splat", "0"))
  }

  const each = (print: (v: number) => string): string => Array.from({ length: vectors }, (_, v) => print(v)).join("\n")
  const statement = (s: Statement): string => {
    switch (s.kind) {
      case "let":
      case "set": {
        const declared = s.kind === "let"
        const unread = declared && !scope.isRead(s.name)
        const bind = (of: string, name: string, value: string): string =>
          `${declared ? `${of} ` : ""}${name} = ${value};${unread ? ` (void)${name};` : ""}`
        if (!varying.has(s.name)) return bind(type(scalarOf(s.value)), identifier(s.name), scope.expression(s.value))
        return each((v) => bind(`${narrow(s.value)}x${width}`, local(s.name, v), lanes(s.value, v)))
      }
      case "store":
        return each((v) => `${call(`store.${scope.dtypeOf(s.buffer)}`, at(s.buffer, s.index, v), lanes(s.value, v))};`)
      case "loop":
        return `${scope.head(s)} ${block(s.body)}`
      case "if":
        throw new Error("bug: a branch has no lanes")
      default:
        return s satisfies never
    }
  }
  const block = (inner: Block): string => `{\n${inner.map(statement).join("\n").replace(/^/gm, "  ")}\n}`
  const i = identifier(loop.index)
  return `for (int32_t ${i} = ${from}; ${i} < ${to}; ${i} += ${width * vectors}) ${block(loop.body)}`
}

const narrow = (e: Expression): "i32" | "f32" => {
  const scalar = scalarOf(e)
  if (scalar === "f64") throw new Error("bug: f64 has no lanes")
  return scalar
}
type Operation = Extract<Expression, { kind: "binary" }>
const dotIn = (e: Expression): Operation | undefined =>
  e.kind === "binary" && e.op.startsWith("i32.dot") ? e : undefined

/** Whether no byte of a word is above 127, known from a mask here or where the local was bound: not from further away. */
function isSmall(e: Expression, scope: Pick<Scope, "bound">): boolean {
  if (e.kind === "constant") return (e.value & 0x80808080) === 0
  if (e.kind === "local") {
    const value = scope.bound(e.name)
    return value !== undefined && isSmall(value, { bound: () => undefined })
  }
  return e.kind === "binary" && e.op === "i32.and" && (isSmall(e.left, scope) || isSmall(e.right, scope))
}
