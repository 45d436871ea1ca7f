import { DTYPE, type Dtype } from "../../base/dtype.ts"
import { powersOfHalf } from "../../base/powers.ts"
import { isProblem, type Problem } from "../../base/problem.ts"
import { sizeOf } from "../../base/shape.ts"
import * as ir from "../../ir/build.ts"
import { type Expression, scalarOf, type Unary } from "../../ir/program.ts"
import * as read from "../attributes.ts"
import type { Node } from "../graph.ts"
import type { Table } from "../operations.ts"
import { type Loops, offset } from "../reference.ts"
import { MULTIPLIER_MAX, requantised, SATURATION, SHIFT_MAX, SHIFT_MIN } from "../requantise.ts"
import { element, integers, isInteger, loops, noMatrix, noSlopes, rank2, same, uniform, wrongDtype } from "./shared.ts"

const i32Only = (inputs: readonly Node[]): Dtype | Problem => {
  const other = inputs.find(({ dtype }) => dtype !== "i32")
  return other ? wrongDtype(other, "i32") : "i32"
}

/** What integer programs are made of besides sums and products. None has a gradient: they are staircases. */
export const INTEGER: Table<
  | ("convert" | "shift_left" | "shift_right" | "bitwise_and" | "bitwise_or" | "requantise")
  | ("lookup" | "integer_sqrt" | "unpack_nibbles" | "softmax_bits")
> = {
  convert: {
    // the nearest number of the dtype: saturating; from floats towards zero, NaN to 0; to floats rounded
    inputs: 1,
    attributes: { dtype: read.dtype },
    shape: same,
    dtype: (_, { dtype }) => (dtype === "f64" ? wrongDtype({ dtype }, "a dtype of modules") : dtype),
    gradient: (dy, { inputs: [a], dtype }) => [isInteger(a) || dtype !== a.dtype ? undefined : dy],
    reference: { kind: "element", value: ([a], { dtype }) => converted(a!, dtype) },
  },
  shift_left: {
    inputs: 1,
    attributes: { shift: read.shift },
    shape: shifted,
    dtype: i32Only,
    gradient: noSlopes,
    reference: { kind: "element", value: ([a], { shift }) => ir.shl(a!, shift) },
  },
  shift_right: {
    // ⌊x / 2^shift⌋
    inputs: 1,
    attributes: { shift: read.shift },
    shape: shifted,
    dtype: (inputs) => integers(inputs, inputs[0].dtype),
    gradient: noSlopes,
    reference: { kind: "element", value: ([a], { shift }) => ir.shrS(a!, shift) },
  },
  bitwise_and: {
    inputs: 2,
    attributes: {},
    shape: same,
    dtype: bits,
    gradient: noSlopes,
    reference: element((a, b) => ir.and(a!, b!)),
  },
  bitwise_or: {
    inputs: 2,
    attributes: {},
    shape: same,
    dtype: bits,
    gradient: noSlopes,
    reference: element((a, b) => ir.or(a!, b!)),
  },
  requantise: {
    inputs: 2,
    attributes: { shift: read.shift, dtype: read.dtype as read.Reader<keyof typeof SATURATION> },
    shape: (inputs, { shift }) =>
      shift >= SHIFT_MIN && shift <= SHIFT_MAX && Number.isInteger(shift) ? same(inputs) : noShift(shift),
    dtype(inputs, { dtype }) {
      if (!Object.hasOwn(SATURATION, dtype)) return wrongDtype({ dtype }, Object.keys(SATURATION).join(", "))
      const found = i32Only(inputs)
      return isProblem(found) ? found : dtype
    },
    gradient: noSlopes,
    // A multiplier out of 1 … 32767 would not overflow the meaning of i32, but is refused where modules are read.
    reference: {
      kind: "element",
      value: ([x, m], { shift, dtype }) => requantised(x!, ir.clamp(m!, 0, MULTIPLIER_MAX), shift, dtype),
    },
  },
  lookup: {
    inputs: 2,
    attributes: {},
    shape: ([x, table]) => (sizeOf(table.shape) === 256 && table.shape.length === 1 ? x.shape : noTable(table)),
    dtype: ([x, table]) => {
      if (DTYPE[x.dtype].bytes !== 1) return wrongDtype(x, "i8 or u8")
      return integers([table], table.dtype)
    },
    gradient: noSlopes,
    reference: loops(lookupLoops),
  },
  integer_sqrt: {
    inputs: 1,
    attributes: {},
    shape: same,
    dtype: (inputs) => integers(inputs, "i32"),
    gradient: noSlopes,
    reference: loops(integerSqrtLoops),
  },
  unpack_nibbles: {
    inputs: 1,
    attributes: {},
    shape: ([a]) => (a.shape.length > 0 ? a.shape.with(-1, 2 * a.shape.at(-1)!) : noMatrix(a)),
    dtype: ([a]) => (a.dtype === "u8" ? "i8" : wrongDtype(a, "u8")),
    gradient: noSlopes,
    reference: loops(unpackNibblesLoops),
  },
  softmax_bits: {
    inputs: 1,
    attributes: {},
    shape: ([a]) => rank2(a) ?? (a.shape[1]! > SOFTMAX_COLUMNS_MAX ? tooWide(a) : a.shape),
    dtype: ([a]) => (a.dtype === "i16" ? "u16" : wrongDtype(a, "i16")),
    gradient: noSlopes,
    reference: loops(softmaxBitsLoops),
  },
}

