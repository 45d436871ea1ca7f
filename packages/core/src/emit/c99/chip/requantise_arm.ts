import { DTYPE } from "../../../base/dtype.ts"

export interface Requantise {
  /** C name of the function. */
  readonly name: string
  /** t of the formula: 17 … 31. */
  readonly shift: number
  readonly data: "u8" | "i8" | "i16"
  /** x fits so many bits with sign: proved by the caller. */
  readonly bits: 16 | 24 | 32
}

/**
 * C of `int32_t NAME(int32_t x, int32_t m)`: y = saturate(⌊(x · m + 2^(t-1)) / 2^t⌋) for m in 1 … 32767, as
 * docs/adr/0003-requantise.md has it.
 *
 * With SMLAWB two instructions do it: ⌊x · m / 2¹⁶⌋ of the 48-bit product with half a unit added, then a saturation that
 * shifts first. ARMv6-M has neither; there the product is taken in halves, or at once where x has 16 bits, and what lies in
 * range, which is most, is stored without a further look. A right shift of a negative number is the compiler's choice in C:
 * those of ARM keep its sign, and elsewhere it is written out.
 */
export function printRequantise({ name, shift, data, bits }: Requantise): string {
  if (!(Number.isInteger(shift) && shift >= 17 && shift <= 31))
    throw new Error(`bug: requantise by a shift of ${shift}`)
  const [low, high] = DTYPE[data].range
  const half = `INT32_C(${2 ** (shift - 17)})`
  const saturate = `${data === "u8" ? "usat" : "ssat"} %0, #${data === "i16" ? 16 : 8}, %1, asr #${shift - 16}`
  const product = bits === 16 ? "x * m" : "" // |x · m| < 2³¹
  const highOf = (floor: (value: string, by: number) => string): string =>
    product !== ""
      ? floor(product, 16)
      : `${floor("x", 16)} * m + (int32_t)((((uint32_t)x & 0xffff) * (uint32_t)m) >> 16)`
  const arithmetic = (value: string, by: number): string => `((${value}) >> ${by})`
  const written = (value: string, by: number): string => `${name}_floor(${value}, ${by})`
  return `#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)
INLINE int32_t ${name}(int32_t x, int32_t m) {
  int32_t y;
  __asm__("smlawb %0, %1, %2, %3" : "=r"(y) : "r"(x), "r"(m), "r"(${half}));
  __asm__("${saturate}" : "=r"(y) : "r"(y));
  return y;
}
#elif defined(__arm__) && defined(__GNUC__)
INLINE int32_t ${name}(int32_t x, int32_t m) {
  const int32_t y = (${highOf(arithmetic)} + ${half}) >> ${shift - 16};
  ${saturation(data, low, high)}
}
#else
INLINE int32_t ${name}_floor(int32_t x, int32_t by) { return x < 0 ? ~(~x >> by) : x >> by; }
INLINE int32_t ${name}(int32_t x, int32_t m) {
  const int32_t y = ${name}_floor(${highOf(written)} + ${half}, ${shift - 16});
  return y < ${low} ? ${low} : y > ${high} ? ${high} : y;
}
#endif
`
}
const saturation = (data: Requantise["data"], low: number, high: number): string =>
  data === "u8"
    ? "return (uint32_t)y <= 255 ? y : y < 0 ? 0 : 255;"
    : `return y < ${low} ? ${low} : y > ${high} ? ${high} : y;`
