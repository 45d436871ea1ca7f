import type { Expression, Statement } from "../ir/program.ts"
import { expressionsOf, operandsOf } from "./crossing.ts"

/**
 * How much a statement computes at most: one for each node of an expression and each statement, every loop at its
 * maximum, both branches of an `if`. A product and its sum are about eight; vectors do some 50 a nanosecond.
 */
export function workOf(s: Statement): number {
  const known = found.get(s)
  if (known !== undefined) return known
  const own = 1 + expressionsOf(s).reduce((sum, e) => sum + nodesOf(e), 0)
  const total =
    s.kind === "loop" ? own + roundsAtMost(s) * sumOf(s.body) : s.kind === "if" ? own + sumOf([...s.yes, ...s.no]) : own
  found.set(s, total)
  return total
}
const found = new WeakMap<Statement, number>()

const sumOf = (body: readonly Statement[]): number => body.reduce((sum, s) => sum + workOf(s), 0)
const nodesOf = (e: Expression): number => operandsOf(e).reduce((sum, operand) => sum + nodesOf(operand), 1)
export const roundsAtMost = ({ count, maximum }: Extract<Statement, { kind: "loop" }>): number =>
  Math.max(0, count.kind === "constant" ? Math.min(count.value, maximum) : maximum)
