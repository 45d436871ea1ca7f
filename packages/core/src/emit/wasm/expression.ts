import { DTYPE, type Dtype, type Scalar } from "../../base/dtype.ts"
import { mapValues } from "../../base/record.ts"
import { type Binary, type Expression, type Packed, scalarOf, type Unary } from "../../ir/program.ts"
import { type Code, float, unsigned } from "./binary.ts"
import * as op from "./opcode.ts"
import * as simd from "./simd.ts"

/** What expressions ask of the function around them. */
export interface Locals {
  slot(name: string, scalar: "i32" | "f32"): Code
  fresh(type: keyof typeof op.TYPE): Code
  /** The byte of memory at which a buffer starts. */
  start(buffer: string): number
}
export interface Expressions {
  expression(e: Expression): Code
  /** The byte at which an element lies, from the start of its buffer. */
  address(dtype: op.Stored, index: Expression): Code
  /** The immediates of a load or a store: how it is aligned, and where its buffer starts. */
  place(buffer: string, dtype: op.Stored): Code
}

/** Scalar expressions, with the meaning that arithmetic.ts gives each operation. */
export function expressionsIn({ slot, fresh, start }: Locals): Expressions {
  /** Two locals of each scalar for operations that need an operand twice; free again at once. */
  const spare = new Map<"i32" | "f32", readonly [Code, Code]>()
  const spareOf = (scalar: "i32" | "f32"): readonly [Code, Code] => {
    const found = spare.get(scalar) ?? ([fresh(scalar), fresh(scalar)] as const)
    spare.set(scalar, found)
    return found
  }
  const address = (dtype: op.Stored, index: Expression): Code =>
    DTYPE[dtype].bytes === 1 ? expression(index) : expression(index) + SHIFTED[dtype]
  const place = (buffer: string, dtype: op.Stored): Code => ALIGNED[dtype] + unsigned(start(buffer))

  const expression = (e: Expression): Code => {
    switch (e.kind) {
      case "constant":
        return narrow(e.scalar) === "i32" ? op.constI32(e.value) : op.f32_const + float(e.value)
      case "local":
        return op.local_get + slot(e.name, narrow(e.scalar))
      case "load": {
        const dtype = stored(e.dtype)
        if (e.packed) return address(dtype, e.index) + packedWord(e.packed, dtype, unsigned(start(e.buffer)))
        return address(dtype, e.index) + op.LOAD[dtype] + place(e.buffer, dtype)
      }
      case "unary":
        return expression(e.value) + unary(e.op)
      case "binary":
        return binary(e.op, e.left, e.right)
      case "select":
        return expression(e.yes) + expression(e.no) + expression(e.condition) + op.select
      default:
        return e satisfies never
    }
  }
  const unary = (name: Unary): Code => {
    if (name !== "i32.bits_of_f32") return op.DIRECT[name] ?? missing(name)
    const x = spareOf("f32")[0]
    const canonical = op.local_set + x + op.constI32(0x7fc00000) // counts for any NaN
    const bits = op.local_get + x + op.i32_reinterpret_f32
    return canonical + bits + op.local_get + x + op.local_get + x + op.f32_ne + op.select
  }
  const binary = (name: Binary, left: Expression, right: Expression): Code => {
    const direct = op.DIRECT[name]
    if (direct !== undefined) return expression(left) + expression(right) + direct
    if (name === "i32.dot2_i16" || name === "i32.dot4_i8")
      return dot(name, expression(left) + simd.SPLAT.i32 + expression(right) + simd.SPLAT.i32)
    const divide = op.DIVIDE[name]
    if (divide !== undefined) {
      const isPlain = right.kind === "constant" && right.value > 0
      return expression(left) + expression(right) + (isPlain ? divide : guarded(name, divide))
    }
    const chosen = extremum(name, narrow(scalarOf(left)))
    return expression(left) + expression(right) + chosen
  }
  /** Of the two values on the stack: compare and select. */
  const extremum = (name: Binary, scalar: "i32" | "f32"): Code => {
    const [a, b] = spareOf(scalar)
    const [low, high] = name.endsWith(".min") ? [b, a] : name.endsWith(".max") ? [a, b] : missing(name)
    const compare = op.local_get + low + op.local_get + high + (scalar === "i32" ? op.i32_lt_s : op.f32_lt)
    return op.local_set + b + op.local_set + a + op.local_get + b + op.local_get + a + compare + op.select
  }
  /** In the first lanes of vectors; what the others hold is left. */
  const dot = (name: Binary, operands: Code): Code => {
    if (name === "i32.dot2_i16") return operands + simd.DOT2 + simd.FIRST
    const sums = fresh("v128")
    const pairs = operands + simd.PRODUCTS_OF_BYTES + simd.PAIRS + op.local_tee + sums + simd.FIRST
    return pairs + op.local_get + sums + simd.SECOND + op.i32_add
  }
  /** x / 0 is 0, x rem 0 is x, INT_MIN / -1 wraps: where WebAssembly would trap. */
  const guarded = (name: Binary, divide: Code): Code => {
    const [a, b] = spareOf("i32")
    const [getA, getB] = [op.local_get + a, op.local_get + b]
    const either = (condition: Code, yes: Code, no: Code): Code =>
      condition + op.if_ + op.TYPE.i32 + yes + op.else_ + no + op.end
    const divided = getA + getB + divide
    const negated = op.constI32(0) + getA + op.i32_sub
    const whole = name === "i32.div_s" ? either(getB + op.constI32(-1) + op.i32_eq, negated, divided) : divided
    const byZero = name.includes("div") ? op.constI32(0) : getA
    return op.local_set + b + op.local_set + a + either(getB + op.i32_eqz, byZero, whole)
  }
  return { expression, address, place }
}

/** From the number of an element to its byte. */
const SHIFTED: Readonly<Record<op.Stored, Code>> = mapValues(
  op.LOAD,
  (_, dtype) => op.constI32(Math.log2(DTYPE[dtype].bytes)) + op.i32_shl,
)
const ALIGNED: Readonly<Record<op.Stored, Code>> = mapValues(op.LOAD, (_, dtype) =>
  unsigned(Math.log2(DTYPE[dtype].bytes)),
)

/** Reads no byte beyond the word: it may be the last one of the memory. */
function packedWord(packed: Packed, dtype: op.Stored, start: Code): Code {
  if (packed * DTYPE[dtype].bytes === 4) return op.LOAD.i32 + UNALIGNED + start
  return op.LOAD.u16 + UNALIGNED + start + simd.SPLAT.i32 + simd.WIDEN_BYTES[dtype as "i8" | "u8"] + simd.FIRST
}
const UNALIGNED = unsigned(0)

const missing = (name: string): never => {
  throw new Error(`bug: WebAssembly has no ${name} here`)
}
/** `f64` is the interpreter's alone. */
export const narrow = (scalar: Scalar): "i32" | "f32" => (scalar === "f64" ? missing("f64") : scalar)
export const stored = (dtype: Dtype): op.Stored => (dtype === "f64" ? missing("f64") : dtype)
