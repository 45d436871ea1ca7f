import { DTYPE } from "../base/dtype.ts"
import { ANY, type Interval, intervalOfBinary, union } from "./interval.ts"
import { BINARY, type Block, blocksOf, type Expression, operandOf, type Program, scalarOf } from "./program.ts"

/** What the locals and buffers of a program may hold. */
export interface Ranges {
  ofLocal(name: string): Interval
  of(e: Expression): Interval
  /** Of what is ever stored into a buffer, and the 0 that it begins with. */
  readonly stored: ReadonlyMap<string, Interval>
}

/**
 * Bounds as interval.ts finds them, but slower and tighter: elements of a constant lie between its least and its largest,
 * those of scratch between the least and the largest that is ever stored there, and `proved` locals where somebody has
 * proved them to. Sound at each step: an interval is only computed from intervals that hold.
 */
export function rangesOf(program: Program, proved: ReadonlyMap<string, Interval> = new Map()): Ranges {
  const loads = new Map(
    program.buffers.map(({ name, dtype, values }) => [name, values ? ofValues(values) : whole(dtype)]),
  )
  const scratch = program.buffers.filter(({ access, dtype }) => access === "scratch" && DTYPE[dtype].scalar === "i32")
  let locals = new Map<string, Interval>() // of those that are set: nothing known at first
  let [known, stored] = walk(program, proved, locals, loads)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, dtype } of scratch) {
      const inside = stored.get(name) ?? ZERO
      const [low, high] = whole(dtype)
      // What does not fit keeps its low bits, and may be anything.
      if (inside[0] >= low && inside[1] <= high) loads.set(name, inside)
    }
    const before = locals
    locals = new Map(known)
    const [again, storedAgain] = walk(program, proved, locals, loads)
    ;[known, stored] = [again, storedAgain]
    if (round > 0 && [...known].every(([name, [a, b]]) => before.get(name)?.[0] === a && before.get(name)?.[1] === b))
      break
  }
  const ofLocal = (name: string): Interval => known.get(name) ?? ANY
  return { ofLocal, of: (e) => intervalIn(e, ofLocal, loads), stored }
}
const ROUNDS = 4
const ZERO: Interval = [0, 0]
const whole = (dtype: keyof typeof DTYPE): Interval => DTYPE[dtype].range ?? ANY
const ofValues = (values: readonly number[]): Interval =>
  values.reduce<Interval>(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [values[0] ?? 0, values[0] ?? 0])

/** One walk in program order: for each local the union of all that it is given, for each buffer of all that is stored. */
function walk(
  program: Program,
  proved: ReadonlyMap<string, Interval>,
  before: ReadonlyMap<string, Interval>,
  loads: ReadonlyMap<string, Interval>,
): [Map<string, Interval>, Map<string, Interval>] {
  const assigned = new Set<string>()
  const given = new Map<string, Interval>(proved)
  const stored = new Map<string, Interval>()
  const find = (block: Block): void => {
    for (const s of block) {
      if (s.kind === "set") assigned.add(s.name)
      if (s.kind === "loop") find(s.body)
      if (s.kind === "if") [s.yes, s.no].forEach(find)
    }
  }
  for (const block of blocksOf(program)) find(block)
  const read = (name: string): Interval =>
    proved.get(name) ?? (assigned.has(name) ? (before.get(name) ?? ANY) : (given.get(name) ?? ANY))
  const visit = (block: Block): void => {
    for (const s of block)
      switch (s.kind) {
        case "let":
        case "set": {
          if (proved.has(s.name) || scalarOf(s.value) !== "i32") break
          const now = intervalIn(s.value, read, loads)
          const known = given.get(s.name)
          given.set(s.name, known ? union(known, now) : now)
          break
        }
        case "store": {
          const now = scalarOf(s.value) === "i32" ? intervalIn(s.value, read, loads) : ANY
          stored.set(s.buffer, union(stored.get(s.buffer) ?? ZERO, now))
          break
        }
        case "if":
          visit(s.yes)
          visit(s.no)
          break
        case "loop": {
          const most = Math.min(intervalIn(s.count, read, loads)[1], s.maximum)
          given.set(s.index, [0, Math.max(0, most - 1)])
          visit(s.body)
          break
        }
        default:
          s satisfies never
      }
  }
  for (const block of blocksOf(program)) visit(block)
  return [given, stored]
}

function intervalIn(
  e: Expression,
  ofLocal: (name: string) => Interval,
  loads: ReadonlyMap<string, Interval>,
): Interval {
  switch (e.kind) {
    case "constant":
      return e.scalar === "i32" ? [e.value, e.value] : ANY
    case "local":
      return e.scalar === "i32" ? ofLocal(e.name) : ANY
    case "load":
      return e.packed ? ANY : (loads.get(e.buffer) ?? ANY)
    case "unary":
      return ANY
    case "select": {
      const condition = intervalIn(e.condition, ofLocal, loads)
      const [yes, no] = [intervalIn(e.yes, ofLocal, loads), intervalIn(e.no, ofLocal, loads)]
      if (condition[0] === 0 && condition[1] === 0) return no
      return condition[0] > 0 || condition[1] < 0 ? yes : union(yes, no)
    }
    case "binary":
      if (BINARY[e.op] !== "i32") return ANY
      if (operandOf(e.op) !== "i32") return [0, 1]
      return intervalOfBinary(e.op, intervalIn(e.left, ofLocal, loads), intervalIn(e.right, ofLocal, loads))
    default:
      return e satisfies never
  }
}