function bits(inputs: readonly Node[]): Dtype | Problem {
  const found = uniform(inputs)
  return isProblem(found) ? found : integers(inputs, found)
}
function shifted(inputs: readonly [Node], { shift }: { readonly shift: number }): ReturnType<typeof same> {
  return Number.isInteger(shift) && shift >= 0 && shift <= 31 ? same(inputs) : noShift(shift, 0)
}
const noShift = (shift: number, low = SHIFT_MIN): Problem => ({
  code: "OB316",
  seen: `A shift of ${shift}.`,
  hint: low === 0 ? "0 to 31: an i32 has no more bits." : `${SHIFT_MIN} to ${SHIFT_MAX}: scales below a quarter.`,
})
const tooWide = ({ shape }: Node): Problem => ({
  code: "OB319",
  seen: `A softmax over ${shape[1]} columns.`,
  hint: `${SOFTMAX_COLUMNS_MAX} is the limit: a sum of more parts may wrap.`,
})
const noTable = ({ shape }: Node): Problem => ({
  code: "OB325",
  seen: `A table of shape [${shape}].`,
  hint: "Give it one axis of 256 numbers: one for each value of a byte, the lowest first.",
})

/** The nearest number of a dtype. */
function converted(x: Expression, dtype: Dtype): Expression {
  const [from, { scalar, range }] = [scalarOf(x), DTYPE[dtype]]
  if (scalar !== "i32") return from === scalar ? x : ir.unary(`${scalar}.from_${from}` as Unary, x)
  const whole = from === "i32" ? x : ir.unary(`i32.from_${from}`, x)
  return dtype === "i32" ? whole : ir.clamp(whole, range[0], range[1])
}

