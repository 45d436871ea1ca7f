import type { Dtype, Scalar } from "../base/dtype.ts"
import type { Access, Binary, Block, Buffer, Expression, Packed, Statement, Unary } from "./program.ts"
import { BINARY, operandOf, scalarOf } from "./program.ts"

// Builders. Constants are made exact here, so that no target ever rounds one.
export const i32 = (value: number): Expression => ({ kind: "constant", scalar: "i32", value: value | 0 })
export const constant = (scalar: Scalar, value: number): Expression => {
  if (scalar === "i32") return i32(value)
  return { kind: "constant", scalar, value: scalar === "f32" ? Math.fround(value) : value }
}
export type Local = Extract<Expression, { kind: "local" }>
export const local = (name: string, scalar: Scalar = "i32"): Local => ({ kind: "local", scalar, name })
export const load = ({ name, dtype }: Buffer, index: Expression): Expression => ({
  kind: "load",
  dtype,
  buffer: name,
  index,
})

/** Neighbours from `index` on as the parts of one word. */
export const loadPacked = (packed: Packed, { name, dtype }: Buffer, index: Expression): Expression => ({
  kind: "load",
  dtype,
  buffer: name,
  index,
  packed,
})

export function unary(op: Unary, value: Expression): Expression {
  if (scalarOf(value) !== operandOf(op)) throw new Error(`bug: ${op} of ${scalarOf(value)}`)
  return { kind: "unary", op, value }
}
export function binary(op: Binary, left: Expression, right: Expression): Expression {
  const scalar = operandOf(op)
  if (scalarOf(left) !== scalar || scalarOf(right) !== scalar)
    throw new Error(`bug: ${op} of ${scalarOf(left)} and ${scalarOf(right)}`)
  return { kind: "binary", op, left, right }
}
export const select = (condition: Expression, yes: Expression, no: Expression): Expression => ({
  kind: "select",
  condition,
  yes,
  no,
})

const BINARIES = Object.keys(BINARY) as Binary[]
type Generic<Op> = Op extends `f32.${infer Name}` ? (`f64.${Name}` extends Op | Binary ? Name : never) : never
/** The operation of the operands' own scalar. Its name is that of the table itself: one made here would compare slower. */
const both = (name: Generic<Binary>): ((left: Expression, right: Expression) => Expression) => {
  const named = (scalar: Scalar): Binary => BINARIES.find((op) => op === `${scalar}.${name}`)!
  const ops: Readonly<Record<Scalar, Binary>> = { i32: named("i32"), f32: named("f32"), f64: named("f64") }
  return (left, right) => binary(ops[scalarOf(left)], left, right)
}
export const add = both("add"),
  sub = both("sub"),
  mul = both("mul"),
  min = both("min"),
  max = both("max")
export const isF64 = (e: Expression): boolean => scalarOf(e) === "f64"
/** Adds up integers. */
export const total = (...terms: readonly Expression[]): Expression => terms.reduce((sum, term) => add(sum, term))
const integer =
  (op: Binary) =>
  (left: Expression, right: Expression | number): Expression =>
    binary(op, left, typeof right === "number" ? i32(right) : right)
export const and = integer("i32.and"),
  or = integer("i32.or"),
  xor = integer("i32.xor")
export const shl = integer("i32.shl"),
  shrS = integer("i32.shr_s"),
  shrU = integer("i32.shr_u")
export const equal = integer("i32.eq"),
  differ = integer("i32.ne"),
  less = integer("i32.lt_s")
/** Products of the parts of two words, added up: of two signed halves, or of four signed bytes. */
export const dot2 = integer("i32.dot2_i16"),
  dot4 = integer("i32.dot4_i8")
export const lessOrEqual = integer("i32.le_s"),
  belowU = integer("i32.lt_u")
export const clamp = (value: Expression, low: number, high: number): Expression => min(max(value, i32(low)), i32(high))

/** Statements that bind or set take a local, or just its name. */
const nameOf = (of: Local | string): string => (typeof of === "string" ? of : of.name)
export const let_ = (of: Local | string, value: Expression): Statement => ({ kind: "let", name: nameOf(of), value })
export const set = (of: Local | string, value: Expression): Statement => ({ kind: "set", name: nameOf(of), value })
export const store = ({ name }: Buffer, index: Expression, value: Expression): Statement => ({
  kind: "store",
  buffer: name,
  index,
  value,
})
export const when = (condition: Expression, yes: Block, no: Block = []): Statement => ({
  kind: "if",
  condition,
  yes,
  no,
})

/** A loop of a fixed number of rounds. */
export const loop = (index: Local | string, count: number, body: Block): Statement => ({
  kind: "loop",
  index: nameOf(index),
  count: i32(count),
  maximum: count,
  parallel: false,
  body,
})
/** A loop whose rounds are independent. */
export const parallel = (index: Local | string, count: number, body: Block): Statement => ({
  kind: "loop",
  index: nameOf(index),
  count: i32(count),
  maximum: count,
  parallel: true,
  body,
})
/** A loop that counts up to a value known at run time, never beyond `maximum`. */
export const loopUpTo = (index: Local | string, count: Expression, maximum: number, body: Block): Statement => ({
  kind: "loop",
  index: nameOf(index),
  count,
  maximum,
  parallel: false,
  body,
})

export const buffer = (access: Access, dtype: Dtype, name: string, length: number): Buffer => ({
  name,
  dtype,
  length,
  access,
})
export const table = (dtype: Dtype, name: string, values: readonly number[]): Buffer => ({
  name,
  dtype,
  length: values.length,
  access: "constant",
  values,
})
