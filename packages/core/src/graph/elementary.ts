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
  const polynomial = polynomialOf(coefficients, r)
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
  const polynomial = polynomialOf(coefficients, z)
  const correction = sub(add(mul(mul(polynomial, z), square), mul(e, f(-2.1219444e-4))), mul(f(0.5), square))
  const value = add(add(z, correction), mul(e, f(0.693359375)))
  const special = select(binary("f32.eq", x, f(0)), f(-Infinity), f(NaN))
  const isOrdinary = binary("f32.lt", f(0), x)
  const finite = select(binary("f32.lt", x, f(Infinity)), value, x)
  return select(isOrdinary, finite, special)
}

/** ⌊x⌋, exact; that of -0 is 0, that of NaN is NaN. */
export function floorOf(x: Expression, bind: Bind): Expression {
  const scalar = floatOf(x)
  const f = (value: number): Expression => constant(scalar, value)
  const toward = bind(unary(`i32.from_${scalar}`, x))
  const whole = bind(unary(`${scalar}.from_i32`, toward))
  const floor = select(binary(`${scalar}.lt`, x, whole), sub(whole, f(1)), whole)
  const most = 2 ** (scalar === "f64" ? 31 : 23) // f32 beyond has no fraction; f64, for gradient checks, ends with i32
  const isSmall = binary(`${scalar}.lt`, max(sub(f(0), x), x), f(most))
  return select(isSmall, floor, x)
}

/**
 * 1 / (1 + e⁻ˣ), within 3 units in the last place for every float; NaN for NaN.
 * With e^-|x|, which cannot overflow, so that small ones come out too.
 */
export function sigmoidOf(x: Expression, bind: Bind): Expression {
  const scalar = floatOf(x)
  const f = (value: number): Expression => constant(scalar, value)
  const e = bind(expOf(bind(min(x, sub(f(0), x))), bind))
  const numerator = select(binary(`${scalar}.lt`, x, f(0)), e, f(1))
  return binary(`${scalar}.div`, numerator, add(f(1), e))
}

/**
 * tanh x, within 2 units in the last place for every float; NaN for NaN.
 * A polynomial below 0.625, else 1 − 2 / (e^2|x| + 1) with the sign of x. Source: Cephes 2.2, tanhf.
 */
export function tanhOf(x: Expression, bind: Bind): Expression {
  const scalar = floatOf(x)
  const f = (value: number): Expression => constant(scalar, value)
  const size = bind(max(sub(f(0), x), x))
  const far = bind(sub(f(1), binary(`${scalar}.div`, f(2), add(bind(expOf(bind(add(size, size)), bind)), f(1)))))
  const signed = select(binary(`${scalar}.lt`, x, f(0)), sub(f(0), far), far)
  if (scalar === "f64") return signed
  const z = bind(mul(x, x))
  const coefficients = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]
  const near = add(mul(mul(polynomialOf(coefficients, z), z), x), x)
  return select(binary("f32.lt", size, f(0.625)), near, signed)
}

const floatOf = (x: Expression): "f32" | "f64" => (scalarOf(x) === "f64" ? "f64" : "f32")
/** By Horner, the highest power first. */
const polynomialOf = (coefficients: readonly number[], z: Expression): Expression =>
  coefficients.map((value) => constant(scalarOf(z), value)).reduce((sum, c) => add(mul(sum, z), c))

/**
 * sin x and cos x for |x| ≤ 2²⁰, within 3 units in the last place; NaN beyond, where neighbours lie ⅛ and more
 * apart, and for NaN. x = q π/2 + r, |r| ≤ π/4, and a polynomial for each quadrant. π/2 is taken in pieces of 13 bits
 * and q in two of 10, so that their products are exact. Sources: Cody & Waite 1980, chapter 8; Cephes 2.2, sinf.
 */
export const sinOf = (x: Expression, bind: Bind): Expression => quadrantOf(x, 0, bind)
export const cosOf = (x: Expression, bind: Bind): Expression => quadrantOf(x, 1, bind)

function quadrantOf(x: Expression, turned: 0 | 1, bind: Bind): Expression {
  const scalar = floatOf(x)
  const f = (value: number): Expression => constant(scalar, value)
  const isF64 = scalar === "f64"
  const scaled = bind(mul(x, f(2 / Math.PI)))
  const half = select(binary(`${scalar}.lt`, scaled, f(0)), f(-0.5), f(0.5))
  const q = bind(unary(`i32.from_${scalar}`, add(scaled, half)))
  const r = bind(isF64 ? remainderF64(x, q) : remainderOf(x, q, bind))
  const z = bind(mul(r, r))
  const [ofSin, ofCos] = isF64 ? SINE_F64 : SINE
  const sine = add(mul(mul(polynomialOf(ofSin, z), z), r), r)
  const cosine = add(sub(mul(mul(polynomialOf(ofCos, z), z), z), mul(f(0.5), z)), f(1))
  const quadrant = turned === 0 ? q : bind(add(q, i32(1)))
  const value = bind(select(and(quadrant, 1), cosine, sine))
  const signed = select(and(quadrant, 2), sub(f(0), value), value)
  const isNear = binary(`${scalar}.le`, max(sub(f(0), x), x), f(2 ** 20))
  return select(isNear, signed, f(NaN))
}
/** π/2 in pieces of 13 bits, the last one of 24. */
const PIECES = [
  1.570556640625, 2.396702766418457e-4, 1.5890691429376602e-8, 2.5632829192545614e-12, 6.123233601181349e-17,
]
function remainderOf(x: Expression, q: Expression, bind: Bind): Expression {
  const high = bind(and(add(q, i32(512)), -1024))
  const [far, near] = [high, sub(q, high)].map((part) => bind(unary("f32.from_i32", part)))
  const times = (part: Expression, piece: number): Expression => mul(part, constant("f32", piece))
  return PIECES.reduce((rest, piece) => sub(sub(rest, times(far!, piece)), times(near!, piece)), x)
}
/** Polynomials of sin r / r - 1 and of cos r, from r⁶ and r⁸ or r¹² and r¹⁴ down. */
const SINE = [
  [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1],
  [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2],
] as const
const SINE_F64 = [
  [
    1.58962301576546568e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4,
    8.33333333332211858878e-3, -1.66666666666666307295e-1,
  ],
  [
    -1.135853652138768173e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5,
    -1.38888888888730564116e-3, 4.16666666666665929218e-2,
  ],
] as const
const remainderF64 = (x: Expression, q: Expression): Expression =>
  [1.5707962512969971, 7.549789415861596e-8, 5.390302858158119e-15].reduce(
    (rest, piece) => sub(rest, mul(unary("f64.from_i32", q), constant("f64", piece))),
    x,
  )
