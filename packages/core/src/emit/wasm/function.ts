import type { Dtype, Scalar } from "../../base/dtype.ts"
import { i32 } from "../../ir/build.ts"
import type { Interval } from "../../ir/interval.ts"
import { type Block, type Buffer, type Statement, scalarOf } from "../../ir/program.ts"
import { type Crossing, crossingOf } from "../crossing.ts"
import { type Loop, lanesOf, roundsOf } from "../lanes.ts"
import { workOf } from "../work.ts"
import { type Code, each, unsigned } from "./binary.ts"
import { expressionsIn, narrow, stored } from "./expression.ts"
import type { Functions, ValueType } from "./functions.ts"
import { emitLanes, type Scope, SIMD128 } from "./lanes.ts"
import { countUp } from "./loop.ts"
import * as op from "./opcode.ts"
import { CONTROL } from "./threads.ts"

/** What all functions of a module share. */
export interface Shared {
  readonly functions: Functions
  readonly buffers: ReadonlyMap<string, Buffer>
  start(buffer: string): number
  interval(name: string): Interval
  readonly relaxed: boolean
  /** Work (work.ts) from which on a loop is a function of its own. */
  readonly apart: number
  /** In a module for several threads. */
  readonly sharing?: {
    /** The function that shares out a phase (threads.ts). */
    readonly share: number
    /** Loops to share out, and how many of their rounds make a share at least. */
    readonly least: ReadonlyMap<Statement, number>
    /** The functions of the phases. */
    readonly phases: number[]
  }
}

/** Defines the function of an entry: its number. Its outermost loops are in functions of their own. */
export function defineEntry(body: Block, shared: Shared): number {
  return define([], [], shared, ({ statement, outermost }) =>
    each(partsOf(body), (part) =>
      part.statements[0]!.kind === "loop" ? outermost(part) : each(part.statements, statement),
    ),
  )
}
/** Statements that follow each other. */
interface Part {
  readonly statements: Statement[]
  work: number
}
/** Neighbouring loops with little to do are one part: a host takes longer to begin with a function than with a loop. */
function partsOf(body: Block): readonly Part[] {
  const parts: Part[] = []
  for (const s of body) {
    const work = s.kind === "loop" ? workOf(s) : Infinity
    const last = parts.at(-1)
    if (last && last.work + work < LITTLE && last.statements.length < LOOPS_MAX) {
      last.statements.push(s)
      last.work += work
    } else parts.push({ statements: [s], work })
  }
  return parts
}
const LITTLE = 1 << 12
const LOOPS_MAX = 4

type Local = readonly [name: string, scalar: "i32" | "f32"]
const localsOf = (names: ReadonlyMap<string, Scalar>): readonly Local[] =>
  [...names].map(([name, scalar]) => [name, narrow(scalar)])
interface Printer {
  statement(s: Statement): Code
  /** Loops that follow each other, in a function of their own. */
  outermost(loops: Part): Code
  /** A loop right here. */
  inPlace(s: Loop): Code
  slot(name: string, scalar: "i32" | "f32"): Code
}

/** Defines a function over some locals that gives some of them back: its number. */
function define(
  takes: readonly Local[],
  gives: readonly Local[],
  shared: Shared,
  code: (printer: Printer) => Code,
): number {
  const locals: ValueType[] = []
  const slots = new Map(takes.map(([name], at) => [name, unsigned(at)]))
  const fresh = (type: ValueType): Code => unsigned(takes.length + locals.push(type) - 1)
  const slot = (name: string, scalar: "i32" | "f32"): Code => {
    const known = slots.get(name) ?? fresh(scalar)
    slots.set(name, known)
    return known
  }
  const body = code(printer({ slot, fresh, isBare: () => slots.size === 0 }, shared))
  const printed = body + each(gives, ([name, scalar]) => op.local_get + slot(name, scalar))
  const signature = { parameters: takes.map(([, scalar]) => scalar), results: gives.map(([, scalar]) => scalar) }
  return shared.functions.define(signature, locals, printed)
}

/** Defines what a thread does at a phase, rounds `from` … `to` - 1: its number among the phases. */
function definePhase(s: Loop, reads: readonly Local[], { sharing, ...shared }: Shared): number {
  const [from, to] = [" from", " to"] // no program has such names
  const code = ({ statement, slot }: Printer): Code => {
    const taken = each(reads, ([name, scalar], i) => {
      const value = op.constI32(0) + op.LOAD[scalar] + mailbox(i)
      return value + op.local_set + slot(name, scalar)
    })
    const i = slot(s.index, "i32")
    const start = op.local_get + slot(from, "i32") + op.local_set + i
    return taken + start + countUp(i, op.local_get + slot(to, "i32"), each(s.body, statement), 1)
  }
  const takes: readonly Local[] = [
    [from, "i32"],
    [to, "i32"],
  ]
  return sharing!.phases.push(define(takes, [], shared, code)) - 1
}

