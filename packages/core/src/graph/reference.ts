import { DTYPE, type Dtype, type Scalar } from "../base/dtype.ts"
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts"
import {
  add,
  and,
  binary,
  clamp,
  constant,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  max,
  min,
  mul,
  or,
  parallel,
  select,
  set,
  shl,
  shrS,
  shrU,
  store,
  sub,
  total,
  unary,
} from "../ir/build.ts"
import { type Block, type Buffer, type Expression, scalarOf } from "../ir/program.ts"

/** Where a reference expansion gets fresh names and working memory from. */
export interface Scratch {
  name(stem: string): string
  buffer(dtype: Dtype, length: number): Buffer
  table(dtype: Dtype, values: readonly number[]): Buffer
}
/** A tensor as a reference expansion sees it: a buffer with a shape. */
export interface Operand {
  readonly buffer: Buffer
  readonly shape: Shape
}
export type Loops = (inputs: readonly Operand[], output: Operand, scratch: Scratch) => Block

const offset = (...terms: readonly (readonly [index: Expression, stride: number])[]): Expression =>
  total(...terms.map(([index, stride]) => (stride === 1 ? index : mul(index, i32(stride)))))
const scalarIn = ({ buffer }: Operand): Scalar => DTYPE[buffer.dtype].scalar

/**
 * eˣ, within 1 unit in the last place for every float; 0 below -104, infinite above 88.8, NaN for NaN.
 * x = n ln 2 + r, |r| ≤ ln 2 / 2; a polynomial for eʳ; 2ⁿ in two factors, so that subnormals come out too.
 * Source: Moshier, Cephes mathematical library 2.2, expf.
 */
export function expOf(x: Expression): Expression {
  if (scalarOf(x) === "f64") return unary("f64.exp", x)
  const f = (value: number): Expression => constant("f32", value)
  const bounded = min(max(x, f(-104)), f(89))
  const scaled = mul(bounded, f(1.44269504088896341))
  const half = select(binary("f32.lt", scaled, f(0)), f(-0.5), f(0.5))
  const n = unary("i32.from_f32", add(scaled, half))
  const whole = unary("f32.from_i32", n)
  const r = sub(sub(bounded, mul(whole, f(0.693359375))), mul(whole, f(-2.1219444e-4)))
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  ]
  const polynomial = coefficients.map(f).reduce((sum, c) => add(mul(sum, r), c))
  const powerOf = (exponent: Expression): Expression => unary("f32.of_bits", shl(add(exponent, i32(127)), 23))
  const low = shrS(n, 1)
  return mul(mul(add(add(mul(mul(polynomial, r), r), r), f(1)), powerOf(low)), powerOf(sub(n, low)))
}

/**
 * Natural logarithm, within 1 unit in the last place for every float; log 0 = -∞, NaN below 0 and for NaN.
 * x = 2ᵉ m, √½ ≤ m < √2; a polynomial for log m. Source: Moshier, Cephes mathematical library 2.2, logf.
 */
export function logOf(x: Expression): Expression {
  if (scalarOf(x) === "f64") return unary("f64.log", x)
  const f = (value: number): Expression => constant("f32", value)
  const [isSmall, lift] = [binary("f32.lt", x, f(2 ** -126)), f(2 ** 23)] // a subnormal is lifted first
  const bits = unary("i32.bits_of_f32", select(isSmall, mul(x, lift), x))
  const mantissa = unary("f32.of_bits", or(and(bits, 0x7fffff), 0x3f000000)) // in [½, 1)
  const isLow = binary("f32.lt", mantissa, f(0.707106781186547524))
  const lifted = select(isSmall, i32(126 + 23), i32(126))
  const e = unary("f32.from_i32", sub(sub(and(shrU(bits, 23), 0xff), lifted), isLow))
  const z = sub(select(isLow, add(mantissa, mantissa), mantissa), f(1))
  const coefficients = [
    7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  ]
  const square = mul(z, z)
  const polynomial = coefficients.map(f).reduce((sum, c) => add(mul(sum, z), c))
  const correction = sub(add(mul(mul(polynomial, z), square), mul(e, f(-2.1219444e-4))), mul(f(0.5), square))
  const value = add(add(z, correction), mul(e, f(0.693359375)))
  const special = select(binary("f32.eq", x, f(0)), f(-Infinity), f(NaN))
  const isOrdinary = binary("f32.lt", f(0), x)
  const finite = select(binary("f32.lt", x, f(Infinity)), value, x)
  return select(isOrdinary, finite, special)
}

