import type { Binary } from "../../../ir/program.ts"
import { define, TYPE } from "../prelude.ts"
import type { ExpressionPrinter } from "./expression.ts"
import { FLASH_MACROS } from "./flash.ts"
import { NUMBER_TYPES, sumType } from "./numbers.ts"
import { printRequantise } from "./requantise_arm.ts"

/** What NAME.c starts with: types, how flash is read, and the helpers that it calls. */
export function chipPrelude({
  helpers,
  requantisations,
}: Pick<ExpressionPrinter, "helpers" | "requantisations">): string {
  const ops = new Set<Binary>(helpers)
  return `/* Arduino asks for small code; this is the part that should be fast. */
#if defined(__AVR__) && defined(__GNUC__)
#pragma GCC optimize ("O2")
#endif
#if defined(__GNUC__)
/* noipa: gcc 12 takes some layers for functions without effects, by how it rewrote their places, and drops their calls. */
#if __GNUC__ >= 8
#define LAYER static __attribute__((noipa, unused)) void
#else
#define LAYER static __attribute__((noinline, noclone, unused)) void
#endif
#define INLINE static inline __attribute__((always_inline, unused))
#define ALIAS __attribute__((may_alias))
#define ALIGNED __attribute__((aligned(4)))
#else
#define LAYER static void
#define INLINE static inline
#define ALIAS
#define ALIGNED
#endif
#if defined(__clang__)
#undef LAYER
#define LAYER static __attribute__((noinline, unused)) void
#endif
typedef char shifts_keep_the_sign[((int32_t)-1 >> 1) == -1 ? 1 : -1];
${FLASH_MACROS}
${NUMBER_TYPES}
${(["i8", "u8"] as const).map((of) => `typedef ${TYPE[of]} in_${of};`).join("\n")}
${(["i16", "u16", "i32"] as const).map((of) => `typedef ${TYPE[of]} ALIAS in_${of};`).join("\n")}

typedef union { uint32_t u; int32_t i; } word_bits;
INLINE int32_t wrap(uint32_t bits) { word_bits b; b.u = bits; return b.i; }
INLINE n16 least16(n16 a, n16 b) { return b < a ? b : a; }
INLINE n16 most16(n16 a, n16 b) { return a < b ? b : a; }
INLINE int32_t least32(int32_t a, int32_t b) { return b < a ? b : a; }
INLINE int32_t most32(int32_t a, int32_t b) { return a < b ? b : a; }
${[...ops].some((op) => op.startsWith("i32.dot")) ? PARTS : ""}${[...ops]
  .sort()
  .map((op) => define(op).replace("static inline", "INLINE"))
  .join("\n")}
${requantisations.size > 0 ? requantise(requantisations) : ""}`
}

/** Halves and bytes of words, signed. */
const PARTS = `typedef union { uint16_t u; int16_t i; } half_bits;
typedef union { uint8_t u; int8_t i; } byte_bits;
INLINE int16_t to_i16(int32_t v) { half_bits b; b.u = (uint16_t)(uint32_t)v; return b.i; }
INLINE int16_t high(int32_t v) { half_bits b; b.u = (uint16_t)((uint32_t)v >> 16); return b.i; }
INLINE int32_t byte_of(int32_t v, int32_t at) { byte_bits b; b.u = (uint8_t)((uint32_t)v >> at); return b.i; }
`

/** y = saturate(⌊(x · m + 2^(t-1)) / 2^t⌋): graph/requantise.ts. Where x has 24 bits, AVR multiplies byte by byte. */
function requantise(all: ExpressionPrinter["requantisations"]): string {
  const isNarrow = [...all.values()].some(({ bits }) => bits < 32)
  const functions = [...all].map(([name, { shift, low, high, bits, isByte }]) => {
    const by = shift - 16
    const clamp = `y < ${low} ? ${low} : y > ${high} ? ${high} : (n16)y`
    const wide = `  const int32_t v = (x >> 16) * m + (int32_t)((((uint32_t)x & 65535u) * (uint32_t)(uint16_t)m) >> 16);
  const int32_t y = (v + INT32_C(${2 ** (by - 1)})) >> ${by};
  return ${clamp};`
    const avr =
      bits === 32
        ? wide
        : low === 0 && high === 255
          ? toByte(by, isByte)
          : toSigned(by, high === 32767 && by >= 8 ? "y" : clamp, isByte)
    const data = low === 0 ? "u8" : high === 127 ? "i8" : "i16"
    return `#ifdef __AVR__
INLINE n16 ${name}(${sumType(bits === 32 ? 32 : 24)} x, n16 m) {
${avr}
}
#else
${printRequantise({ name, shift, data, bits })}#endif`
  })
  return `${isNarrow ? HIGH_PRODUCT : ""}${functions.join("\n")}`
}

