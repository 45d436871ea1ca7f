import type { Block, Expression, Statement } from "../ir/program.ts"

/**
 * How much a statement computes at most: one for each node of an expression and each statement, every loop at its
 * maximum, both branches of an `if`. A product and its sum are about eight; vectors do some 50 a nanosecond.
 */
export function workOf(s: Statement): number {
  const known = s.kind === "loop" ? found.get(s) : undefined
  if (known !== undefined) return known
  const total = 1 + countOf(s)
  if (s.kind === "loop" && total >= LARGE) found.set(s, total) // the others are counted again as fast
  return total
}
const LARGE = 1 << 12
const found = new WeakMap<Statement, number>()

function countOf(s: Statement): number {
  switch (s.kind) {
    case "let":
    case "set":
      return nodesOf(s.value)
    case "store":
      return nodesOf(s.index) + nodesOf(s.value)
    case "if":
      return nodesOf(s.condition) + sumOf(s.yes) + sumOf(s.no)
    case "loop":
      return nodesOf(s.count) + roundsAtMost(s) * sumOf(s.body)
    default:
      return s satisfies never
  }
}
function sumOf(body: Block): number {
  let sum = 0
  for (let at = 0; at < body.length; at++) sum += workOf(body[at]!)
  return sum
}
/** Without a list of operands: large programs are counted before their first answer. */
function nodesOf(e: Expression): number {
  switch (e.kind) {
    case "constant":
    case "local":
      return 1
    case "load":
      return 1 + nodesOf(e.index)
    case "unary":
      return 1 + nodesOf(e.value)
    case "binary":
      return 1 + nodesOf(e.left) + nodesOf(e.right)
    case "select":
      return 1 + nodesOf(e.condition) + nodesOf(e.yes) + nodesOf(e.no)
    default:
      return e satisfies never
  }
}
export const roundsAtMost = ({ count, maximum }: Extract<Statement, { kind: "loop" }>): number =>
  Math.max(0, count.kind === "constant" && count.value < maximum ? count.value : maximum)
