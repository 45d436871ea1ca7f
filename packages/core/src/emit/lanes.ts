import { i32, min } from "../ir/build.ts"
import { type Binary, type Block, type Expression, type Statement, UNARY, type Unary } from "../ir/program.ts"

/** Which parallel loops can run as lanes of vectors, neighbouring rounds in neighbouring lanes: what all targets ask. */

export type Loop = Extract<Statement, { kind: "loop" }>

/** How many rounds a loop runs, or less than 0: known now for most loops. */
export const roundsOf = ({ count, maximum }: Loop): Expression =>
  count.kind !== "constant" ? min(count, i32(maximum)) : count.value <= maximum ? count : i32(maximum)

/** Their count is a scalar, the same in all lanes. */
export const SHIFTS: readonly Binary[] = ["i32.shl", "i32.shr_s", "i32.shr_u"]

/** What is known of the names in a loop. */
export interface Names {
  /** Those whose value differs from lane to lane: the index, and what is computed from it. */
  readonly varying: ReadonlySet<string>
  /** What the names stand for that are bound inside, some of which are set too. */
  readonly bound: ReadonlyMap<string, Expression>
  readonly assigned: ReadonlySet<string>
}
export function namesIn(loop: Loop): Names {
  const names = {
    varying: new Set<string>().add(loop.index),
    bound: new Map<string, Expression>(),
    assigned: new Set<string>(),
  }
  while (findVarying(loop.body, names)) {} // a `set` late in a loop reaches the reads before it
  return names
}
/** Whether a `set` made something vary that did not. */
function findVarying(block: Block, names: FoundNames): boolean {
  const { varying, bound, assigned } = names
  let isLate = false
  for (let at = 0; at < block.length; at++) {
    const s = block[at]!
    if (s.kind === "loop" && findVarying(s.body, names)) isLate = true
    if (s.kind !== "let" && s.kind !== "set") continue
    if (s.kind === "let") bound.set(s.name, s.value)
    else assigned.add(s.name)
    if (varying.has(s.name) || !varies(s.value, varying)) continue
    varying.add(s.name)
    if (s.kind === "set") isLate = true
  }
  return isLate
}
interface FoundNames extends Names {
  readonly varying: Set<string>
  readonly bound: Map<string, Expression>
  readonly assigned: Set<string>
}
export function varies(e: Expression, varying: ReadonlySet<string>): boolean {
  switch (e.kind) {
    case "constant":
      return false
    case "local":
      return varying.has(e.name)
    case "load":
      return varies(e.index, varying)
    case "unary":
      return varies(e.value, varying)
    case "binary":
      return varies(e.left, varying) || varies(e.right, varying)
    case "select":
      return varies(e.condition, varying) || varies(e.yes, varying) || varies(e.no, varying)
    default:
      return e satisfies never
  }
}

/** By how much an index rises from lane to lane, if by a constant: then lanes touch elements that far apart. */
export function stepOf(index: Expression, loop: Loop, varying: ReadonlySet<string>): number | undefined {
  if (index.kind === "local") return index.name === loop.index ? 1 : varying.has(index.name) ? undefined : 0
  if (index.kind !== "binary") return varies(index, varying) ? undefined : 0
  const left = stepOf(index.left, loop, varying)
  const right = left === undefined ? undefined : stepOf(index.right, loop, varying)
  if (left === undefined || right === undefined) return undefined
  if (index.op === "i32.add") return left + right
  if (index.op === "i32.sub") return left - right
  if (left === 0 && right === 0) return 0
  const by = index.right.kind === "constant" ? index.right.value : undefined
  if (index.op === "i32.mul" && by !== undefined) return left * by
  if (index.op === "i32.shl" && by !== undefined && by >= 0 && by < 8) return left * 2 ** by
  return undefined
}

/** A machine with vectors. */
export interface Target {
  /** Of its narrowest vector. */
  readonly lanes: number
  /** Whether it has an operation on lanes: shifts have a count that all lanes share. */
  does(op: Unary | Binary): boolean
}

/** The names of a loop that does only what lanes can do too; undefined for others, which stay as they are. */
export function lanesOf(loop: Loop, target: Target): Names | undefined {
  if (!loop.parallel) return undefined
  const rounds = roundsOf(loop)
  if (rounds.kind !== "constant" || rounds.value < target.lanes) return undefined
  const names = namesIn(loop)
  return allows(loop.body, { loop, names, target }) ? names : undefined
}
interface Asked {
  readonly loop: Loop
  readonly names: Names
  readonly target: Target
}
function allows(block: Block, asked: Asked): boolean {
  for (let at = 0; at < block.length; at++) if (!allowsStatement(block[at]!, asked)) return false
  return true
}
function allowsStatement(s: Statement, asked: Asked): boolean {
  const { varying, bound } = asked.names
  switch (s.kind) {
    case "let":
      return fitOf(s.value, asked) !== "none"
    case "set":
      return bound.has(s.name) && fitOf(s.value, asked) !== "none" // a local from outside would carry a value from round to round
    case "store":
      return stepOf(s.index, asked.loop, varying) === 1 && fitOf(s.value, asked) !== "none"
    case "loop":
      return !varies(s.count, varying) && allows(s.body, asked)
    case "if":
      return false
    default:
      return s satisfies never
  }
}
/** Whether an expression is the same in all lanes, differs from lane to lane, or is nothing for lanes. */
type Fit = "same" | "varies" | "none"
function fitOf(e: Expression, asked: Asked): Fit {
  const { loop, names, target } = asked
  switch (e.kind) {
    case "constant":
      return e.scalar === "f64" ? "none" : "same" // the interpreter's alone
    case "local":
      if (e.scalar === "f64" || e.name === loop.index) return "none"
      return names.varying.has(e.name) ? "varies" : "same"
    case "load": {
      if (e.dtype === "f64") return "none"
      const step = stepOf(e.index, loop, names.varying)
      if (step === (e.packed ?? 1)) return "varies"
      return step === 0 && !varies(e.index, names.varying) ? "same" : "none"
    }
    case "unary": {
      if (UNARY[e.op] === "f64") return "none"
      const value = fitOf(e.value, asked)
      return value !== "varies" || target.does(e.op) ? value : "none"
    }
    case "binary": {
      const left = fitOf(e.left, asked)
      const right = left === "none" ? "none" : fitOf(e.right, asked)
      if (right === "none") return "none"
      if (left === "same" && right === "same") return "same"
      return target.does(e.op) && !(right === "varies" && SHIFTS.includes(e.op)) ? "varies" : "none"
    }
    case "select": {
      const all = [fitOf(e.condition, asked), fitOf(e.yes, asked), fitOf(e.no, asked)]
      return all.includes("none") ? "none" : all.includes("varies") ? "varies" : "same"
    }
    default:
      return e satisfies never
  }
}
