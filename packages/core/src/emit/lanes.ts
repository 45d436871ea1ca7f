import { i32, min } from "../ir/build.ts"
import { type Binary, type Block, type Expression, type Statement, scalarOf, type Unary } from "../ir/program.ts"

/** Which parallel loops can run as lanes of vectors, neighbouring rounds in neighbouring lanes: what all targets ask. */

export type Loop = Extract<Statement, { kind: "loop" }>

/** How many rounds a loop runs, or less than 0: known now for most loops. */
export const roundsOf = ({ count, maximum }: Loop): Expression =>
  count.kind === "constant" ? i32(Math.min(count.value, maximum)) : min(count, i32(maximum))

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
  const [varying, bound, assigned] = [new Set([loop.index]), new Map<string, Expression>(), new Set<string>()]
  let isLate = true // a `set` late in a loop reaches the reads before it
  const visit = (block: Block): void => {
    for (const s of block) {
      if (s.kind === "loop") visit(s.body)
      if (s.kind !== "let" && s.kind !== "set") continue
      if (s.kind === "let") bound.set(s.name, s.value)
      else assigned.add(s.name)
      if (varying.has(s.name) || !varies(s.value, varying)) continue
      varying.add(s.name)
      isLate ||= s.kind === "set"
    }
  }
  while (isLate) {
    isLate = false
    visit(loop.body)
  }
  return { varying, bound, assigned }
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
  if (!varies(index, varying)) return 0
  if (index.kind === "local") return index.name === loop.index ? 1 : undefined
  if (index.kind !== "binary") return undefined
  const [left, right] = [stepOf(index.left, loop, varying), stepOf(index.right, loop, varying)]
  if (left === undefined || right === undefined) return undefined
  const by = index.right.kind === "constant" ? index.right.value : undefined
  if (index.op === "i32.add") return left + right
  if (index.op === "i32.sub") return left - right
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
  const { varying, bound } = names
  const fits = (e: Expression): boolean => {
    if (scalarOf(e) === "f64") return false // the interpreter's alone
    if (!varies(e, varying)) return true
    switch (e.kind) {
      case "constant":
        return true
      case "local":
        return e.name !== loop.index
      case "load":
        return stepOf(e.index, loop, varying) === (e.packed ?? 1)
      case "unary":
        return target.does(e.op) && fits(e.value)
      case "binary":
        if (SHIFTS.includes(e.op) && varies(e.right, varying)) return false
        return target.does(e.op) && fits(e.left) && fits(e.right)
      case "select":
        return fits(e.condition) && fits(e.yes) && fits(e.no)
      default:
        return e satisfies never
    }
  }
  const allows = (block: Block): boolean =>
    block.every((s) => {
      switch (s.kind) {
        case "let":
          return fits(s.value)
        case "set":
          return bound.has(s.name) && fits(s.value) // a local from outside would carry a value from round to round
        case "store":
          return stepOf(s.index, loop, varying) === 1 && fits(s.value)
        case "loop":
          return !varies(s.count, varying) && allows(s.body)
        case "if":
          return false
        default:
          return s satisfies never
      }
    })
  return allows(loop.body) ? names : undefined
}
