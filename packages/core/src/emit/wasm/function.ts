import { i32 } from "../../ir/build.ts"
import { type Block, type Statement, scalarOf } from "../../ir/program.ts"
import { crossingOf } from "../crossing.ts"
import { type Loop, lanesOf, roundsOf } from "../lanes.ts"
import { workOf } from "../work.ts"
import { type Code, each, unsigned } from "./binary.ts"
import { address, expression } from "./expression.ts"
import { type Frame, frameOf, fresh, type Local, localsOf, narrow, type Shared, slotOf, stored } from "./frame.ts"
import { emitLanes, SIMD128 } from "./lanes.ts"
import { countUp } from "./loop.ts"
import * as op from "./opcode.ts"
import { CONTROL } from "./threads.ts"

/**
 * Defines the function of an entry: its number. Its outermost loops are in functions of their own. Neighbouring ones with
 * little to do are one part: a host takes longer to begin with a function than with a loop.
 */
export function defineEntry(body: Block, shared: Shared): number {
  const frame = frameOf(shared, NONE)
  const small = { ...shared, apart: Infinity } // what is small holds nothing large
  let code = ""
  let work = body.length > 0 ? workApart(body[0]!) : 0
  for (let at = 0; at < body.length; ) {
    const part = partFrom(at, body, work)
    const isLoops = part.statements[0]!.kind === "loop"
    code += isLoops
      ? outermost(part.statements, part.work < shared.apart ? small : shared, frame)
      : printBlock(part.statements, frame)
    at += part.statements.length
    work = part.following
  }
  return define(frame, NONE, NONE, code)
}
const NONE: readonly Local[] = []

/** Statements that follow each other. */
interface Part {
  readonly statements: Block
  readonly work: number
  /** Of the statement after it. */
  readonly following: number
}
/** The next one of a body. Apart from who goes on with it: of a long loop, engines compile all that it holds. */
function partFrom(start: number, body: Block, workOfFirst: number): Part {
  let [end, work] = [start, 0]
  let following = workOfFirst
  do {
    work += following
    end++
    following = end < body.length ? workApart(body[end]!) : 0
  } while (end < body.length && end < start + LOOPS_MAX && work + following < LITTLE)
  return { statements: body.slice(start, end), work, following }
}
const workApart = (s: Statement): number => (s.kind === "loop" ? workOf(s) : Infinity)
const LITTLE = 1 << 12
const LOOPS_MAX = 4

/** Loops that follow each other, in a function of their own. */
function outermost(loops: Block, shared: Shared, frame: Frame): Code {
  const only = loops.length === 1 ? loops[0] : undefined
  return (only?.kind === "loop" ? share(only, frame) : undefined) ?? call(loops, shared, frame)
}
/** A block as a function of its own. */
function call(block: Block, shared: Shared, { slots }: Frame): Code {
  if (slots.size === 0) return op.call + unsigned(defineBlock(block, NONE, NONE, shared)) // no local can cross
  const { reads, sets } = crossingOf(block)
  const [takes, gives] = [localsOf(new Map([...reads, ...sets])), localsOf(sets)]
  const given = each(takes, ([name]) => op.local_get + slots.get(name)!)
  const taken = each(gives.toReversed(), ([name]) => op.local_set + slots.get(name)!)
  return given + op.call + unsigned(defineBlock(block, takes, gives, shared)) + taken
}
function defineBlock(block: Block, takes: readonly Local[], gives: readonly Local[], shared: Shared): number {
  const frame = frameOf(shared, takes)
  const only = block.length === 1 ? block[0]! : undefined
  return define(frame, takes, gives, only?.kind === "loop" ? inPlace(only, frame) : printBlock(block, frame))
}
/** Defines a function over some locals that gives some of them back: its number. */
function define(frame: Frame, takes: readonly Local[], gives: readonly Local[], code: Code): number {
  const printed = code + each(gives, ([name, scalar]) => op.local_get + slotOf(frame, name, scalar))
  const signature = { parameters: takes.map(([, scalar]) => scalar), results: gives.map(([, scalar]) => scalar) }
  return frame.shared.functions.define(signature, frame.locals, printed)
}

