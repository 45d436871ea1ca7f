import { DTYPE } from "../../base/dtype.ts"
import { BINARY_MEANING, UNARY_MEANING } from "../arithmetic.ts"
import type { Counted } from "../count.ts"
import type { Memory } from "../interpret.ts"
import type { Block, Expression, Packed, Program, Statement } from "../program.ts"

/** What one run did, as it was seen happening. */
export interface Observed {
  readonly operations: Map<Counted, number>
  total: number
  bytesLoaded: number
  bytesStored: number
  /** The least and the most that each local was. */
  readonly locals: Map<string, readonly [least: number, most: number]>
}

/** Runs a program in the plainest way there is and writes down what happens: the judge's judge, in a few lines. */
export function observe(program: Program, memory: Memory, entry: Block = program.body): Observed {
  const seen: Observed = { operations: new Map(), total: 0, bytesLoaded: 0, bytesStored: 0, locals: new Map() }
  const dtypes = new Map(program.buffers.map(({ name, dtype }) => [name, dtype]))
  const bytesOf = (buffer: string): number => DTYPE[dtypes.get(buffer)!].bytes
  const locals = new Map<string, number>()
  const did = (what: Counted): void => {
    seen.operations.set(what, (seen.operations.get(what) ?? 0) + 1)
    seen.total++
  }
  const bind = (name: string, value: number): void => {
    const [least, most] = seen.locals.get(name) ?? [value, value]
    seen.locals.set(name, [Math.min(least, value), Math.max(most, value)])
    locals.set(name, value)
  }
  const at = (buffer: string, index: number): number => {
    const value = memory[buffer]![index]
    if (value === undefined) throw new Error(`${buffer}[${index}] of ${memory[buffer]!.length}`)
    return value
  }
  const load = (buffer: string, index: number, packed: Packed | undefined): number => {
    did("load")
    seen.bytesLoaded += bytesOf(buffer) * (packed ?? 1)
    if (!packed) return at(buffer, index)
    const width = 32 / packed
    return Array.from({ length: packed }, (_, n) => (at(buffer, index + n) & (2 ** width - 1)) << (n * width)).reduce(
      (word, part) => word | part,
    )
  }
  const value = (e: Expression): number => {
    switch (e.kind) {
      case "constant":
        return e.value
      case "local":
        return locals.get(e.name)!
      case "load":
        return load(e.buffer, value(e.index), e.packed)
      case "unary":
        did(e.op)
        return UNARY_MEANING[e.op](value(e.value))
      case "binary":
        did(e.op)
        return BINARY_MEANING[e.op](value(e.left), value(e.right))
      case "select": {
        did("select")
        const [condition, yes, no] = [value(e.condition), value(e.yes), value(e.no)]
        return condition !== 0 ? yes : no
      }
      default:
        return e satisfies never
    }
  }
  const statement = (s: Statement): void => {
    switch (s.kind) {
      case "let":
      case "set":
        return bind(s.name, value(s.value))
      case "store": {
        const [index, stored] = [value(s.index), value(s.value)]
        did("store")
        seen.bytesStored += bytesOf(s.buffer)
        at(s.buffer, index)
        memory[s.buffer]![index] = stored
        return
      }
      case "if":
        did("if")
        return (value(s.condition) !== 0 ? s.yes : s.no).forEach(statement)
      case "loop":
        for (let i = 0, count = Math.min(value(s.count), s.maximum); i < count; i++) {
          did("round")
          bind(s.index, i)
          s.body.forEach(statement)
        }
        return
      default:
        return s satisfies never
    }
  }
  entry.forEach(statement)
  return seen
}
