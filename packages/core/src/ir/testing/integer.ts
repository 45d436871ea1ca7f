import { mapValues } from "../../base/record.ts"
import type { Binary, Block, Expression, Program, Unary } from "../program.ts"
import { rewrite } from "../rewrite.ts"

/** What takes the place of an operation on floats. */
const BINARY_OF_INTEGERS: Readonly<Partial<Record<Binary, Binary>>> = {
  "f32.add": "i32.add",
  "f32.sub": "i32.sub",
  "f32.mul": "i32.mul",
  "f32.div": "i32.div_s",
  "f32.min": "i32.min",
  "f32.max": "i32.max",
  "f32.eq": "i32.eq",
  "f32.lt": "i32.lt_s",
  "f32.le": "i32.le_s",
}
const isFloat = (op: Unary | Binary): boolean => op.includes("f32")

/** A program of the same shape with integers where it has 32-bit floats: a random one for targets without floats. */
export function withoutFloats(program: Program): Program {
  const whole = {
    ...program,
    buffers: program.buffers.map((b) =>
      b.dtype === "f32" ? { ...b, dtype: "i32" as const, ...(b.values && { values: b.values.map(integer) }) } : b,
    ),
    body: block(program.body),
  }
  return program.entries ? { ...whole, entries: mapValues(program.entries, block) } : whole
}
/** NaN is 0, what is too big wraps. */
const integer = (value: number): number => value | 0
const block = (statements: Block): Block => rewrite(statements, { expression })

function expression(e: Expression): Expression {
  switch (e.kind) {
    case "constant":
      return e.scalar === "f32" ? { kind: "constant", scalar: "i32", value: integer(e.value) } : e
    case "local":
      return { ...e, scalar: "i32" }
    case "load":
      return { ...e, dtype: e.dtype === "f32" ? "i32" : e.dtype }
    case "unary":
      if (!isFloat(e.op)) throw new Error(`bug: ${e.op} has no counterpart of integers`)
      return e.value
    case "binary": {
      const op = isFloat(e.op) ? BINARY_OF_INTEGERS[e.op] : e.op
      if (op === undefined) throw new Error(`bug: ${e.op} has no counterpart of integers`)
      return { ...e, op }
    }
    case "select":
      return e
    default:
      return e satisfies never
  }
}