const TREE = [8, 4, 2, 1]
/**
 * y = Σ x along an axis, which stays with length 1: 16 interleaved partial sums, then a fixed tree. The bits depend
 * neither on the width of vectors nor on the place of the axis.
 */
export const sumLoops =
  (axis: number): Loops =>
  ([x], y, scratch) => {
    const [length, inner] = [x!.shape[axis]!, stridesOf(x!.shape)[axis]!]
    const names = (stem: string): Expression => local(scratch.name(stem))
    const [o, s, j, t] = [names("outer"), names("inner"), names("lane"), names("chunk")]
    const zero = constant(scalarIn(x!), 0)
    const partial = scratch.buffer(x!.buffer.dtype, 16)
    const base = names("base")
    const sum = local(scratch.name("sum"), scalarIn(x!))
    const chunks = Math.floor(length / 16)
    const rest = length % 16
    const nameOf = (e: Expression): string => (e.kind === "local" ? e.name : "")
    const at = (step: Expression): Expression => load(x!.buffer, total(base, offset([step, inner])))
    const tree = TREE.map((half): Block[number] => {
      const k = names("half")
      const both = add(load(partial, k), load(partial, add(k, i32(half))))
      return parallel(nameOf(k), half, [store(partial, k, both)])
    })
    const left = names("left")
    const last = add(left, i32(16 * chunks))
    const outer = sizeOf(x!.shape.slice(0, axis))
    return [
      loop(nameOf(o), outer, [
        loop(nameOf(s), inner, [
          let_(nameOf(base), add(mul(o, i32(length * inner)), s)),
          parallel(nameOf(j), 16, [
            let_(nameOf(sum), zero),
            loop(nameOf(t), chunks, [set(nameOf(sum), add(sum, at(add(mul(t, i32(16)), j))))]),
            store(partial, j, sum),
          ]),
          ...(rest > 0
            ? [parallel(nameOf(left), rest, [store(partial, left, add(load(partial, left), at(last)))])]
            : []),
          ...tree,
          store(y.buffer, offset([o, inner], [s, 1]), load(partial, i32(0))),
        ]),
      ]),
    ]
  }

/** y = the largest x along an axis, compared in order: the first of equals stays, NaN loses unless it comes first. */
export const maximumLoops =
  (axis: number): Loops =>
  ([x], y, scratch) => {
    const [length, inner] = [x!.shape[axis]!, stridesOf(x!.shape)[axis]!]
    const [o, s, k] = [scratch.name("outer"), scratch.name("inner"), scratch.name("k")]
    const best = local(scratch.name("best"), scalarIn(x!))
    const name = best.kind === "local" ? best.name : ""
    const base = offset([local(o), length * inner], [local(s), 1])
    const at = (step: Expression): Expression => load(x!.buffer, total(base, offset([step, inner])))
    return [
      loop(o, sizeOf(x!.shape.slice(0, axis)), [
        loop(s, inner, [
          let_(name, at(i32(0))),
          loop(k, length, [set(name, max(best, at(local(k))))]),
          store(y.buffer, offset([local(o), inner], [local(s), 1]), best),
        ]),
      ]),
    ]
  }

/**
 * y[m,n] = Σₖ a[m,k] · b[k,n], summed in the order of k, rounded (f32) or wrapped (integers, i32) at every step.
 * Either side may lie transposed. Outputs are lanes, so neither vectors nor threads change the order of a sum.
 */
