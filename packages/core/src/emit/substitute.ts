import { local } from "../ir/build.ts"
import type { Block, Expression, Statement } from "../ir/program.ts"

/** What a copy of a block says instead: of the names that it binds, and of the locals that it reads. */
export interface Substitution {
  bind(name: string): string
  read(name: string): Expression | undefined
}

/** A copy of a block. */
export function substitute(block: Block, { bind, read }: Substitution): Block {
  const expression = (e: Expression): Expression => {
    switch (e.kind) {
      case "constant":
        return e
      case "local":
        return read(e.name) ?? local(bind(e.name), e.scalar)
      case "load":
        return { ...e, index: expression(e.index) }
      case "unary":
        return { ...e, value: expression(e.value) }
      case "binary":
        return { ...e, left: expression(e.left), right: expression(e.right) }
      case "select":
        return { ...e, condition: expression(e.condition), yes: expression(e.yes), no: expression(e.no) }
      default:
        return e satisfies never
    }
  }
  const statement = (s: Statement): Statement => {
    switch (s.kind) {
      case "let":
      case "set":
        return { ...s, name: bind(s.name), value: expression(s.value) }
      case "store":
        return { ...s, index: expression(s.index), value: expression(s.value) }
      case "if":
        return { ...s, condition: expression(s.condition), yes: s.yes.map(statement), no: s.no.map(statement) }
      case "loop":
        return { ...s, index: bind(s.index), count: expression(s.count), body: s.body.map(statement) }
      default:
        return s satisfies never
    }
  }
  return block.map(statement)
}
