import type { Scalar } from "../base/dtype.ts"
import { type Block, type Expression, expressionsOf, operandsOf, type Statement, scalarOf } from "../ir/program.ts"

/** Locals that a block shares with what is around it. */
export interface Crossing {
  readonly reads: ReadonlyMap<string, Scalar>
  readonly sets: ReadonlyMap<string, Scalar>
}

/** Which locals of the outside a block reads and which it sets: what a function of its own takes and gives back. */
export function crossingOf(block: Block): Crossing {
  const [reads, sets] = [new Map<string, Scalar>(), new Map<string, Scalar>()]
  for (const s of block) {
    const inner = ofStatement(s)
    for (const [name, scalar] of inner.reads) reads.set(name, scalar)
    for (const [name, scalar] of inner.sets) sets.set(name, scalar)
  }
  for (const s of block)
    if (s.kind === "let") {
      reads.delete(s.name)
      sets.delete(s.name)
    }
  return { reads, sets }
}
/** Asked for at every depth of a nest: each statement is looked at once. */
const found = new WeakMap<Statement, Crossing>()
function ofStatement(s: Statement): Crossing {
  const known = found.get(s)
  if (known) return known
  const inner = s.kind === "loop" ? crossingOf(s.body) : s.kind === "if" ? crossingOf([...s.yes, ...s.no]) : NONE
  const [reads, sets] = [new Map(inner.reads), new Map(inner.sets)]
  if (s.kind === "loop") reads.delete(s.index)
  if (s.kind === "set") sets.set(s.name, scalarOf(s.value))
  const visit = (e: Expression): void => {
    if (e.kind === "local") reads.set(e.name, e.scalar)
    else for (const operand of operandsOf(e)) visit(operand)
  }
  for (const e of expressionsOf(s)) visit(e)
  const crossing = { reads, sets }
  found.set(s, crossing)
  return crossing
}
const NONE: Crossing = { reads: new Map(), sets: new Map() }