export const matmulLoops =
  (transposeLeft: boolean, transposeRight: boolean): Loops =>
  ([a, b], y, scratch) => {
    const [rows, columns] = [y.shape[0]!, y.shape[1]!]
    const depth = a!.shape[transposeLeft ? 0 : 1]!
    const [m, n, k, sum, left] = ["m", "n", "k", "sum", "left"].map((stem) => scratch.name(stem)) as [
      string,
      string,
      string,
      string,
      string,
    ]
    const scalar = scalarIn(y)
    const aAt = transposeLeft ? offset([local(k), rows], [local(m), 1]) : offset([local(m), depth], [local(k), 1])
    const right = transposeRight ? scratch.buffer(b!.buffer.dtype, depth * columns) : b!.buffer
    return [
      ...(transposeRight ? transposed(b!, right, scratch) : []),
      loop(m, rows, [
        parallel(n, columns, [
          let_(sum, constant(scalar, 0)),
          loop(k, depth, [
            let_(left, load(a!.buffer, aAt)),
            set(
              sum,
              add(
                local(sum, scalar),
                mul(local(left, scalar), load(right, offset([local(k), columns], [local(n), 1]))),
              ),
            ),
          ]),
          store(y.buffer, offset([local(m), columns], [local(n), 1]), local(sum, scalar)),
        ]),
      ]),
    ]
  }

/** Turned once, so that the lanes of a product read neighbours. */
function transposed({ buffer, shape }: Operand, into: Buffer, scratch: Scratch): Block {
  const [rows, columns] = [shape[0]!, shape[1]!]
  const [i, j] = [scratch.name("i"), scratch.name("j")]
  const value = load(buffer, offset([local(i), columns], [local(j), 1]))
  return [loop(i, rows, [loop(j, columns, [store(into, offset([local(j), rows], [local(i), 1]), value)])])]
}

/** A slot out of range counts as the nearest row: memory may hold anything. */
const rowOf = (slots: Operand, at: Expression, rows: number): Expression => clamp(load(slots.buffer, at), 0, rows - 1)

/** y[b,:] = Σ_{f < count[b]} table[slots[b,f], :], summed in the order of f. An embedding bag. */
export const gatherSumLoops: Loops = ([table, slots, count], y, scratch) => {
  const [rows, width] = [table!.shape[0]!, table!.shape[1]!]
  const most = slots!.shape[1]!
  const [b, d, f, sum, row] = ["b", "d", "f", "sum", "row"].map((stem) => scratch.name(stem)) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const scalar = scalarIn(y)
  return [
    loop(b, y.shape[0]!, [
      parallel(d, width, [
        let_(sum, constant(scalar, 0)),
        loopUpTo(f, load(count!.buffer, local(b)), most, [
          let_(row, mul(rowOf(slots!, offset([local(b), most], [local(f), 1]), rows), i32(width))),
          set(sum, add(local(sum, scalar), load(table!.buffer, add(local(row), local(d))))),
        ]),
        store(y.buffer, offset([local(b), width], [local(d), 1]), local(sum, scalar)),
      ]),
    ]),
  ]
}

/** y[r,:] = Σ over all (b, f < count[b]) with slots[b,f] = r of rows[b,:], summed in the order of (b, f). */
export const scatterAddLoops: Loops = ([rows, slots, count], y, scratch) => {
  const [length, width] = [y.shape[0]!, y.shape[1]!]
  const most = slots!.shape[1]!
  const [b, d, f, row, i, source] = ["b", "d", "f", "row", "i", "source"].map((stem) => scratch.name(stem)) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const at = add(local(row), local(d))
  return [
    parallel(i, length * width, [store(y.buffer, local(i), constant(scalarIn(y), 0))]),
    loop(b, rows!.shape[0]!, [
      let_(source, mul(local(b), i32(width))),
      loopUpTo(f, load(count!.buffer, local(b)), most, [
        let_(row, mul(rowOf(slots!, offset([local(b), most], [local(f), 1]), length), i32(width))),
        parallel(d, width, [
          store(y.buffer, at, add(load(y.buffer, at), load(rows!.buffer, add(local(source), local(d))))),
        ]),
      ]),
    ]),
  ]
}

