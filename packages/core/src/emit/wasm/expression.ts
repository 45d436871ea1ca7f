import { DTYPE } from "../../base/dtype.ts"
import { mapValues } from "../../base/record.ts"
import { type Binary, type Expression, type Packed, scalarOf, type Unary } from "../../ir/program.ts"
import { type Code, float, unsigned } from "./binary.ts"
import { type Frame, fresh, narrow, type Place, slotOf, sparesOf, stored } from "./frame.ts"
import * as op from "./opcode.ts"
import * as simd from "./simd.ts"

/** A scalar expression, with the meaning that arithmetic.ts gives each operation. */
export function expression(e: Expression, frame: Frame): Code {
  switch (e.kind) {
    case "constant":
      return narrow(e.scalar) === "i32" ? op.constI32(e.value) : op.f32_const + float(e.value)
    case "local":
      return op.local_get + slotOf(frame, e.name, narrow(e.scalar))
    case "load": {
      const place = frame.shared.places.get(e.buffer)!
      const dtype = stored(e.dtype)
      if (e.packed) return address(dtype, e.index, frame) + packedWord(e.packed, dtype, place)
      return address(dtype, e.index, frame) + op.LOAD[dtype] + place.immediates
    }
    case "unary":
      return expression(e.value, frame) + unary(e.op, frame)
    case "binary":
      return binary(e.op, e.left, e.right, frame)
    case "select":
      return expression(e.yes, frame) + expression(e.no, frame) + expression(e.condition, frame) + op.select
    default:
      return e satisfies never
  }
}

/** The byte at which an element lies, from the start of its buffer. */
export const address = (dtype: op.Stored, index: Expression, frame: Frame): Code =>
  expression(index, frame) + SHIFTED[dtype]
/** From the number of an element to its byte. */
const SHIFTED: Readonly<Record<op.Stored, Code>> = mapValues(op.LOAD, (_, dtype) =>
  DTYPE[dtype].bytes === 1 ? "" : op.constI32(Math.log2(DTYPE[dtype].bytes)) + op.i32_shl,
)

/** Reads no byte beyond the word: it may be the last one of the memory. */
function packedWord(packed: Packed, dtype: op.Stored, { start }: Place): Code {
  const place = UNALIGNED + unsigned(start)
  if (packed * DTYPE[dtype].bytes === 4) return op.LOAD.i32 + place
  return op.LOAD.u16 + place + simd.SPLAT.i32 + simd.WIDEN_BYTES[dtype as "i8" | "u8"] + simd.FIRST
}
const UNALIGNED = unsigned(0)

/** Of the value on the stack. */
function unary(name: Unary, frame: Frame): Code {
  if (name !== "i32.bits_of_f32") return op.DIRECT[name] ?? missing(name)
  const x = sparesOf(frame, "f32")[0]
  const canonical = op.local_set + x + op.constI32(0x7fc00000) // counts for any NaN
  const bits = op.local_get + x + op.i32_reinterpret_f32
  return canonical + bits + op.local_get + x + op.local_get + x + op.f32_ne + op.select
}
function binary(name: Binary, left: Expression, right: Expression, frame: Frame): Code {
  const a = expression(left, frame)
  const b = expression(right, frame)
  const direct = op.DIRECT[name]
  if (direct !== undefined) return a + b + direct
  if (name === "i32.dot2_i16" || name === "i32.dot4_i8")
    return dot(name, a + simd.SPLAT.i32 + b + simd.SPLAT.i32, frame)
  const divide = op.DIVIDE[name]
  if (divide === undefined) return a + b + extremum(name, narrow(scalarOf(left)), frame)
  return a + b + (right.kind === "constant" && right.value > 0 ? divide : guarded(name, divide, frame))
}
/** Of the two values on the stack: compare and select. */
function extremum(name: Binary, scalar: "i32" | "f32", frame: Frame): Code {
  const [a, b] = sparesOf(frame, scalar)
  const [low, high] = name.endsWith(".min") ? [b, a] : name.endsWith(".max") ? [a, b] : missing(name)
  const compare = op.local_get + low + op.local_get + high + (scalar === "i32" ? op.i32_lt_s : op.f32_lt)
  return op.local_set + b + op.local_set + a + op.local_get + b + op.local_get + a + compare + op.select
}
/** In the first lanes of vectors; what the others hold is left. */
function dot(name: Binary, operands: Code, frame: Frame): Code {
  if (name === "i32.dot2_i16") return operands + simd.DOT2 + simd.FIRST
  const sums = fresh(frame, "v128")
  const pairs = operands + simd.PRODUCTS_OF_BYTES + simd.PAIRS + op.local_tee + sums + simd.FIRST
  return pairs + op.local_get + sums + simd.SECOND + op.i32_add
}
/** x / 0 is 0, x rem 0 is x, INT_MIN / -1 wraps: where WebAssembly would trap. */
function guarded(name: Binary, divide: Code, frame: Frame): Code {
  const [a, b] = sparesOf(frame, "i32")
  const [getA, getB] = [op.local_get + a, op.local_get + b]
  const either = (condition: Code, yes: Code, no: Code): Code =>
    condition + op.if_ + op.TYPE.i32 + yes + op.else_ + no + op.end
  const divided = getA + getB + divide
  const negated = op.constI32(0) + getA + op.i32_sub
  const whole = name === "i32.div_s" ? either(getB + op.constI32(-1) + op.i32_eq, negated, divided) : divided
  const byZero = name.includes("div") ? op.constI32(0) : getA
  return op.local_set + b + op.local_set + a + either(getB + op.i32_eqz, byZero, whole)
}

const missing = (name: string): never => {
  throw new Error(`bug: WebAssembly has no ${name} here`)
}
