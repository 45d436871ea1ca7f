import { add, and, binary, constant, i32, max, min, mul, or, select, shl, shrS, shrU, sub, unary } from "../ir/build.ts"
import { type Expression, scalarOf } from "../ir/program.ts"

/** Gives a value a name, so that it is computed once however often it is used. */
export type Bind = (value: Expression) => Expression

/**
 * eˣ, within 1 unit in the last place for every float; 0 below -104, infinite above 88.8, NaN for NaN.
 * x = n ln 2 + r, |r| ≤ ln 2 / 2; a polynomial for eʳ; 2ⁿ in two factors, so that subnormals come out too.
 * Source: Moshier, Cephes mathematical library 2.2, expf.
 */
export function expOf(x: Expression, bind: Bind): Expression {
  if (scalarOf(x) === "f64") return unary("f64.exp", x)
  const f = (value: number): Expression => constant("f32", value)
  const bounded = bind(min(max(x, f(-104)), f(89)))
  const scaled = bind(mul(bounded, f(1.44269504088896341)))
  const half = select(binary("f32.lt", scaled, f(0)), f(-0.5), f(0.5))
  const n = bind(unary("i32.from_f32", add(scaled, half)))
  const whole = bind(unary("f32.from_i32", n))
  const r = bind(sub(sub(bounded, mul(whole, f(0.693359375))), mul(whole, f(-2.1219444e-4))))
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  ]
  const polynomial = coefficients.map(f).reduce((sum, c) => add(mul(sum, r), c))
  const powerOf = (exponent: Expression): Expression => unary("f32.of_bits", shl(add(exponent, i32(127)), 23))
  const low = bind(shrS(n, 1))
  return mul(mul(add(add(mul(mul(polynomial, r), r), r), f(1)), powerOf(low)), powerOf(sub(n, low)))
}

/**
 * Natural logarithm, within 1 unit in the last place for every float; log 0 = -∞, NaN below 0 and for NaN.
 * x = 2ᵉ m, √½ ≤ m < √2; a polynomial for log m. Source: Moshier, Cephes mathematical library 2.2, logf.
 */
export function logOf(x: Expression, bind: Bind): Expression {
  if (scalarOf(x) === "f64") return unary("f64.log", x)
  const f = (value: number): Expression => constant("f32", value)
  const isSmall = bind(binary("f32.lt", x, f(2 ** -126))) // a subnormal is lifted first
  const bits = bind(unary("i32.bits_of_f32", select(isSmall, mul(x, f(2 ** 23)), x)))
  const mantissa = bind(unary("f32.of_bits", or(and(bits, 0x7fffff), 0x3f000000))) // in [½, 1)
  const isLow = bind(binary("f32.lt", mantissa, f(0.707106781186547524)))
  const lifted = select(isSmall, i32(126 + 23), i32(126))
  const e = bind(unary("f32.from_i32", sub(sub(and(shrU(bits, 23), 0xff), lifted), isLow)))
  const z = bind(sub(select(isLow, add(mantissa, mantissa), mantissa), f(1)))
  const coefficients = [
    7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  ]
  const square = bind(mul(z, z))
  const polynomial = coefficients.map(f).reduce((sum, c) => add(mul(sum, z), c))
  const correction = sub(add(mul(mul(polynomial, z), square), mul(e, f(-2.1219444e-4))), mul(f(0.5), square))
  const value = add(add(z, correction), mul(e, f(0.693359375)))
  const special = select(binary("f32.eq", x, f(0)), f(-Infinity), f(NaN))
  const isOrdinary = binary("f32.lt", f(0), x)
  const finite = select(binary("f32.lt", x, f(Infinity)), value, x)
  return select(isOrdinary, finite, special)
}
