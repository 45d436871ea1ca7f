/* Candidates for `requantise`: int32 accumulator times a real scale, rounded, to int8, uint8 or int16.
   floor() is the mathematical floor of an exact rational, sat16(x) = min(max(x, -32768), 32767).
   Every candidate returns the value before the last saturation (saturate_i8, saturate_u8, saturate_i16).
   C99, explicit widths, no operation overflows for any int32 accumulator and any parameter in the stated range. */
#ifndef REQUANTISE_CANDIDATES_H
#define REQUANTISE_CANDIDATES_H
#include <stdint.h>

/* Right shift of a negative value is implementation-defined in C99: refuse a compiler that does not keep the sign. */
typedef char right_shift_keeps_the_sign[((int32_t)-1 >> 1) == -1 ? 1 : -1];

static inline int8_t saturate_i8(int32_t y) { return (int8_t)(y < -128 ? -128 : y > 127 ? 127 : y); }
static inline uint8_t saturate_u8(int32_t y) { return (uint8_t)(y < 0 ? 0 : y > 255 ? 255 : y); }
static inline int16_t saturate_i16(int32_t y) { return (int16_t)(y < -32768 ? -32768 : y > 32767 ? 32767 : y); }
static inline int8_t saturate_i8_from_i16(int16_t y) { return (int8_t)(y < -128 ? -128 : y > 127 ? 127 : y); }

/* int16 times uint16, all 32 bits. avr-gcc would call a library routine here. */
static inline int32_t product_i16_u16(int16_t a, uint16_t m) {
#ifdef __AVR__
  int32_t p; uint8_t zero = 0;
  __asm__("mul %A[a],%A[m]\n movw %A[p],r0\n mul %B[a],%B[m]\n movw %C[p],r0\n"
          "mul %A[a],%B[m]\n add %B[p],r0\n adc %C[p],r1\n adc %D[p],%[z]\n"
          "mul %B[a],%A[m]\n add %B[p],r0\n adc %C[p],r1\n adc %D[p],%[z]\n"
          "sbrs %B[a],7\n rjmp 1f\n sub %C[p],%A[m]\n sbc %D[p],%B[m]\n1: clr r1\n"
          : [p] "=&r"(p) : [a] "r"(a), [m] "r"(m), [z] "r"(zero) : "r0");
  return p;
#else
  return (int32_t)a * (int32_t)m;
#endif
}

/* floor(a * m / 2^16), exact for every int32 a and uint16 m: the 48-bit product without its low 16 bits. */
static inline int32_t high_product_i32(int32_t a, uint16_t m) {
#ifdef __AVR__
  int32_t v; uint8_t low, zero = 0;
  __asm__("mul %B[a],%B[m]\n movw %A[v],r0\n mul %D[a],%B[m]\n movw %C[v],r0\n mul %A[a],%A[m]\n mov %[l],r1\n"
          "mul %A[a],%B[m]\n add %[l],r0\n adc %A[v],r1\n adc %B[v],%[z]\n adc %C[v],%[z]\n adc %D[v],%[z]\n"
          "mul %B[a],%A[m]\n add %[l],r0\n adc %A[v],r1\n adc %B[v],%[z]\n adc %C[v],%[z]\n adc %D[v],%[z]\n"
          "mul %C[a],%A[m]\n add %A[v],r0\n adc %B[v],r1\n adc %C[v],%[z]\n adc %D[v],%[z]\n"
          "mul %C[a],%B[m]\n add %B[v],r0\n adc %C[v],r1\n adc %D[v],%[z]\n"
          "mul %D[a],%A[m]\n add %B[v],r0\n adc %C[v],r1\n adc %D[v],%[z]\n"
          "sbrs %D[a],7\n rjmp 1f\n sub %C[v],%A[m]\n sbc %D[v],%B[m]\n1: clr r1\n"
          : [v] "=&r"(v), [l] "=&r"(low) : [a] "r"(a), [m] "r"(m), [z] "r"(zero) : "r0");
  return v;
#else
  const int32_t high = a >> 16;
  const uint32_t low = (uint32_t)a & 0xffffu;
  return high * (int32_t)m + (int32_t)((low * m) >> 16);
#endif
}

