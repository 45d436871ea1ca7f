import { DTYPE } from "../base/dtype.ts"
import {
  BINARY,
  type Binary,
  type Block,
  blocksOf,
  type Expression,
  operandOf,
  type Program,
  scalarOf,
} from "./program.ts"

/** All i32 values that an expression may take lie between these two, both included. */
export type Interval = readonly [low: number, high: number]
export const ANY: Interval = [-2147483648, 2147483647]
// Below, pairs are not taken apart by pattern where every expression of a program passes: engines begin by doing that slowly.

/**
 * Bounds of every local that holds an i32, by name, in all entries at once; what is not there is ANY. A loop's index
 * stays below the most that its count may be. A local that is `set` lies within the union of all that its `let` and its
 * `set`s give: first that is computed with every such local at ANY, then again from what came out, a bounded number of
 * times, or none, which takes a third of the time. Sound at each step: an interval is only ever computed from intervals
 * that hold.
 */
export function boundsOf(program: Program, rounds = ROUNDS): ReadonlyMap<string, Interval> {
  const assigned = assignedIn(program)
  let unions: ReadonlyMap<string, Interval> | undefined
  for (let round = 0; round < rounds; round++) {
    const { bounds, given } = boundsGiven(program, assigned, unions)
    const isTighter = [...given].some(([name, now]) => !sameInterval(now, unions?.get(name) ?? ANY))
    if (!isTighter) return bounds
    unions = given
  }
  return boundsGiven(program, assigned, unions).bounds
}
const ROUNDS = 2
/** What one walk tells of each local: for a first proof and for those who print programs, who ask one after the other. */
export function knownIn(program: Program): (name: string) => Interval {
  const bounds = found.get(program) ?? boundsOf(program, 0)
  found.set(program, bounds)
  return (name) => bounds.get(name) ?? ANY
}
const found = new WeakMap<Program, ReadonlyMap<string, Interval>>()
const sameInterval = ([a, b]: Interval, [c, d]: Interval): boolean => a === c && b === d
export const union = (a: Interval, b: Interval): Interval =>
  a === ANY || b === ANY ? ANY : [Math.min(a[0], b[0]), Math.max(a[1], b[1])]

/** One walk in program order: `bounds` when locals that are set lie within `unions`, and the unions that follow. */
function boundsGiven(
  program: Program,
  assigned: ReadonlySet<string>,
  unions: ReadonlyMap<string, Interval> | undefined,
): { readonly bounds: ReadonlyMap<string, Interval>; readonly given: ReadonlyMap<string, Interval> } {
  const bounds = new Map<string, Interval>()
  const given = new Map<string, Interval>()
  const ofLocal = (name: string): Interval => bounds.get(name) ?? ANY
  const join = (name: string, value: Expression): void => {
    if (scalarOf(value) !== "i32") return
    const known = given.get(name)
    const now = intervalOf(value, ofLocal)
    given.set(name, known ? union(known, now) : now)
  }
  const visit = (block: Block): void => {
    for (const s of block) {
      if (s.kind === "let" && assigned.has(s.name)) {
        bounds.set(s.name, unions?.get(s.name) ?? ANY)
        join(s.name, s.value)
      } else if (s.kind === "let") bounds.set(s.name, intervalOf(s.value, ofLocal))
      else if (s.kind === "set") join(s.name, s.value)
      else if (s.kind === "loop") {
        bounds.set(s.index, [0, Math.max(0, mostRounds(s, ofLocal) - 1)])
        visit(s.body)
      } else if (s.kind === "if") {
        visit(s.yes)
        visit(s.no)
      }
    }
  }
  for (const block of blocksOf(program)) visit(block)
  return { bounds, given }
}
function assignedIn(program: Program): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (block: Block): void => {
    for (const s of block) {
      if (s.kind === "set") names.add(s.name)
      else if (s.kind === "loop") visit(s.body)
      else if (s.kind === "if") {
        visit(s.yes)
        visit(s.no)
      }
    }
  }
  for (const block of blocksOf(program)) visit(block)
  return names
}

/** How many rounds a loop runs at least and at most, each time that it is come to. */
export function roundsBetween(loop: Loop, ofLocal: (name: string) => Interval): Interval {
  const count = intervalOf(loop.count, ofLocal)
  return [Math.max(0, Math.min(count[0], loop.maximum)), Math.max(0, Math.min(count[1], loop.maximum))]
}
const mostRounds = (loop: Loop, ofLocal: (name: string) => Interval): number => roundsBetween(loop, ofLocal)[1]
type Loop = Extract<Block[number], { kind: "loop" }>

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
      if (BINARY[e.op] !== "i32") return ANY
      if (operandOf(e.op) !== "i32") return [0, 1] // a comparison of floats
      return ofBinary(e.op, intervalOf(e.left, ofLocal), intervalOf(e.right, ofLocal))
    default:
      return e satisfies never
  }
}

function ofBinary(op: Binary, left: Interval, right: Interval): Interval {
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
      return corners(left, right, (x, y) => x * y)
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
function corners(left: Interval, right: Interval, f: (x: number, y: number) => number): Interval {
  const lows = [f(left[0], right[0]), f(left[0], right[1])] as const
  const highs = [f(left[1], right[0]), f(left[1], right[1])] as const
  return unwrapped(Math.min(lows[0], lows[1], highs[0], highs[1]), Math.max(lows[0], lows[1], highs[0], highs[1]))
}
/** Arithmetic that might wrap tells nothing. */
const unwrapped = (low: number, high: number): Interval => (low < ANY[0] || high > ANY[1] ? ANY : [low + 0, high + 0])
/** The least 2ⁿ - 1 that is no less. */
const allOnes = (n: number): number => 2 ** (32 - Math.clz32(n)) - 1
