import type { Dtype } from "../../base/dtype.ts"
import type { Binary, Unary } from "../../ir/program.ts"
import { type Code, signed } from "./binary.ts"

/** Opcodes by the names of the text format. Source: core specification 2.0, section 5.4. */
export const unreachable = "\x00",
  block = "\x02",
  loop = "\x03",
  if_ = "\x04",
  else_ = "\x05",
  end = "\x0b",
  br = "\x0c",
  br_if = "\x0d",
  return_ = "\x0f",
  call = "\x10",
  call_indirect = "\x11",
  drop = "\x1a",
  select = "\x1b"
export const local_get = "\x20",
  local_set = "\x21",
  local_tee = "\x22"
export const i32_const = "\x41",
  f32_const = "\x43",
  i32_eqz = "\x45",
  i32_eq = "\x46",
  i32_lt_s = "\x48",
  i32_gt_u = "\x4b",
  i32_le_s = "\x4c",
  i32_ge_s = "\x4e",
  i32_ge_u = "\x4f"
export const i32_add = "\x6a",
  i32_sub = "\x6b",
  i32_or = "\x72",
  i32_shl = "\x74",
  i32_shr_u = "\x76",
  f32_ne = "\x5c",
  f32_lt = "\x5d"
export const i32_reinterpret_f32 = "\xbc"
export const i64_const = "\x42",
  i64_ne = "\x52",
  i64_add = "\x7c",
  i64_or = "\x84",
  i64_shl = "\x86",
  i64_shr_u = "\x88",
  i32_wrap_i64 = "\xa7",
  i64_extend_i32_u = "\xad"
export const NO_RESULT = "\x40",
  FUNCREF = "\x70"
export const TYPE = { i32: "\x7f", i64: "\x7e", f32: "\x7d", v128: "\x7b" } as const

/** Source: threads proposal, section "Binary format". */
const atomic = (number: number): Code => `\xfe${String.fromCharCode(number)}`
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
export const LOAD: Readonly<Record<Stored, Code>> = {
  i8: "\x2c",
  u8: "\x2d",
  i16: "\x2e",
  u16: "\x2f",
  i32: "\x28",
  f32: "\x2a",
}
export const STORE: Readonly<Record<Stored, Code>> = {
  i8: "\x3a",
  u8: "\x3a",
  i16: "\x3b",
  u16: "\x3b",
  i32: "\x36",
  f32: "\x38",
}

/** Operations that are one instruction with the meaning of arithmetic.ts. */
export const DIRECT: Readonly<Partial<Record<Unary | Binary, Code>>> = {
  "f32.sqrt": "\x91",
  "i32.from_f32": "\xfc\x00",
  "f32.from_i32": "\xb2",
  "f32.of_bits": "\xbe",
  "i32.add": "\x6a",
  "i32.sub": "\x6b",
  "i32.mul": "\x6c",
  "i32.and": "\x71",
  "i32.or": "\x72",
  "i32.xor": "\x73",
  "i32.shl": "\x74",
  "i32.shr_s": "\x75",
  "i32.shr_u": "\x76",
  "i32.eq": "\x46",
  "i32.ne": "\x47",
  "i32.lt_s": "\x48",
  "i32.le_s": "\x4c",
  "i32.lt_u": "\x49",
  "f32.add": "\x92",
  "f32.sub": "\x93",
  "f32.mul": "\x94",
  "f32.div": "\x95",
  "f32.eq": "\x5b",
  "f32.lt": "\x5d",
  "f32.le": "\x5f",
}

/** Traps where the judge has a value: guarded by emit.ts. */
export const DIVIDE: Readonly<Partial<Record<Binary, Code>>> = {
  "i32.div_s": "\x6d",
  "i32.div_u": "\x6e",
  "i32.rem_s": "\x6f",
  "i32.rem_u": "\x70",
}

export const constI32 = (value: number): Code => SMALL[value] ?? i32_const + signed(value)
/** Those that most constants are: made once. */
const SMALL: readonly Code[] = Array.from({ length: 64 }, (_, value) => i32_const + signed(value))
