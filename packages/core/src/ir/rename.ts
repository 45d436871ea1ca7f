import type { Block, Expression, Program, Statement } from "./program.ts"

/** The same program under other names, so that it can stand inside another: `of` maps buffers and locals alike. */
export function renameProgram({ name, buffers, body, entries }: Program, of: (name: string) => string): Program {
  const others = entries && Object.entries(entries).map(([entry, inner]) => [entry, renameBlock(inner, of)] as const)
  const renamed = { name, buffers: buffers.map((b) => ({ ...b, name: of(b.name) })), body: renameBlock(body, of) }
  return others ? { ...renamed, entries: Object.fromEntries(others) } : renamed
}

/** A block under other names. Expressions that keep theirs are not copied. */
export function renameBlock(all: Block, of: (name: string) => string): Block {
  const expression = (e: Expression): Expression => {
    switch (e.kind) {
      case "constant":
        return e
      case "local": {
        const name = of(e.name)
        return name === e.name ? e : { ...e, name }
      }
      case "load": {
        const buffer = of(e.buffer)
        const index = expression(e.index)
        return buffer === e.buffer && index === e.index ? e : { ...e, buffer, index }
      }
      case "unary": {
        const value = expression(e.value)
        return value === e.value ? e : { ...e, value }
      }
      case "binary": {
        const left = expression(e.left)
        const right = expression(e.right)
        return left === e.left && right === e.right ? e : { ...e, left, right }
      }
      case "select":
        return { ...e, condition: expression(e.condition), yes: expression(e.yes), no: expression(e.no) }
      default:
        return e satisfies never
    }
  }
  const block = (inner: Block): Block => inner.map(statement)
  const statement = (s: Statement): Statement => {
    switch (s.kind) {
      case "let":
      case "set":
        return { ...s, name: of(s.name), value: expression(s.value) }
      case "store":
        return { ...s, buffer: of(s.buffer), index: expression(s.index), value: expression(s.value) }
      case "if":
        return { ...s, condition: expression(s.condition), yes: block(s.yes), no: block(s.no) }
      case "loop":
        return { ...s, index: of(s.index), count: expression(s.count), body: block(s.body) }
      default:
        return s satisfies never
    }
  }
  return block(all)
}
