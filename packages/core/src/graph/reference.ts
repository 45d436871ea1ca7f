import { DTYPE, type Dtype, type Scalar } from "../base/dtype.ts"
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts"
import {
  add,
  and,
  binary,
  clamp,
  constant,
  i32,
  type Local,
  less,
  let_,
  load,
  loop,
  loopUpTo,
  max,
  min,
  mul,
  parallel,
  select,
  set,
  shl,
  shrU,
  store,
  sub,
  total,
} from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"

/** Where a reference expansion gets fresh locals and working memory from. */
export interface Scratch {
  locals<Name extends string>(scalars: Readonly<Record<Name, Scalar>>): Readonly<Record<Name, Local>>
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
 * y = Σ x along an axis, which stays with length 1: 16 interleaved partial sums, then a fixed tree. The bits depend
 * neither on the width of vectors nor on the place of the axis.
 */
export const sumLoops =
  (axis: number): Loops =>
  ([x], y, scratch) => {
    const [length, inner] = [x!.shape[axis]!, stridesOf(x!.shape)[axis]!]
    const [outer, chunks, rest] = [sizeOf(x!.shape.slice(0, axis)), Math.floor(length / 16), length % 16]
    const scalar = scalarIn(x!)
    const partial = scratch.buffer(x!.buffer.dtype, 16)
    const { o, s, start, lane, chunk, left, sum } = scratch.locals({
      o: "i32",
      s: "i32",
      start: "i32",
      lane: "i32",
      chunk: "i32",
      left: "i32",
      sum: scalar,
    })
    const at = (step: Expression): Expression => load(x!.buffer, add(start, offset([step, inner])))
    const tree = [8, 4, 2, 1].map((half) => {
      const { place } = scratch.locals({ place: "i32" })
      const both = add(load(partial, place), load(partial, add(place, i32(half))))
      return parallel(place, half, [store(partial, place, both)])
    })
    const leftOver = add(load(partial, left), at(add(left, i32(16 * chunks))))
    return [
      loop(o, outer, [
        loop(s, inner, [
          let_(start, add(mul(o, i32(length * inner)), s)),
          parallel(lane, 16, [
            let_(sum, constant(scalar, 0)),
            loop(chunk, chunks, [set(sum, add(sum, at(add(mul(chunk, i32(16)), lane))))]),
            store(partial, lane, sum),
          ]),
          parallel(left, rest, [store(partial, left, leftOver)]),
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
    const { o, s, k, best } = scratch.locals({ o: "i32", s: "i32", k: "i32", best: scalarIn(x!) })
    const at = (step: Expression): Expression => load(x!.buffer, offset([o, length * inner], [s, 1], [step, inner]))
    return [
      loop(o, sizeOf(x!.shape.slice(0, axis)), [
        loop(s, inner, [
          let_(best, at(i32(0))),
          loop(k, length, [set(best, max(best, at(k)))]),
          store(y.buffer, offset([o, inner], [s, 1]), best),
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
    const [rows, columns, depth] = [y.shape[0]!, y.shape[1]!, a!.shape[transposeLeft ? 0 : 1]!]
    const scalar = scalarIn(y)
    const { m, n, k, sum, left } = scratch.locals({ m: "i32", n: "i32", k: "i32", sum: scalar, left: scalar })
    const aAt = transposeLeft ? offset([k, rows], [m, 1]) : offset([m, depth], [k, 1])
    const right = transposeRight ? scratch.buffer(b!.buffer.dtype, depth * columns) : b!.buffer
    return [
      ...(transposeRight ? transposed(b!, right, scratch) : []),
      loop(m, rows, [
        parallel(n, columns, [
          let_(sum, constant(scalar, 0)),
          loop(k, depth, [
            let_(left, load(a!.buffer, aAt)),
            set(sum, add(sum, mul(left, load(right, offset([k, columns], [n, 1]))))),
          ]),
          store(y.buffer, offset([m, columns], [n, 1]), sum),
        ]),
      ]),
    ]
  }

/** Turned once, so that the lanes of a product read neighbours. */
function transposed({ buffer, shape }: Operand, into: Buffer, scratch: Scratch): Block {
  const [rows, columns] = [shape[0]!, shape[1]!]
  const { i, j } = scratch.locals({ i: "i32", j: "i32" })
  const value = load(buffer, offset([i, columns], [j, 1]))
  return [loop(i, rows, [loop(j, columns, [store(into, offset([j, rows], [i, 1]), value)])])]
}

/** A slot out of range counts as the nearest row: memory may hold anything. */
const rowOf = (slots: Operand, at: Expression, rows: number): Expression => clamp(load(slots.buffer, at), 0, rows - 1)

/** y[b,:] = Σ_{f < count[b]} table[slots[b,f], :], summed in the order of f. An embedding bag. */
export const gatherSumLoops: Loops = ([table, slots, count], y, scratch) => {
  const [rows, width, most] = [table!.shape[0]!, table!.shape[1]!, slots!.shape[1]!]
  const scalar = scalarIn(y)
  const { b, d, f, row, sum } = scratch.locals({ b: "i32", d: "i32", f: "i32", row: "i32", sum: scalar })
  return [
    loop(b, y.shape[0]!, [
      parallel(d, width, [
        let_(sum, constant(scalar, 0)),
        loopUpTo(f, load(count!.buffer, b), most, [
          let_(row, mul(rowOf(slots!, offset([b, most], [f, 1]), rows), i32(width))),
          set(sum, add(sum, load(table!.buffer, add(row, d)))),
        ]),
        store(y.buffer, offset([b, width], [d, 1]), sum),
      ]),
    ]),
  ]
}

/** y[r,:] = Σ over all (b, f < count[b]) with slots[b,f] = r of rows[b,:], summed in the order of (b, f). */
export const scatterAddLoops: Loops = ([rows, slots, count], y, scratch) => {
  const [length, width, most] = [y.shape[0]!, y.shape[1]!, slots!.shape[1]!]
  const { i, b, f, d, row, source } = scratch.locals({
    i: "i32",
    b: "i32",
    f: "i32",
    d: "i32",
    row: "i32",
    source: "i32",
  })
  const at = add(row, d)
  return [
    parallel(i, length * width, [store(y.buffer, i, constant(scalarIn(y), 0))]),
    loop(b, rows!.shape[0]!, [
      let_(source, mul(b, i32(width))),
      loopUpTo(f, load(count!.buffer, b), most, [
        let_(row, mul(rowOf(slots!, offset([b, most], [f, 1]), length), i32(width))),
        parallel(d, width, [store(y.buffer, at, add(load(y.buffer, at), load(rows!.buffer, add(source, d))))]),
      ]),
    ]),
  ]
}

/** round(2¹⁵ · 2^(-i/256)), i = 0 … 255. */
const POWERS = powersOfTwo()
function powersOfTwo(): readonly number[] {
  // The 256th root of ½ by eight correctly rounded square roots, then powers: no library's pow, whose last bit varies.
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
  const { b, c, d, e, start, best, gap, part, sum } = scratch.locals({
    b: "i32",
    c: "i32",
    d: "i32",
    e: "i32",
    start: "i32",
    best: "i32",
    gap: "i32",
    part: "i32",
    sum: "i32",
  })
  const at = (column: Expression): Expression => load(x!.buffer, add(start, column))
  // part · 2¹⁶ and half of the sum, which rounds the quotient, stay below 2³²: parts have 15 bits.
  const share = binary("i32.div_u", add(shl(load(parts, e), 16), shrU(sum, 1)), sum)
  return [
    loop(b, rows, [
      let_(start, mul(b, i32(columns))),
      let_(best, load(x!.buffer, start)),
      loop(c, columns, [set(best, max(best, at(c)))]),
      let_(sum, i32(0)),
      loop(d, columns, [
        let_(gap, clamp(sub(best, at(d)), 0, 16 * 256 - 1)),
        let_(part, shrU(load(powers, and(gap, 255)), shrU(gap, 8))),
        store(parts, d, part),
        set(sum, add(sum, part)),
      ]),
      loop(e, columns, [store(y.buffer, add(start, e), min(share, i32(65535)))]),
    ]),
  ]
}

/** y[b] = the place of the largest x[b,·]; of equals the first. */
export const argmaxLoops: Loops = ([x], y, scratch) => {
  const [rows, columns] = [x!.shape[0]!, x!.shape[1]!]
  const { b, c, start, best, place, value } = scratch.locals({
    b: "i32",
    c: "i32",
    start: "i32",
    best: "i32",
    place: "i32",
    value: "i32",
  })
  return [
    loop(b, rows, [
      let_(start, mul(b, i32(columns))),
      let_(best, load(x!.buffer, start)),
      let_(place, i32(0)),
      loop(c, columns, [
        let_(value, load(x!.buffer, add(start, c))),
        set(place, select(less(best, value), c, place)),
        set(best, max(best, value)),
      ]),
      store(y.buffer, b, place),
    ]),
  ]
}
