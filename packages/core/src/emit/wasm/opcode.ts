import type { Dtype } from "../../base/dtype.ts"
import type { Binary, Unary } from "../../ir/program.ts"
import { type Bytes, signed } from "./binary.ts"

/** Opcodes by the names of the text format. Source: core specification 2.0, section 5.4. */
export const unreachable = 0x00,
  block = 0x02,
  loop = 0x03,
  if_ = 0x04,
  else_ = 0x05,
  end = 0x0b,
  br = 0x0c,
  br_if = 0x0d,
  return_ = 0x0f,
  call = 0x10,
  call_indirect = 0x11,
  drop = 0x1a,
  select = 0x1b
export const local_get = 0x20,
  local_set = 0x21,
  local_tee = 0x22
export const i32_const = 0x41,
  f32_const = 0x43,
  i32_eqz = 0x45,
  i32_eq = 0x46,
  i32_lt_s = 0x48,
  i32_gt_u = 0x4b,
  i32_le_s = 0x4c,
  i32_ge_s = 0x4e,
  i32_ge_u = 0x4f
export const i32_add = 0x6a,
  i32_sub = 0x6b,
  i32_or = 0x72,
  i32_shl = 0x74,
  i32_shr_u = 0x76,
  f32_ne = 0x5c,
  f32_lt = 0x5d
export const i32_reinterpret_f32 = 0xbc
export const i64_const = 0x42,
  i64_ne = 0x52,
  i64_add = 0x7c,
  i64_or = 0x84,
  i64_shl = 0x86,
  i64_shr_u = 0x88,
  i32_wrap_i64 = 0xa7,
  i64_extend_i32_u = 0xad
export const NO_RESULT = 0x40,
  FUNCREF = 0x70
export const TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b } as const

/** Source: threads proposal, section "Binary format". */
const atomic = (code: number): Bytes => [0xfe, code]
export const atomic_notify = atomic(0x00),
  atomic_wait32 = atomic(0x01),
  i32_atomic_load = atomic(0x10),
  i64_atomic_load = atomic(0x11),
  i32_atomic_store = atomic(0x17),
  i64_atomic_store = atomic(0x18),
  i32_atomic_add = atomic(0x1e),
  i64_atomic_cmpxchg = atomic(0x49)

/** `f64` is the interpreter's alone. */
export type Stored = Exclude<Dtype, "f64">
export const LOAD: Readonly<Record<Stored, number>> = { i8: 0x2c, u8: 0x2d, i16: 0x2e, u16: 0x2f, i32: 0x28, f32: 0x2a }
export const STORE: Readonly<Record<Stored, number>> = {
  i8: 0x3a,
  u8: 0x3a,
  i16: 0x3b,
  u16: 0x3b,
  i32: 0x36,
  f32: 0x38,
}

/** Operations that are one instruction with the meaning of arithmetic.ts. */
export const DIRECT: Readonly<Partial<Record<Unary | Binary, Bytes>>> = {
  "f32.sqrt": [0x91],
  "i32.from_f32": [0xfc, 0x00],
  "f32.from_i32": [0xb2],
  "f32.of_bits": [0xbe],
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.mul": [0x6c],
  "i32.and": [0x71],
  "i32.or": [0x72],
  "i32.xor": [0x73],
  "i32.shl": [0x74],
  "i32.shr_s": [0x75],
  "i32.shr_u": [0x76],
  "i32.eq": [0x46],
  "i32.ne": [0x47],
  "i32.lt_s": [0x48],
  "i32.le_s": [0x4c],
  "i32.lt_u": [0x49],
  "f32.add": [0x92],
  "f32.sub": [0x93],
  "f32.mul": [0x94],
  "f32.div": [0x95],
  "f32.eq": [0x5b],
  "f32.lt": [0x5d],
  "f32.le": [0x5f],
}

/** Traps where the judge has a value: guarded by emit.ts. */
export const DIVIDE: Readonly<Partial<Record<Binary, number>>> = {
  "i32.div_s": 0x6d,
  "i32.div_u": 0x6e,
  "i32.rem_s": 0x6f,
  "i32.rem_u": 0x70,
}

export const constI32 = (value: number): Bytes => [i32_const, signed(value)]
