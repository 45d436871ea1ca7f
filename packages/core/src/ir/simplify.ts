import { mapValues } from "../base/record.ts"
import { i32 } from "./build.ts"
import {
  type Binary,
  type Block,
  blocksOf,
  type Expression,
  type Program,
  type Statement,
  statementsOf,
} from "./program.ts"

/**
 * The same program without loops of one round or none and without arithmetic on constants alone: what is left of places
 * once shapes are fixed. Constant elements of constant buffers become numbers. No bit changes.
 */
export function simplify(program: Program): Program {
  const block = simplifier(program, new Map())
  const whole = { ...program, body: block(program.body) }
  return program.entries ? { ...whole, entries: mapValues(program.entries, block) } : whole
}

/** The same of a block of a program, in which some locals are known to be numbers. */
export function simplifier(program: Program, numbers: ReadonlyMap<string, number>): (block: Block) => Block {
  const values = new Map(program.buffers.map((buffer) => [buffer.name, buffer.values]))
  const known = new Map<string, Expression>([...numbers].map(([name, value]) => [name, i32(value)]))
  const all = blocksOf(program).flatMap(statementsOf)
  const assigned = new Set(all.flatMap((s) => (s.kind === "set" ? [s.name] : [])))
  const expression = (e: Expression): Expression => {
    switch (e.kind) {
      case "constant":
        return e
      case "local":
        return known.get(e.name) ?? e
      case "load": {
        const index = expression(e.index)
        const element = index.kind === "constant" && !e.packed ? values.get(e.buffer)?.[index.value] : undefined
        return element !== undefined && Number.isInteger(element) && e.dtype !== "f32" && e.dtype !== "f64"
          ? i32(element)
          : { ...e, index }
      }
      case "unary":
        return { ...e, value: expression(e.value) }
      case "binary":
        return folded(e.op, expression(e.left), expression(e.right))
      case "select":
        return { ...e, condition: expression(e.condition), yes: expression(e.yes), no: expression(e.no) }
      default:
        return e satisfies never
    }
  }
  const statement = (s: Statement): readonly Statement[] => {
    switch (s.kind) {
      case "let":
      case "set": {
        const value = expression(s.value)
        if (s.kind === "let" && value.kind === "constant" && value.scalar === "i32" && !assigned.has(s.name)) {
          known.set(s.name, value)
          return []
        }
        return [{ ...s, value }]
      }
      case "store":
        return [{ ...s, index: expression(s.index), value: expression(s.value) }]
      case "if":
        return [{ ...s, condition: expression(s.condition), yes: block(s.yes), no: block(s.no) }]
      case "loop": {
        const count = expression(s.count)
        const rounds = count.kind === "constant" ? Math.min(count.value, s.maximum) : undefined
        if (rounds !== undefined && rounds <= 0) return []
        if (rounds !== 1) return [{ ...s, count, body: block(s.body) }]
        known.set(s.index, i32(0)) // names are bound once in a program
        return block(s.body)
      }
      default:
        return s satisfies never
    }
  }
  const block = (all: Block): Block => all.flatMap(statement)
  return block
}

const FOLDED: Readonly<Partial<Record<Binary, (a: number, b: number) => number>>> = {
  "i32.add": (a, b) => (a + b) | 0,
  "i32.sub": (a, b) => (a - b) | 0,
  "i32.mul": Math.imul,
  "i32.min": Math.min,
  "i32.max": Math.max,
  "i32.and": (a, b) => a & b,
  "i32.or": (a, b) => a | b,
  "i32.xor": (a, b) => a ^ b,
}
function folded(op: Binary, left: Expression, right: Expression): Expression {
  const [a, b] = [left, right].map((e) => (e.kind === "constant" && e.scalar === "i32" ? e.value : undefined))
  const fold = FOLDED[op]
  if (fold && a !== undefined && b !== undefined) return i32(fold(a, b))
  if (op === "i32.add" && a === 0) return right
  if ((op === "i32.add" || op === "i32.sub" || op === "i32.or" || op === "i32.xor") && b === 0) return left
  if (op === "i32.mul" && (a === 0 || b === 0)) return i32(0) // an integer expression has no effects
  if (op === "i32.mul" && a === 1) return right
  if (op === "i32.mul" && b === 1) return left
  return { kind: "binary", op, left, right }
}
