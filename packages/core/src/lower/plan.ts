import type { Dtype } from "../base/dtype.ts"
import type { Block, Buffer, Expression, Program, Statement } from "../ir/program.ts"
import { renameBlock } from "../ir/rename.ts"

/**
 * The same program in less memory: scratch buffers of one dtype that are never in use at the same time become one.
 *
 * A buffer is in use from the first statement of the body that touches it to the last, statements counted at the top level
 * (a loop is one). Whatever lower/ makes is written before it is read in every run, so that what a neighbour left does not
 * show; what another entry touches, or a name in `kept`, outlasts the run and keeps a place of its own.
 * A linear scan in order of first use: each takes the tightest place that is free, or makes the largest one longer.
 * Source: Poletto & Sarkar 1999, doi:10.1145/330249.330250, for registers; Pisarchyk & Lee 2020, arXiv:2001.03288.
 */
export function planMemory(program: Program, kept: ReadonlySet<string> = new Set()): Program {
  const lasting = new Set([...kept, ...Object.values(program.entries ?? {}).flatMap((block) => [...buffersOf(block)])])
  const touched = program.body.map((s) => buffersOf([s]))
  const uses = usesOf(touched)
  const movable = program.buffers.filter(({ name, access }) => access === "scratch" && !lasting.has(name))
  const slots = new Map<Dtype, Slot[]>()
  const place = new Map<string, Slot>()
  const firstOf = ({ name }: Buffer): number => uses.get(name)?.first ?? -1
  for (const buffer of movable.toSorted((a, b) => firstOf(a) - firstOf(b))) {
    const { first, last } = uses.get(buffer.name) ?? { first: -1, last: -1 }
    const all = slots.get(buffer.dtype) ?? []
    slots.set(buffer.dtype, all)
    const slot = tightest(all, first, buffer.length) ?? { name: buffer.name, length: 0, until: -1 }
    if (slot.name === buffer.name) all.push(slot)
    slot.length = Math.max(slot.length, buffer.length)
    slot.until = last
    place.set(buffer.name, slot)
  }
  const buffers = program.buffers.flatMap((buffer) => {
    const slot = place.get(buffer.name)
    if (!slot) return [buffer]
    return slot.name === buffer.name ? [{ ...buffer, length: slot.length }] : []
  })
  const nameOf = (name: string): string => place.get(name)?.name ?? name
  // Most statements keep their buffers, and those of a kernel are many: only the others are copied. An entry moves nothing.
  const body = program.body.flatMap((s, at) => (movesIn(touched[at]!, nameOf) ? renameBlock([s], nameOf) : [s]))
  return { ...program, buffers, body }
}
function movesIn(names: ReadonlySet<string>, nameOf: (name: string) => string): boolean {
  for (const name of names) if (nameOf(name) !== name) return true
  return false
}

interface Use {
  readonly first: number
  readonly last: number
}
/** A place, called by the first buffer that it serves. */
interface Slot {
  readonly name: string
  length: number
  /** The last statement that the buffer in it is used by. */
  until: number
}
/** Of those that are free: the shortest that is long enough, else the longest. */
function tightest(slots: readonly Slot[], first: number, length: number): Slot | undefined {
  let best: Slot | undefined
  for (const slot of slots) {
    if (slot.until >= first) continue
    const [fits, better] = [slot.length >= length, !best || best.length < length]
    if (!best || (fits && (better || slot.length < best.length)) || (!fits && better && slot.length > best.length))
      best = slot
  }
  return best
}

/** Of the buffers that each statement touches. */
function usesOf(touched: readonly ReadonlySet<string>[]): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>()
  touched.forEach((names, at) => {
    for (const name of names) uses.set(name, { first: uses.get(name)?.first ?? at, last: at })
  })
  return uses
}

/** The buffers that a block touches. */
function buffersOf(block: Block): ReadonlySet<string> {
  const names = new Set<string>()
  for (const s of block) visitStatement(s, names)
  return names
}
// Without lists of operands: every expression of a program passes here, before the first answer of a module.
function visitStatement(s: Statement, names: Set<string>): void {
  switch (s.kind) {
    case "let":
    case "set":
      return visit(s.value, names)
    case "store":
      names.add(s.buffer)
      visit(s.index, names)
      return visit(s.value, names)
    case "if":
      visit(s.condition, names)
      for (const each of s.yes) visitStatement(each, names)
      for (const each of s.no) visitStatement(each, names)
      return
    case "loop":
      visit(s.count, names)
      for (const each of s.body) visitStatement(each, names)
      return
    default:
      return s satisfies never
  }
}
function visit(e: Expression, names: Set<string>): void {
  switch (e.kind) {
    case "constant":
    case "local":
      return
    case "load":
      names.add(e.buffer)
      return visit(e.index, names)
    case "unary":
      return visit(e.value, names)
    case "binary":
      visit(e.left, names)
      return visit(e.right, names)
    case "select":
      visit(e.condition, names)
      visit(e.yes, names)
      return visit(e.no, names)
    default:
      return e satisfies never
  }
}
