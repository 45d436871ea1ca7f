import type { Block, Expression, Statement } from "./program.ts"

export interface Rewriting {
  /** What stands in place of an expression whose operands have been rewritten. */
  expression?(e: Expression): Expression
  /** The same of a statement whose expressions and blocks have been. */
  statement?(s: Statement): Statement
}

/** A block in which every expression and every statement is replaced, what is inside before what it is inside of. */
export function rewrite(block: Block, { expression = (e) => e, statement = (s) => s }: Rewriting): Block {
  const inner = (e: Expression): Expression => {
    switch (e.kind) {
      case "constant":
      case "local":
        return expression(e)
      case "load":
        return expression({ ...e, index: inner(e.index) })
      case "unary":
        return expression({ ...e, value: inner(e.value) })
      case "binary":
        return expression({ ...e, left: inner(e.left), right: inner(e.right) })
      case "select":
        return expression({ ...e, condition: inner(e.condition), yes: inner(e.yes), no: inner(e.no) })
      default:
        return e satisfies never
    }
  }
  const each = (s: Statement): Statement => {
    switch (s.kind) {
      case "let":
      case "set":
        return statement({ ...s, value: inner(s.value) })
      case "store":
        return statement({ ...s, index: inner(s.index), value: inner(s.value) })
      case "if":
        return statement({ ...s, condition: inner(s.condition), yes: s.yes.map(each), no: s.no.map(each) })
      case "loop":
        return statement({ ...s, count: inner(s.count), body: s.body.map(each) })
      default:
        return s satisfies never
    }
  }
  return block.map(each)
}