/** y = table[x − lowest x]: any function of a byte, in one load. */
function lookupLoops(...[[x, table], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const { i } = scratch.locals({ i: "i32" })
  const lowest = x!.buffer.dtype === "i8" ? -128 : 0
  const entry = ir.load(table!.buffer, ir.sub(ir.load(x!.buffer, i), ir.i32(lowest)))
  return [ir.parallel(i, sizeOf(y.shape), [ir.store(y.buffer, i, entry)])]
}

/** y = ⌊√x⌋, exact, 0 for x < 0: bit by bit from the highest. Source: Warren, Hacker's Delight, section 11-1. */
function integerSqrtLoops(...[[x], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const { i, bit, value, root, next } = scratch.locals({
    ...{ i: "i32", bit: "i32", value: "i32", root: "i32", next: "i32" },
  })
  const isAbove = ir.belowU(value, ir.mul(next, next)) // next ≤ 65535: its square fits 32 bits without a sign
  return [
    ir.parallel(i, sizeOf(y.shape), [
      ir.let_(value, ir.max(ir.load(x!.buffer, i), ir.i32(0))),
      ir.let_(root, ir.i32(0)),
      ir.loop(bit, 16, [
        ir.let_(next, ir.or(root, ir.shrU(ir.i32(1 << 15), bit))),
        ir.set(root, ir.select(isAbove, root, next)),
      ]),
      ir.store(y.buffer, i, root),
    ]),
  ]
}

/** Numbers of four bits, stored with 8 added: the low nibble comes first. */
function unpackNibblesLoops(...[[x], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const { i, byte } = scratch.locals({ i: "i32", byte: "i32" })
  const place = ir.mul(i, ir.i32(2))
  return [
    ir.parallel(i, sizeOf(x!.shape), [
      ir.let_(byte, ir.load(x!.buffer, i)),
      ir.store(y.buffer, place, ir.sub(ir.and(byte, 15), ir.i32(8))),
      ir.store(y.buffer, ir.add(place, ir.i32(1)), ir.sub(ir.shrU(byte, 4), ir.i32(8))),
    ]),
  ]
}

/** round(2¹⁵ · 2^(-i/256)), i = 0 … 255. */
export const POWERS = powersOfHalf(2 ** 15)

/** A sum of this many parts of up to 2¹⁵ is at most 2³¹. */
const SOFTMAX_COLUMNS_MAX = 65536
/**
 * p[b,c] = 2^(x[b,c] / 256) / Σ 2^(x[b,·] / 256), in units of 2⁻¹⁶, at most 65535: a softmax over logits in 1/256 bit.
 * Integers only; a distance to the largest logit of 16 bits or more counts as 0. Error: at most 2⁻¹⁴, and
 * 2⁻¹⁴ relative for each other column: every part is cut to 15 bits below the largest.
 */
function softmaxBitsLoops(...[[x], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const [rows, columns] = [x!.shape[0]!, x!.shape[1]!]
  const powers = scratch.table("u16", POWERS)
  const parts = scratch.buffer("i32", rows * columns)
  const { b, c, d, e, start, best, gap, part, sum } = scratch.locals({
    ...{ b: "i32", c: "i32", d: "i32", e: "i32", start: "i32", best: "i32", gap: "i32", part: "i32", sum: "i32" },
  })
  const place = (column: Expression): Expression => offset([start, 1], [column, 1])
  const at = (column: Expression): Expression => ir.load(x!.buffer, place(column))
  // part · 2¹⁶ and half of the sum, which rounds the quotient, stay below 2³²: parts have 15 bits.
  const share = ir.binary("i32.div_u", ir.add(ir.shl(ir.load(parts, place(e)), 16), ir.shrU(sum, 1)), sum)
  return [
    ir.parallel(b, rows, [
      ir.let_(start, ir.mul(b, ir.i32(columns))),
      ir.let_(best, ir.load(x!.buffer, start)),
      ir.loop(c, columns, [ir.set(best, ir.max(best, at(c)))]),
      ir.let_(sum, ir.i32(0)),
      ir.loop(d, columns, [
        ir.let_(gap, ir.clamp(ir.sub(best, at(d)), 0, 16 * 256 - 1)),
        ir.let_(part, ir.shrU(ir.load(powers, ir.and(gap, 255)), ir.shrU(gap, 8))),
        ir.store(parts, place(d), part),
        ir.set(sum, ir.add(sum, part)),
      ]),
      ir.parallel(e, columns, [ir.store(y.buffer, place(e), ir.min(share, ir.i32(65535)))]),
    ]),
  ]
}
