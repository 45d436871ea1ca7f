import { DTYPE } from "../base/dtype.ts"
import {
  BINARY,
  type Binary,
  type Block,
  blocksOf,
  type Expression,
  operandOf,
  type Program,
  type Statement,
  scalarOf,
} from "./program.ts"

/** All i32 values that an expression may take lie between these two, both included. */
export type Interval = readonly [low: number, high: number]
export const ANY: Interval = [-2147483648, 2147483647]
// Below, pairs are not taken apart by pattern where every expression of a program passes: engines begin by doing that slowly.

/**
 * What is known of the locals that hold an i32, in all entries at once, as far as a walk in program order has come: what
 * is not there is ANY. A loop's index stays below the most that its count may be. A local that is `set` lies within the
 * union of all that its `let` and its `set`s give: where that was not computed, it may be ANY.
 */
export interface Bounds {
  readonly known: Map<string, Interval>
  readonly ofLocal: (name: string) => Interval
  /** The locals that are set. */
  readonly assigned: ReadonlySet<string>
  readonly unions: ReadonlyMap<string, Interval> | undefined
}
export function openBounds(assigned: ReadonlySet<string>, unions?: Bounds["unions"]): Bounds {
  const known = new Map<string, Interval>()
  return { known, ofLocal: (name) => known.get(name) ?? ANY, assigned, unions }
}
/** Takes in what a statement tells of the local that it binds, before what is inside it. */
export function learnLet({ name, value }: Extract<Statement, { kind: "let" }>, bounds: Bounds): void {
  const { known, ofLocal, assigned, unions } = bounds
  known.set(name, assigned.has(name) ? (unions?.get(name) ?? ANY) : intervalOf(value, ofLocal))
}
/** The same of a loop: how many rounds it runs at most. */
export function learnLoop(s: Loop, { known, ofLocal }: Bounds): number {
  const rounds = roundsBetween(s, ofLocal)[1]
  known.set(s.index, [0, Math.max(0, rounds - 1)])
  return rounds
}
/** The same of all statements in a block. */
export function learnBlock(block: Block, bounds: Bounds, given?: Given): void {
  for (let at = 0; at < block.length; at++) {
    const s = block[at]!
    if (s.kind === "let") learnLet(s, bounds)
    if (given) join(s, bounds, given)
    if (s.kind === "loop") {
      learnLoop(s, bounds)
      learnBlock(s.body, bounds, given)
    } else if (s.kind === "if") {
      learnBlock(s.yes, bounds, given)
      learnBlock(s.no, bounds, given)
    }
  }
}
function boundsWithin(
  program: Program,
  unions: Bounds["unions"],
  assigned: ReadonlySet<string>,
  given?: Given,
): Bounds {
  const bounds = openBounds(assigned, unions)
  for (const block of blocksOf(program)) learnBlock(block, bounds, given)
  return bounds
}

/** Of each local that is set: the union of all that it is given. */
type Given = Map<string, Interval>
function join(s: Statement, { ofLocal, assigned }: Bounds, given: Given): void {
  if ((s.kind !== "let" && s.kind !== "set") || !assigned.has(s.name) || scalarOf(s.value) !== "i32") return
  const before = given.get(s.name)
  const now = intervalOf(s.value, ofLocal)
  given.set(s.name, before ? union(before, now) : now)
}

/**
 * The bounds of every local, in all entries at once. For locals that are `set` first they are computed with every such
 * local at ANY, then again from what came out, a bounded number of times. Sound at each step: an interval is only ever
 * computed from intervals that hold.
 */
export function boundsOf(program: Program): ReadonlyMap<string, Interval> {
  const assigned = assignedIn(program)
  let unions: Bounds["unions"]
  for (let round = 0; round < ROUNDS; round++) {
    const given: Given = new Map()
    const { known } = boundsWithin(program, unions, assigned, given)
    const isTighter = [...given].some(([name, now]) => !sameInterval(now, unions?.get(name) ?? ANY))
    if (!isTighter) return known
    unions = given
  }
  return boundsWithin(program, unions, assigned).known
}
const ROUNDS = 2
/** What one walk tells of each local: for those who print programs, one after the other, after a first proof has walked. */
export function knownIn(program: Program): Bounds["ofLocal"] {
  const bounds = found.get(program) ?? boundsWithin(program, undefined, assignedIn(program))
  found.set(program, bounds)
  return bounds.ofLocal
}
/** Bounds without unions, of a walk through all of the program. */
export const keepBounds = (program: Program, bounds: Bounds): void => void found.set(program, bounds)
const found = new WeakMap<Program, Bounds>()
const sameInterval = ([a, b]: Interval, [c, d]: Interval): boolean => a === c && b === d
export const union = (a: Interval, b: Interval): Interval =>
  a === ANY || b === ANY ? ANY : [Math.min(a[0], b[0]), Math.max(a[1], b[1])]

function assignedIn(program: Program): ReadonlySet<string> {
  const names = new Set<string>()
  for (const block of blocksOf(program)) findAssigned(block, names)
  return names
}
function findAssigned(block: Block, names: Set<string>): void {
  for (let at = 0; at < block.length; at++) {
    const s = block[at]!
    if (s.kind === "set") names.add(s.name)
    else if (s.kind === "loop") findAssigned(s.body, names)
    else if (s.kind === "if") {
      findAssigned(s.yes, names)
      findAssigned(s.no, names)
    }
  }
}

/** How many rounds a loop runs at least and at most, each time that it is come to. */
export function roundsBetween(loop: Loop, ofLocal: (name: string) => Interval): Interval {
  const count = intervalOf(loop.count, ofLocal)
  return [Math.max(0, Math.min(count[0], loop.maximum)), Math.max(0, Math.min(count[1], loop.maximum))]
}
type Loop = Extract<Statement, { kind: "loop" }>

