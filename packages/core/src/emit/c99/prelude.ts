import type { Dtype, Scalar } from "../../base/dtype.ts"
import { BINARY, type Binary, operandOf, UNARY, type Unary } from "../../ir/program.ts"

export type Stored = Exclude<Dtype, "f64">
export const TYPE: Readonly<Record<Stored, string>> = {
  i8: "int8_t",
  u8: "uint8_t",
  i16: "int16_t",
  u16: "uint16_t",
  i32: "int32_t",
  f32: "float",
}
export const helperName = (op: Unary | Binary): string => op.replace(".", "_")

/** Integers pass through uint32_t, whose overflow is defined; nothing is an `int`, which has 16 bits on AVR. */
const BODY: Readonly<Partial<Record<Unary | Binary, string>>> = {
  "f32.sqrt": "sqrtf(a)",
  "i32.from_f32": "a != a ? 0 : a >= 0x1p31f ? INT32_MAX : a < -0x1p31f ? INT32_MIN : (int32_t)a",
  "f32.from_i32": "(float)a",
  "i32.bits_of_f32": "a != a ? INT32_C(0x7fc00000) : (union { float f; int32_t i; }){ a }.i",
  "f32.of_bits": "(union { int32_t i; float f; }){ a }.f",
  "i32.add": "wrap((uint32_t)a + (uint32_t)b)",
  "i32.sub": "wrap((uint32_t)a - (uint32_t)b)",
  "i32.mul": "wrap((uint32_t)a * (uint32_t)b)",
  "i32.min": "b < a ? b : a",
  "i32.max": "a < b ? b : a",
  "i32.div_s": "b == 0 ? 0 : b == -1 ? wrap(UINT32_C(0) - (uint32_t)a) : a / b",
  "i32.div_u": "b == 0 ? 0 : wrap((uint32_t)a / (uint32_t)b)",
  "i32.rem_s": "b == 0 ? a : b == -1 ? 0 : a % b",
  "i32.rem_u": "b == 0 ? a : wrap((uint32_t)a % (uint32_t)b)",
  "i32.and": "wrap((uint32_t)a & (uint32_t)b)",
  "i32.or": "wrap((uint32_t)a | (uint32_t)b)",
  "i32.xor": "wrap((uint32_t)a ^ (uint32_t)b)",
  "i32.shl": "wrap((uint32_t)a << ((uint32_t)b & UINT32_C(31)))",
  "i32.shr_s": "a < 0 ? wrap(~(~(uint32_t)a >> ((uint32_t)b & UINT32_C(31)))) : a >> ((uint32_t)b & UINT32_C(31))",
  "i32.shr_u": "wrap((uint32_t)a >> ((uint32_t)b & UINT32_C(31)))",
  "i32.eq": "a == b",
  "i32.ne": "a != b",
  "i32.lt_s": "a < b",
  "i32.le_s": "a <= b",
  "i32.lt_u": "(uint32_t)a < (uint32_t)b",
  "i32.dot2_i16": "wrap((uint32_t)((int32_t)to_i16(a) * to_i16(b)) + (uint32_t)((int32_t)high(a) * high(b)))",
  "i32.dot4_i8":
    "byte_of(a, 0) * byte_of(b, 0) + byte_of(a, 8) * byte_of(b, 8) + byte_of(a, 16) * byte_of(b, 16) + byte_of(a, 24) * byte_of(b, 24)",
  "f32.add": "a + b",
  "f32.sub": "a - b",
  "f32.mul": "a * b",
  "f32.div": "a / b",
  "f32.min": "b < a ? b : a", // never fminf: it drops NaN and may swap the zeros
  "f32.max": "a < b ? b : a",
  "f32.eq": "a == b",
  "f32.lt": "a < b",
  "f32.le": "a <= b",
}

export function define(op: Unary | Binary): string {
  const [gives, takes] = [type({ ...UNARY, ...BINARY }[op]), type(operandOf(op))]
  const parameters = op in BINARY ? `${takes} a, ${takes} b` : `${takes} a`
  return `static inline ${gives} ${helperName(op)}(${parameters}) { return ${BODY[op]}; }`
}
export const type = (scalar: Scalar): string => {
  if (scalar === "f64") throw new Error("bug: f64 is the interpreter's alone")
  return TYPE[scalar]
}

/**
 * What a program starts with: only the helpers that it calls. Compile with -ffp-contract=off, for a fused a * b + c
 * rounds once and the judge twice; floats are claimed for machines that round every operation to float.
 */
export function prelude(used: ReadonlySet<Unary | Binary>, floats: boolean, packs: boolean): string {
  const parts = packs || [...used].some((op) => op.startsWith("i32.dot"))
  const helpers = [...used].sort().map(define)
  return `#include <stdint.h>
${floats ? `#include <float.h>\n#include <math.h>\n#ifdef __FAST_MATH__\n#error "-ffast-math gives other bits"\n#endif\n#if FLT_EVAL_METHOD != 0\n#error "float arithmetic must round to float"\n#endif\n` : ""}
typedef union { uint32_t u; int32_t i; } word_bits;
static inline int32_t wrap(uint32_t bits) { word_bits b; b.u = bits; return b.i; }
static inline int32_t at_most(int32_t n, int32_t most) { return most < n ? most : n; }
static inline int32_t choose(int32_t c, int32_t yes, int32_t no) { return c ? yes : no; }
${floats ? "static inline float choose_f(int32_t c, float yes, float no) { return c ? yes : no; }\n" : ""}${NARROW}${parts ? PARTS : ""}${helpers.join("\n")}
`
}

/** A store keeps the low bits, whatever the value: a plain cast would be the implementation's choice. */
const NARROW = `typedef union { uint16_t u; int16_t i; } half_bits;
typedef union { uint8_t u; int8_t i; } byte_bits;
static inline uint8_t to_u8(int32_t v) { return (uint8_t)((uint32_t)v & UINT32_C(255)); }
static inline uint16_t to_u16(int32_t v) { return (uint16_t)((uint32_t)v & UINT32_C(65535)); }
static inline int8_t to_i8(int32_t v) { byte_bits b; b.u = to_u8(v); return b.i; }
static inline int16_t to_i16(int32_t v) { half_bits b; b.u = to_u16(v); return b.i; }
`

/** Words of parts: their halves and bytes, and how they are read out of arrays. */
const PARTS = `static inline int16_t high(int32_t v) { half_bits b; b.u = (uint16_t)((uint32_t)v >> 16); return b.i; }
static inline int32_t byte_of(int32_t v, int32_t at) { byte_bits b; b.u = (uint8_t)((uint32_t)v >> at); return b.i; }
${[
  ...(["int8_t", "uint8_t", "int16_t", "uint16_t"] as const).map(
    (of) =>
      `static inline int32_t pack2_${of}(const ${of} *p) { return wrap((uint32_t)(uint16_t)p[0] | ((uint32_t)(uint16_t)p[1] << 16)); }`,
  ),
  ...(["int8_t", "uint8_t"] as const).map(
    (of) =>
      `static inline int32_t pack4_${of}(const ${of} *p) { return wrap((uint32_t)(uint8_t)p[0] | ((uint32_t)(uint8_t)p[1] << 8) | ((uint32_t)(uint8_t)p[2] << 16) | ((uint32_t)(uint8_t)p[3] << 24)); }`,
  ),
].join("\n")}
`
