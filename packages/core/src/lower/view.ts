import { add } from "../ir/build.ts"
import type { Block, Expression, Statement } from "../ir/program.ts"

/** Buffers that only stand for a part of another, which begins at `base`. */
export type Views = Map<string, { readonly buffer: string; readonly base: Expression }>

/** The same block on the buffers behind the views. */
export function withoutViews(block: Block, views: Views): Block {
  const place = (buffer: string, index: Expression): { readonly buffer: string; readonly index: Expression } => {
    const view = views.get(buffer)
    return view
      ? { buffer: view.buffer, index: add(expression(index), view.base) }
      : { buffer, index: expression(index) }
  }
  const expression = (e: Expression): Expression => {
    switch (e.kind) {
      case "constant":
      case "local":
        return e
      case "load":
        return { ...e, ...place(e.buffer, e.index) }
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
        return { ...s, value: expression(s.value) }
      case "store":
        return { ...s, ...place(s.buffer, s.index), value: expression(s.value) }
      case "if":
        return { ...s, condition: expression(s.condition), yes: s.yes.map(statement), no: s.no.map(statement) }
      case "loop":
        return { ...s, count: expression(s.count), body: s.body.map(statement) }
      default:
        return s satisfies never
    }
  }
  return block.map(statement)
}
