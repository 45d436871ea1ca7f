import type { Binary, Unary } from "./program.ts"

const min = (a: number, b: number): number => (b < a ? b : a)
const max = (a: number, b: number): number => (a < b ? b : a)

const bits = new DataView(new ArrayBuffer(4))
function bitsOf(value: number): number {
  bits.setFloat32(0, value)
  return Number.isNaN(value) ? 0x7fc00000 : bits.getInt32(0)
}
function ofBits(word: number): number {
  bits.setInt32(0, word)
  return bits.getFloat32(0)
}
function toInteger(value: number): number {
  if (Number.isNaN(value)) return 0
  return Math.min(Math.max(Math.trunc(value), -2147483648), 2147483647) | 0
}

/**
 * What arithmetic means, to the bit: i32 wraps, f32 rounds after every operation, min and max compare and select
 * (their first operand stays unless the second wins), shift counts are taken modulo 32.
 * x / 0 is 0 and x rem 0 is x for integers; INT_MIN / -1 wraps to INT_MIN, INT_MIN rem -1 is 0.
 * JS computes in f64, which has over twice the digits of f32: rounding twice equals rounding once (Figueroa 1995).
 */
export const BINARY_MEANING: Readonly<Record<Binary, (a: number, b: number) => number>> = {
  "i32.add": (a, b) => (a + b) | 0,
  "i32.sub": (a, b) => (a - b) | 0,
  "i32.mul": Math.imul,
  "i32.min": min,
  "i32.max": max,
  "i32.div_s": (a, b) => (b === 0 ? 0 : (a / b) | 0),
  "i32.div_u": (a, b) => (b === 0 ? 0 : ((a >>> 0) / (b >>> 0)) | 0),
  "i32.rem_s": (a, b) => (b === 0 ? a : (a % b) | 0),
  "i32.rem_u": (a, b) => (b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0),
  "i32.and": (a, b) => a & b,
  "i32.or": (a, b) => a | b,
  "i32.xor": (a, b) => a ^ b,
  "i32.shl": (a, b) => a << (b & 31),
  "i32.shr_s": (a, b) => a >> (b & 31),
  "i32.shr_u": (a, b) => (a >>> (b & 31)) | 0,
  "i32.eq": (a, b) => Number(a === b),
  "i32.ne": (a, b) => Number(a !== b),
  "i32.lt_s": (a, b) => Number(a < b),
  "i32.le_s": (a, b) => Number(a <= b),
  "i32.lt_u": (a, b) => Number(a >>> 0 < b >>> 0),
  "i32.dot2_i16": (a, b) => (((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16)) | 0,
  "i32.dot4_i8": (a, b) => {
    let sum = 0
    for (let shift = 24; shift >= 0; shift -= 8) sum += ((a << shift) >> 24) * ((b << shift) >> 24)
    return sum
  },
  "f32.add": (a, b) => Math.fround(a + b),
  "f32.sub": (a, b) => Math.fround(a - b),
  "f32.mul": (a, b) => Math.fround(a * b),
  "f32.div": (a, b) => Math.fround(a / b),
  "f32.min": min,
  "f32.max": max,
  "f32.eq": (a, b) => Number(a === b),
  "f32.lt": (a, b) => Number(a < b),
  "f32.le": (a, b) => Number(a <= b),
  "f64.add": (a, b) => a + b,
  "f64.sub": (a, b) => a - b,
  "f64.mul": (a, b) => a * b,
  "f64.div": (a, b) => a / b,
  "f64.min": min,
  "f64.max": max,
  "f64.eq": (a, b) => Number(a === b),
  "f64.lt": (a, b) => Number(a < b),
  "f64.le": (a, b) => Number(a <= b),
}

export const UNARY_MEANING: Readonly<Record<Unary, (a: number) => number>> = {
  "f32.sqrt": (a) => Math.fround(Math.sqrt(a)),
  "f64.sqrt": Math.sqrt,
  "i32.from_f32": toInteger,
  "i32.from_f64": toInteger,
  "f32.from_i32": Math.fround,
  "f64.from_i32": (a) => a,
  "i32.bits_of_f32": bitsOf, // any NaN counts as the canonical one
  "f32.of_bits": ofBits,
  "f64.exp": Math.exp,
  "f64.log": Math.log,
}