/** The immediates of a load or store of what stands at a place of the mailbox. */
const mailbox = (at: number): Code => unsigned(2) + unsigned(CONTROL.mailbox + 4 * at)

interface Locals extends Pick<Scope, "slot" | "fresh"> {
  /** Whether there is no local yet: then none can cross into a loop. */
  isBare(): boolean
}
const NOTHING: Crossing = { reads: new Map(), sets: new Map() }

function printer({ slot, fresh, isBare }: Locals, shared: Shared): Printer {
  const { buffers, start, interval, relaxed, apart } = shared
  const { expression, address, place } = expressionsIn({ slot, fresh, start })
  const dtype = (buffer: string): Dtype => buffers.get(buffer)!.dtype
  const scope: Scope = { expression, address, slot, fresh, start, dtype, interval, relaxed }

  const statement = (s: Statement): Code => {
    switch (s.kind) {
      case "let":
      case "set":
        return expression(s.value) + op.local_set + slot(s.name, narrow(scalarOf(s.value)))
      case "store": {
        const dtype = stored(buffers.get(s.buffer)!.dtype)
        return address(dtype, s.index) + expression(s.value) + op.STORE[dtype] + place(s.buffer, dtype)
      }
      case "if": {
        const otherwise = s.no.length > 0 ? op.else_ + each(s.no, statement) : ""
        return expression(s.condition) + op.if_ + op.NO_RESULT + each(s.yes, statement) + otherwise + op.end
      }
      case "loop":
        return share(s) ?? (isApart(s) ? call([s], shared, (inner) => inner.inPlace(s)) : inPlace(s))
      default:
        return s satisfies never
    }
  }
  const isApart = (s: Loop): boolean => apart < Infinity && workOf(s) >= apart
  const inPlace = (s: Loop): Code => {
    const i = slot(s.index, "i32")
    const start = op.constI32(0) + op.local_set + i
    const names = lanesOf(s, SIMD128)
    if (!names) return start + rounds(s, i)
    const count = roundsOf(s)
    const leavesNone = count.kind === "constant" && count.value % SIMD128.lanes === 0
    return start + emitLanes(s, names, scope) + (leavesNone ? "" : rounds(s, i))
  }
  /** Runs the loop on from the index it has. */
  const rounds = (s: Loop, i: Code): Code => {
    const count = roundsOf(s)
    if (count.kind === "constant") return countUp(i, expression(count), each(s.body, statement), 1)
    const n = fresh("i32")
    return expression(count) + op.local_set + n + countUp(i, op.local_get + n, each(s.body, statement), 1)
  }
  /** A block as a function of its own. */
  const call = (block: Block, within: Shared, code: (inner: Printer) => Code): Code => {
    const { reads, sets } = isBare() ? NOTHING : crossingOf(block)
    const [takes, gives] = [localsOf(new Map([...reads, ...sets])), localsOf(sets)]
    const callee = define(takes, gives, within, code)
    const given = each(takes, ([name, scalar]) => op.local_get + slot(name, scalar))
    const taken = each(gives.toReversed(), ([name, scalar]) => op.local_set + slot(name, scalar))
    return given + op.call + unsigned(callee) + taken
  }
  /** The loop shared out among threads, when it is one of the phases. */
  const share = (s: Loop): Code | undefined => {
    const least = shared.sharing?.least.get(s)
    if (!shared.sharing || least === undefined) return undefined
    const reads = localsOf(crossingOf([{ ...s, count: i32(0) }]).reads)
    const phase = definePhase(s, reads, shared)
    const given = each(reads, ([name, scalar], i) => {
      const value = op.constI32(0) + op.local_get + slot(name, scalar)
      return value + op.STORE[scalar] + mailbox(i)
    })
    const asked = op.constI32(phase) + expression(roundsOf(s)) + op.constI32(least)
    return given + asked + op.call + unsigned(shared.sharing.share)
  }
  const outermost = ({ statements, work }: Part): Code => {
    const within = work < apart ? { ...shared, apart: Infinity } : shared // what is small holds nothing large
    const only = statements.length === 1 ? statements[0] : undefined
    if (only?.kind !== "loop") return call(statements, within, (inner) => each(statements, inner.statement))
    return share(only) ?? call(statements, within, (inner) => inner.inPlace(only))
  }
  return { statement, outermost, inPlace, slot }
}
