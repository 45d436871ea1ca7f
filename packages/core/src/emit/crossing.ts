import type { Scalar } from "../base/dtype.ts"
import { type Block, type Expression, type Statement, scalarOf } from "../ir/program.ts"

/** Locals that a block shares with what is around it. */
export interface Crossing {
  readonly reads: ReadonlyMap<string, Scalar>
  readonly sets: ReadonlyMap<string, Scalar>
}

/** Which locals of the outside a block reads and which it sets: what a function of its own takes and gives back. */
export function crossingOf(block: Block): Crossing {
  const found: Found = { reads: new Map(), sets: new Map(), bound: [] }
  inBlock(block, found)
  for (const name of found.bound) {
    found.reads.delete(name) // a name is bound once: where it is bound inside, it means nothing outside
    found.sets.delete(name)
  }
  return found
}
interface Found {
  readonly reads: Map<string, Scalar>
  readonly sets: Map<string, Scalar>
  readonly bound: string[]
}

function inBlock(block: Block, found: Found): void {
  for (let at = 0; at < block.length; at++) inStatement(block[at]!, found)
}
function inStatement(s: Statement, found: Found): void {
  switch (s.kind) {
    case "let":
      found.bound.push(s.name)
      return inExpression(s.value, found)
    case "set":
      found.sets.set(s.name, scalarOf(s.value))
      return inExpression(s.value, found)
    case "store":
      inExpression(s.index, found)
      return inExpression(s.value, found)
    case "if":
      inExpression(s.condition, found)
      inBlock(s.yes, found)
      return inBlock(s.no, found)
    case "loop":
      found.bound.push(s.index)
      inExpression(s.count, found)
      return inBlock(s.body, found)
    default:
      return s satisfies never
  }
}
function inExpression(e: Expression, found: Found): void {
  switch (e.kind) {
    case "constant":
      return
    case "local":
      return void found.reads.set(e.name, e.scalar)
    case "load":
      return inExpression(e.index, found)
    case "unary":
      return inExpression(e.value, found)
    case "binary":
      inExpression(e.left, found)
      return inExpression(e.right, found)
    case "select":
      inExpression(e.condition, found)
      inExpression(e.yes, found)
      return inExpression(e.no, found)
    default:
      return e satisfies never
  }
}