function printBlock(block: Block, frame: Frame): Code {
  let code = ""
  for (let at = 0; at < block.length; at++) code += printStatement(block[at]!, frame)
  return code
}
function printStatement(s: Statement, frame: Frame): Code {
  switch (s.kind) {
    case "let":
    case "set":
      return expression(s.value, frame) + op.local_set + slotOf(frame, s.name, narrow(scalarOf(s.value)))
    case "store": {
      const { dtype, immediates } = frame.shared.places.get(s.buffer)!
      const kept = stored(dtype)
      return address(kept, s.index, frame) + expression(s.value, frame) + op.STORE[kept] + immediates
    }
    case "if": {
      const condition = expression(s.condition, frame) + op.if_ + op.NO_RESULT
      const yes = condition + printBlock(s.yes, frame)
      return (s.no.length > 0 ? yes + op.else_ + printBlock(s.no, frame) : yes) + op.end
    }
    case "loop": {
      const { shared } = frame
      const isApart = shared.apart < Infinity && workOf(s) >= shared.apart
      return share(s, frame) ?? (isApart ? call([s], shared, frame) : inPlace(s, frame))
    }
    default:
      return s satisfies never
  }
}

/** A loop right here. */
function inPlace(s: Loop, frame: Frame): Code {
  const i = slotOf(frame, s.index, "i32")
  const start = op.constI32(0) + op.local_set + i
  const names = lanesOf(s, SIMD128)
  if (!names) return start + rounds(s, i, frame)
  const count = roundsOf(s)
  const leavesNone = count.kind === "constant" && count.value % SIMD128.lanes === 0
  const vectors = start + emitLanes(s, names, frame)
  return leavesNone ? vectors : vectors + rounds(s, i, frame)
}
/** Runs the loop on from the index it has. */
function rounds(s: Loop, i: Code, frame: Frame): Code {
  const count = roundsOf(s)
  if (count.kind === "constant") return countUp(i, expression(count, frame), printBlock(s.body, frame), 1)
  const n = fresh(frame, "i32")
  const enter = expression(count, frame) + op.local_set + n
  return enter + countUp(i, op.local_get + n, printBlock(s.body, frame), 1)
}

/** The loop shared out among threads, when it is one of the phases. */
function share(s: Loop, frame: Frame): Code | undefined {
  const { sharing } = frame.shared
  const least = sharing?.least.get(s)
  if (!sharing || least === undefined) return undefined
  const reads = localsOf(crossingOf([{ ...s, count: i32(0) }]).reads)
  const phase = definePhase(s, reads, frame.shared)
  const given = each(reads, ([name, scalar], i) => {
    const value = op.constI32(0) + op.local_get + slotOf(frame, name, scalar)
    return value + op.STORE[scalar] + mailbox(i)
  })
  const asked = op.constI32(phase) + expression(roundsOf(s), frame) + op.constI32(least)
  return given + asked + op.call + unsigned(sharing.share)
}
/** Defines what a thread does at a phase, rounds `from` … `to` - 1: its number among the phases. */
function definePhase(s: Loop, reads: readonly Local[], { sharing, ...shared }: Shared): number {
  const takes = [FROM, TO].map((name): Local => [name, "i32"])
  const frame = frameOf(shared, takes)
  const taken = each(reads, ([name, scalar], i) => {
    const value = op.constI32(0) + op.LOAD[scalar] + mailbox(i)
    return value + op.local_set + slotOf(frame, name, scalar)
  })
  const i = slotOf(frame, s.index, "i32")
  const start = op.local_get + slotOf(frame, FROM, "i32") + op.local_set + i
  const code = taken + start + countUp(i, op.local_get + slotOf(frame, TO, "i32"), printBlock(s.body, frame), 1)
  return sharing!.phases.push(define(frame, takes, NONE, code)) - 1
}
const [FROM, TO] = [" from", " to"] // no program has such names

/** The immediates of a load or store of what stands at a place of the mailbox. */
const mailbox = (at: number): Code => unsigned(2) + unsigned(CONTROL.mailbox + 4 * at)