/* The same for an accumulator proved to fit 24 bits: the same value, six byte products in place of eight. */
#ifdef __AVR__
typedef __int24 accumulator24;
static inline accumulator24 high_product_i24(accumulator24 a, uint16_t m) {
  accumulator24 v; uint8_t low, zero = 0;
  __asm__("mul %B[a],%B[m]\n mov %A[v],r0\n mov %B[v],r1\n clr %C[v]\n mul %A[a],%A[m]\n mov %[l],r1\n"
          "mul %A[a],%B[m]\n add %[l],r0\n adc %A[v],r1\n adc %B[v],%[z]\n adc %C[v],%[z]\n"
          "mul %B[a],%A[m]\n add %[l],r0\n adc %A[v],r1\n adc %B[v],%[z]\n adc %C[v],%[z]\n"
          "mul %C[a],%A[m]\n add %A[v],r0\n adc %B[v],r1\n adc %C[v],%[z]\n"
          "mul %C[a],%B[m]\n add %B[v],r0\n adc %C[v],r1\n"
          "sbrs %C[a],7\n rjmp 1f\n sub %B[v],%A[m]\n sbc %C[v],%B[m]\n1: clr r1\n"
          : [v] "=&r"(v), [l] "=&r"(low) : [a] "r"(a), [m] "r"(m), [z] "r"(zero) : "r0");
  return v;
}
#else
typedef int32_t accumulator24;
static inline accumulator24 high_product_i24(accumulator24 a, uint16_t m) { return high_product_i32(a, m); }
#endif

/* floor((acc + 2^(n-1)) / 2^n), n 0..24, where acc + 2^(n-1) fits int32. In two steps, because avr-gcc shifts
   32 bits one at a time in a loop and 24 bits in line. */
static inline int32_t rounding_shift(int32_t acc, uint8_t n) {
  if (n == 0) return acc;
  const int32_t sum = acc + ((int32_t)1 << (n - 1));
  return n >= 16 ? (int32_t)(int16_t)(sum >> 16) >> (n - 16) : n >= 8 ? (int32_t)((accumulator24)(sum >> 8) >> (n - 8)) : sum >> n;
}

/* A: t = sat16(floor((acc + 2^(s-1)) / 2^s)), y = floor((t * m + 2^14) / 2^15)
   s 0..24, m 1..32767, scale = m / 2^(15+s), acc + 2^(s-1) must fit int32. Ties up, twice. |y| cannot exceed m. WebAssembly: i16x8.q15mulr_sat_s.
   From a scale: the largest s with scale * 2^s < 2^-h, m = round(scale * 2^(15+s)); h = bits of headroom (0 in the prototype). */
static inline int16_t requantise_a(int32_t acc, uint8_t s, uint16_t m) {
  const int16_t t = saturate_i16(rounding_shift(acc, s));
  const int32_t p = product_i16_u16(t, m);
  return (int16_t)((p + p + 32768) >> 16);
}

/* B: t = sat16(floor(acc / 2^(8k))), y = floor(t * m / 2^16)   (truncates twice)
   k 0..2, m 1..65535, scale = m / 2^(16+8k). From a scale: the smallest k at which t cannot saturate before y does. */
static inline int16_t requantise_b(int32_t acc, uint8_t k, uint16_t m) {
  const int32_t u = k == 0 ? acc : k == 1 ? acc >> 8 : acc >> 16;
  return (int16_t)(product_i16_u16(saturate_i16(u), m) >> 16);
}
/* BR: the same with y = floor((t * m + 2^15) / 2^16), ties up; the first step still truncates. */
static inline int16_t requantise_br(int32_t acc, uint8_t k, uint16_t m) {
  const int32_t u = k == 0 ? acc : k == 1 ? acc >> 8 : acc >> 16;
  const int32_t p = product_i16_u16(saturate_i16(u), m);
  return (int16_t)((p + 32768) >> 16);
}

/* C: gemmlowp and TFLite. x = round(acc * m / 2^31), y = round(x / 2^s), ties of both steps away from zero in magnitude,
   except that the first rounds a negative tie up. m 2^30..2^31-1, s 0..31, scale = m / 2^(31+s). Needs a 64-bit product. */
static inline int32_t requantise_c(int32_t acc, uint8_t s, int32_t m) {
  const int64_t p = (int64_t)acc * m;
  const int64_t nudge = p >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
  const int32_t x = (int32_t)((p + nudge) / ((int64_t)1 << 31));
  const int32_t mask = (int32_t)(((int64_t)1 << s) - 1), remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> s) + (remainder > threshold ? 1 : 0);
}

