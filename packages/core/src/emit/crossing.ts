import type { Scalar } from "../base/dtype.ts"
import { type Block, type Expression, expressionsOf, operandsOf, scalarOf, statementsOf } from "../ir/program.ts"

/** Locals that a block shares with what is around it. */
export interface Crossing {
  readonly reads: ReadonlyMap<string, Scalar>
  readonly sets: ReadonlyMap<string, Scalar>
}

/** Which locals of the outside a block reads and which it sets: what a function of its own takes and gives back. */
export function crossingOf(block: Block): Crossing {
  const [reads, sets] = [new Map<string, Scalar>(), new Map<string, Scalar>()]
  const own = new Set<string>()
  const visit = (e: Expression): void => {
    if (e.kind === "local") reads.set(e.name, e.scalar)
    else for (const operand of operandsOf(e)) visit(operand)
  }
  for (const s of statementsOf(block)) {
    for (const e of expressionsOf(s)) visit(e)
    if (s.kind === "let") own.add(s.name)
    if (s.kind === "loop") own.add(s.index)
    if (s.kind === "set") sets.set(s.name, scalarOf(s.value))
  }
  for (const name of own) {
    reads.delete(name)
    sets.delete(name)
  }
  return { reads, sets }
}
