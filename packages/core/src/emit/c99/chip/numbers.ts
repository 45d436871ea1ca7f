import type { Interval } from "../../../ir/interval.ts"
import { numberOf } from "../emit.ts"

/**
 * What C calls integers here. `n8` and `n16` have 8 and 16 bits on AVR, where every further byte costs an instruction,
 * and are int32_t elsewhere, where narrow ones would cost: what they hold is proved to fit.
 */
export const NUMBER_TYPES = `#ifdef __AVR__
typedef uint8_t n8;
typedef int16_t n16;
typedef uint16_t u_n16;
typedef __int24 n24;
#else
typedef int32_t n8;
typedef int32_t n16;
typedef uint32_t u_n16;
typedef int32_t n24;
#endif`

/** The type of what counts from 0 up to a number, which it must reach. */
export const counter = (most: number): "n8" | "n16" | "int32_t" =>
  most <= 255 ? "n8" : most <= 32767 ? "n16" : "int32_t"
export const isN16 = ([low, high]: Interval): boolean => low >= -32768 && high <= 32767
export const isN24 = ([low, high]: Interval): boolean => low >= -(2 ** 23) && high < 2 ** 23
/** The type of a value: 16 or 24 bits where they do. */
export const typeOf = (range: Interval): "n16" | "n24" | "int32_t" =>
  isN16(range) ? "n16" : isN24(range) ? "n24" : "int32_t"
/** A number; what fits an int of 16 bits must not be wider, or all around it would be. */
export const literal = (value: number): string =>
  value >= 0 && value <= 32767 ? `${value}` : value < 0 && value >= -32767 ? `(${value})` : numberOf(value)

/** The type of a sum that fits so many bits. */
export const sumType = (bits: 16 | 24 | 32): "n16" | "n24" | "int32_t" =>
  bits === 16 ? "n16" : bits === 24 ? "n24" : "int32_t"