/* D: y = floor((acc * m + 2^(t-1)) / 2^t): the exact product, rounded once, ties up.
   t 17..31, m 1..65535 (or 1..32767, see README), scale = m / 2^t. The nested floor is exact because t > 16.
   From a scale: t = 16 + the largest n with scale * 2^n < 1, m = round(scale * 2^t).
   high_product + 2^14 still fits int32: (2^15-1) * (2^16-1) + 2^16 + 2^14 < 2^31. */
static inline int32_t requantise_d(int32_t acc, uint8_t t, uint16_t m) { return rounding_shift(high_product_i32(acc, m), (uint8_t)(t - 16)); }
/* D24: the same function for an accumulator proved to fit 24 bits, m 1..32767. */
static inline accumulator24 requantise_d24(accumulator24 acc, uint8_t t, uint16_t m) {
  const uint8_t n = (uint8_t)(t - 16);
  const accumulator24 v = high_product_i24(acc, m) + ((accumulator24)1 << (n - 1)); /* |v| <= 2^22 + 2^14 */
  return n >= 8 ? (int16_t)(v >> 8) >> (n - 8) : v >> n;
}

/* E: D restricted to t = 24 (scales 2^-16 to 2^-9) or t = 17 (2^-9 to 2^-2), m 1..32767: no shift by single bits but one.
   The same function of (acc, t, m) as D. E24: the accumulator was proved to fit 24 bits; again the same bits. */
static inline int32_t requantise_e(int32_t acc, uint8_t t, uint16_t m) {
  const int32_t v = high_product_i32(acc, m);
  return t == 24 ? (v + 128) >> 8 : (v + 1) >> 1;
}
static inline accumulator24 requantise_e24(accumulator24 acc, uint8_t t, uint16_t m) {
  const accumulator24 v = high_product_i24(acc, m);
  return t == 24 ? (int16_t)((v + 128) >> 8) : (v + 1) >> 1;
}

/* F: normalise to 16 bits, then an 8-bit multiplier. t = sat16(floor((acc + 2^(s-1)) / 2^s)), y = floor((t * m + 2^(f-1)) / 2^f)
   m 128..255, f 8..15 (15 unless s is 0), 8-bit outputs only, scale = m / 2^(f+s). Two byte products. */
static inline int16_t requantise_f(int32_t acc, uint8_t s, uint8_t m, uint8_t f) {
  const int16_t t = saturate_i16(rounding_shift(acc, s));
#ifdef __AVR__
  accumulator24 p;
  __asm__("mul %B[a],%[m]\n mov %B[p],r0\n mov %C[p],r1\n mul %A[a],%[m]\n mov %A[p],r0\n add %B[p],r1\n clr r1\n adc %C[p],r1\n"
          "sbrc %B[a],7\n sub %C[p],%[m]\n" : [p] "=&r"(p) : [a] "r"(t), [m] "r"(m) : "r0");
#else
  const int32_t p = (int32_t)t * (int32_t)m;
#endif
  return (int16_t)(f == 15 ? ((int32_t)p * 2 + 32768) >> 16 : ((int32_t)p + ((int32_t)1 << (f - 1))) >> f);
}

/* G: D whose multiplier has 8 significant bits: y = floor((acc * m + 2^(t-1)) / 2^t), m 1..255, acc proved to fit 24 bits.
   The same function as D with (m * 2^7, t + 7). Shown for t = 16. */
static inline int16_t requantise_g(accumulator24 acc, uint8_t m) {
#ifdef __AVR__
  int32_t p;
  __asm__("mul %B[a],%[m]\n mov %B[p],r0\n mov %C[p],r1\n mul %C[a],%[m]\n mov %D[p],r1\n add %C[p],r0\n clr r1\n adc %D[p],r1\n"
          "mul %A[a],%[m]\n mov %A[p],r0\n add %B[p],r1\n clr r1\n adc %C[p],r1\n adc %D[p],r1\n"
          "sbrc %C[a],7\n sub %D[p],%[m]\n" : [p] "=&r"(p) : [a] "r"(acc), [m] "r"(m) : "r0");
#else
  const int32_t p = acc * (int32_t)m;
#endif
  return (int16_t)((p + 32768) >> 16);
}
#endif