/** Bounds of i32 expressions; `ofLocal` knows those of the locals. Sound, not tight: what it cannot follow is ANY. */
export function intervalOf(e: Expression, ofLocal: (name: string) => Interval): Interval {
  switch (e.kind) {
    case "constant":
      return e.scalar === "i32" ? [e.value, e.value] : ANY
    case "local":
      return e.scalar === "i32" ? ofLocal(e.name) : ANY
    case "load":
      return e.packed ? ANY : (DTYPE[e.dtype].range ?? ANY)
    case "unary":
      return ANY
    case "select": {
      const condition = intervalOf(e.condition, ofLocal)
      if (condition[0] === 0 && condition[1] === 0) return intervalOf(e.no, ofLocal)
      const yes = intervalOf(e.yes, ofLocal)
      return condition[0] > 0 || condition[1] < 0 ? yes : union(yes, intervalOf(e.no, ofLocal))
    }
    case "binary":
      if (e.op === "i32.add" || e.op === "i32.mul")
        // most of all that is asked, and so asked first
        return intervalOfBinary(e.op, intervalOf(e.left, ofLocal), intervalOf(e.right, ofLocal))
      if (BINARY[e.op] !== "i32") return ANY
      if (operandOf(e.op) !== "i32") return [0, 1] // a comparison of floats
      return intervalOfBinary(e.op, intervalOf(e.left, ofLocal), intervalOf(e.right, ofLocal))
    default:
      return e satisfies never
  }
}

export function intervalOfBinary(op: Binary, left: Interval, right: Interval): Interval {
  const a = left[0]
  const b = left[1]
  const c = right[0]
  const d = right[1]
  switch (op) {
    case "i32.add":
      return unwrapped(a + c, b + d)
    case "i32.sub":
      return unwrapped(a - d, b - c)
    case "i32.mul":
      return spanned(a * c, a * d, b * c, b * d)
    case "i32.min":
      return [Math.min(a, c), Math.min(b, d)]
    case "i32.max":
      return [Math.max(a, c), Math.max(b, d)]
    case "i32.and":
      if (c >= 0) return [0, a >= 0 ? Math.min(b, d) : d]
      return a >= 0 ? [0, b] : ANY
    case "i32.or":
      return a >= 0 && c >= 0 ? [Math.max(a, c), allOnes(Math.max(b, d))] : ANY
    case "i32.xor":
      return a >= 0 && c >= 0 ? [0, allOnes(Math.max(b, d))] : ANY
    case "i32.shl":
    case "i32.shr_s":
    case "i32.shr_u":
      return ofShift(op, left, right)
    case "i32.rem_u":
      if (c <= 0) return ANY
      return a >= 0 && b < c ? left : [0, a >= 0 ? Math.min(b, d - 1) : d - 1]
    case "i32.rem_s":
      return c > 0 ? [a >= 0 ? 0 : Math.max(a, 1 - d), b <= 0 ? 0 : Math.min(b, d - 1)] : ANY
    case "i32.div_s":
      return c > 0 ? corners(left, right, (x, y) => Math.trunc(x / y)) : ANY
    case "i32.div_u":
      return c > 0 && a >= 0 ? corners(left, right, (x, y) => Math.trunc(x / y)) : ANY
    case "i32.dot4_i8":
      return [-4 * 128 * 127, 4 * 128 * 128]
    default:
      return ofComparison(op, left, right)
  }
}

/** A shift by what may leave 0 … 31 is taken modulo 32: only a single count is followed there. */
function ofShift(op: Binary, left: Interval, [c, d]: Interval): Interval {
  const [a, b] = left
  if (c !== d && (c < 0 || d > 31)) return op === "i32.shr_u" && a >= 0 ? [0, b] : ANY
  const counts: Interval = c === d ? [c & 31, c & 31] : [c, d]
  if (op === "i32.shl") return corners(left, counts, (x, y) => x * 2 ** y)
  if (op === "i32.shr_s" || a >= 0) return corners(left, counts, (x, y) => x >> y)
  return counts[0] === 0 ? ANY : [0, 0xffffffff >>> counts[0]]
}

/** 0 or 1, and which of them when the operands leave no choice; whatever is no comparison is ANY. */
function ofComparison(op: Binary, [a, b]: Interval, [c, d]: Interval): Interval {
  const decided = (always: boolean, never: boolean): Interval => [always ? 1 : 0, never ? 0 : 1]
  const [isSame, isApart] = [a === b && c === d && a === c, b < c || d < a]
  switch (op) {
    case "i32.eq":
      return decided(isSame, isApart)
    case "i32.ne":
      return decided(isApart, isSame)
    case "i32.lt_s":
      return decided(b < c, a >= d)
    case "i32.le_s":
      return decided(b <= c, a > d)
    case "i32.lt_u":
      return a >= 0 && c >= 0 ? decided(b < c, a >= d) : [0, 1]
    default:
      return ANY
  }
}

/** Bounds of what rises or falls in each operand alone. */
const corners = (left: Interval, right: Interval, f: (x: number, y: number) => number): Interval =>
  spanned(f(left[0], right[0]), f(left[0], right[1]), f(left[1], right[0]), f(left[1], right[1]))
const spanned = (a: number, b: number, c: number, d: number): Interval =>
  unwrapped(Math.min(a, b, c, d), Math.max(a, b, c, d))
/** Arithmetic that might wrap tells nothing. */
const unwrapped = (low: number, high: number): Interval => (low < ANY[0] || high > ANY[1] ? ANY : [low + 0, high + 0])
/** The least 2ⁿ - 1 that is no less. */
const allOnes = (n: number): number => 2 ** (32 - Math.clz32(n)) - 1