/** To 0 … 255: nothing is multiplied below 0, and what is left after the check for 255 has 16 bits. */
function toByte(by: number, isByte: boolean): string {
  const rest = by > 8 ? by - 8 : by
  const w = by > 8 ? "(uint16_t)(v >> 8)" : "(uint16_t)v"
  // AVR shifts bit by bit, but takes a byte for nothing.
  const y = rest === 8 ? `${w} >> 8` : rest >= 4 ? `(uint16_t)(${w} << ${8 - rest}) >> 8` : `${w} >> ${rest}`
  return `  __uint24 v;
  if (x <= 0) return 0;
  v = (__uint24)${isByte ? "byte" : "high"}_product_u(x, m) + ${2 ** (by - 1)};
  return v >= ${literal24(2 ** (8 + by))} ? 255 : (uint8_t)(${y});`
}
/** To numbers with a sign: shifts of 24 bits by 3 instructions a bit, or from the other side of a byte. */
function toSigned(by: number, clamp: string, isByte: boolean): string {
  const lines =
    by >= 8
      ? Array.from({ length: by - 8 }, () => "asr %B[y]\\n\\tror %A[y]\\n\\t")
      : by > 5
        ? Array.from({ length: 8 - by }, () => "lsl %A[v]\\n\\trol %B[v]\\n\\trol %C[v]\\n\\trol %[s]\\n\\t")
        : Array.from({ length: by }, () => "asr %C[v]\\n\\tror %B[v]\\n\\tror %A[v]\\n\\t")
  const text = lines.join("")
  const start = `  __int24 v = ${isByte ? "byte" : "high"}_product(x, m) + ${2 ** (by - 1)};`
  if (by >= 8)
    return `${start}
  int16_t y = (int16_t)(v >> 8);
  ${by > 8 ? `__asm__("${text}" : [y] "+r"(y));` : ""}
  return ${clamp.includes("-32768") ? "y" : clamp};` // all of int16_t
  if (by <= 5) return `${start}\n  __asm__("${text}" : [v] "+r"(v));\n  const __int24 y = v;\n  return ${clamp};`
  return `${start}
  uint8_t s = v < 0 ? 255 : 0;
  __int24 y;
  __asm__("${text}mov %A[y],%B[v]\\n\\tmov %B[y],%C[v]\\n\\tmov %C[y],%[s]" : [v] "+r"(v), [s] "+r"(s), [y] "=r"(y));
  return ${clamp};`
}
const literal24 = (value: number): string => (value > 32767 ? `${value}L` : `${value}`)

/**
 * ⌊x · m / 2¹⁶⌋ of 24 and 15 bits, in six products of bytes, or three where m is a byte and 8 zeros; for x ≥ 0
 * without the part for its sign.
 */
const HIGH_PRODUCT = `#ifdef __AVR__
${["", "_u"]
  .map(
    (kind) => `INLINE __int24 high_product${kind}(__int24 x, int16_t m) {
  __int24 v;
  uint8_t low;
  const uint8_t z = 0;
  __asm__("mul %B[x],%B[m]\\n\\tmovw %A[v],r0\\n\\tclr %C[v]\\n\\tmul %A[x],%A[m]\\n\\tmov %[l],r1\\n\\t"
          "mul %A[x],%B[m]\\n\\tadd %[l],r0\\n\\tadc %A[v],r1\\n\\tadc %B[v],%[z]\\n\\tadc %C[v],%[z]\\n\\t"
          "mul %B[x],%A[m]\\n\\tadd %[l],r0\\n\\tadc %A[v],r1\\n\\tadc %B[v],%[z]\\n\\tadc %C[v],%[z]\\n\\t"
          "mul %C[x],%A[m]\\n\\tadd %A[v],r0\\n\\tadc %B[v],r1\\n\\tadc %C[v],%[z]\\n\\t"
          "mul %C[x],%B[m]\\n\\tadd %B[v],r0\\n\\tadc %C[v],r1\\n\\t"${
            kind === ""
              ? `\n          "sbrc %C[x],7\\n\\tsub %B[v],%A[m]\\n\\tsbrc %C[x],7\\n\\tsbc %C[v],%B[m]\\n\\t"`
              : ""
          }
          "clr r1"
          : [v] "=&r"(v), [l] "=&r"(low) : [x] "r"(x), [m] "r"(m), [z] "r"(z) : "r0");
  return v;
}
INLINE __int24 byte_product${kind}(__int24 x, int16_t multiplier) {
  __int24 v;
  const uint8_t m = (uint8_t)((uint16_t)multiplier >> 8), z = 0;
  __asm__("mul %A[x],%[m]\\n\\tmov %A[v],r1\\n\\tmul %C[x],%[m]\\n\\tmov %B[v],r0\\n\\tmov %C[v],r1\\n\\t"
          "mul %B[x],%[m]\\n\\tadd %A[v],r0\\n\\tadc %B[v],r1\\n\\tadc %C[v],%[z]\\n\\t"${
            kind === "" ? `\n          "sbrc %C[x],7\\n\\tsub %C[v],%[m]\\n\\t"` : ""
          }
          "clr r1"
          : [v] "=&r"(v) : [x] "r"(x), [m] "r"(m), [z] "r"(z) : "r0");
  return v;
}
`,
  )
  .join("")}#endif
`