/** round(2¹⁵ · 2^(-i/256)), i = 0 … 255. */
const POWERS = powersOfTwo()
function powersOfTwo(): readonly number[] {
  // The 256th root of ½ by eight exact-rounded square roots, then powers: no library's pow, whose last bit varies.
  let root = 0.5
  for (let i = 0; i < 8; i++) root = Math.sqrt(root)
  const powers = [1]
  while (powers.length < 256) powers.push(powers.at(-1)! * root)
  return powers.map((power) => Math.round(power * 32768))
}

/** A sum of this many parts of up to 2¹⁵ is at most 2³¹. */
export const SOFTMAX_COLUMNS_MAX = 65536
/**
 * p[b,c] = 2^(x[b,c] / 256) / Σ 2^(x[b,·] / 256), in units of 2⁻¹⁶, at most 65535: a softmax over logits in 1/256 bit.
 * Integers only; a distance to the largest logit of 16 bits or more counts as 0. Error: at most 2⁻¹⁴, and
 * 2⁻¹⁴ relative for each other column: every part is cut to 15 bits below the largest.
 */
export const softmaxBitsLoops: Loops = ([x], y, scratch) => {
  const [rows, columns] = [x!.shape[0]!, x!.shape[1]!]
  const powers = scratch.table("u16", POWERS)
  const parts = scratch.buffer("i32", columns)
  const [b, c, d, e, best, sum, gap, part, start] = ["b", "c", "d", "e", "best", "sum", "gap", "part", "start"].map(
    (stem) => scratch.name(stem),
  ) as [string, string, string, string, string, string, string, string, string]
  const at = (column: string): Expression => load(x!.buffer, add(local(start), local(column)))
  const power = shrU(load(powers, and(local(gap), 255)), shrU(local(gap), 8))
  // A sum of up to 2¹⁶ parts of up to 2¹⁵ fits; the quotient of part · 2¹⁶ needs it below 2³², so parts have 15 bits.
  return [
    loop(b, rows, [
      let_(start, mul(local(b), i32(columns))),
      let_(best, at0(x!.buffer, local(start))),
      loop(c, columns, [set(best, max(local(best), at(c)))]),
      let_(sum, i32(0)),
      loop(d, columns, [
        let_(gap, clamp(sub(local(best), at(d)), 0, 16 * 256 - 1)),
        let_(part, power),
        store(parts, local(d), local(part)),
        set(sum, add(local(sum), local(part))),
      ]),
      loop(e, columns, [
        store(
          y.buffer,
          add(local(start), local(e)),
          min(binary("i32.div_u", add(shl(load(parts, local(e)), 16), shrU(local(sum), 1)), local(sum)), i32(65535)),
        ),
      ]),
    ]),
  ]
}
const at0 = (buffer: Buffer, start: Expression): Expression => load(buffer, start)

/** y[b] = the place of the largest x[b,·]; of equals the first. */
export const argmaxLoops: Loops = ([x], y, scratch) => {
  const [rows, columns] = [x!.shape[0]!, x!.shape[1]!]
  const [b, c, best, place, start, value] = ["b", "c", "best", "place", "start", "value"].map((stem) =>
    scratch.name(stem),
  ) as [string, string, string, string, string, string]
  const wins = less(local(best), local(value))
  return [
    loop(b, rows, [
      let_(start, mul(local(b), i32(columns))),
      let_(best, at0(x!.buffer, local(start))),
      let_(place, i32(0)),
      loop(c, columns, [
        let_(value, load(x!.buffer, add(local(start), local(c)))),
        set(place, select(wins, local(c), local(place))),
        set(best, max(local(best), local(value))),
      ]),
      store(y.buffer, local(b), local(place)),
    ]),
  ]
}
