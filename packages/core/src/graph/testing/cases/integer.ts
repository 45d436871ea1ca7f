import type { Node } from "../../graph.ts"
import type { INTEGER } from "../../operations/integer.ts"
import * as op from "../../operations.ts"
import { at, b23, type Case, type CasesOf, FLOAT_FIRST, f23, INTEGERS, i23, i32_, make, STAIRCASE } from "../give.ts"

/** Of integers alone, to integers. */
const bitwise = (f: (a: Node, b: Node) => Node): Case => ({
  graphs: (n, give) => INTEGERS.map((dtype) => f(give(dtype, [n]), give(dtype, [n], "b"))),
  gradient: STAIRCASE,
  refusals: [
    ["OB310", () => f(i23, i32_)],
    ["OB317", () => f(i23, b23)],
    ["OB317", () => f(f23, f23)],
  ],
})
const shift = (f: (a: Node, bits: number) => Node): Case => ({
  graphs: (n, give) => [0, 1, 7, 31].map((bits) => f(give("i32", [n]), bits)),
  gradient: STAIRCASE,
  refusals: [
    ["OB316", () => f(i23, -1)],
    ["OB316", () => f(i23, 32)],
    ["OB316", () => f(i23, 1.5)],
    ["OB317", () => f(f23, 1)],
  ],
})

export const INTEGER_CASES: CasesOf<typeof INTEGER> = {
  convert: {
    graphs: (n, give) => FLOAT_FIRST.flatMap((from) => FLOAT_FIRST.map((to) => op.convert(give(from, [n]), to))),
    gradient: (give) => [
      op.convert(op.exp(give("f32", [2, 3])), "f32"),
      op.multiply(op.convert(give("i16", [2, 3]), "f32"), give("f32", [2, 3])),
    ],
    refusals: [["OB317", () => op.convert(f23, "f64")]],
  },
  shift_left: shift(op.shiftLeft),
  shift_right: {
    ...shift(op.shiftRight),
    graphs: (n, give) =>
      INTEGERS.flatMap((dtype) => [0, 1, 7, 31].map((bits) => op.shiftRight(give(dtype, [n]), bits))),
  },
  bitwise_and: bitwise(op.bitwiseAnd),
  bitwise_or: bitwise(op.bitwiseOr),
  requantise: {
    graphs: (n, give) =>
      (["i8", "u8", "i16"] as const).flatMap((dtype) =>
        [17, 24, 31].map((shift) => op.requantise(give("i32", [n]), give("i32", [n], "b"), shift, dtype)),
      ),
    gradient: STAIRCASE,
    refusals: [
      ["OB310", () => op.requantise(i23, i32_, 20, "i8")],
      ["OB316", () => op.requantise(i23, i23, 16, "i8")],
      ["OB316", () => op.requantise(i23, i23, 32, "i8")],
      ["OB316", () => op.requantise(i23, i23, 17.5, "i8")],
      ["OB317", () => op.requantise(b23, i23, 20, "i8")],
      ["OB317", () => op.requantise(i23, f23, 20, "i8")],
      ["OB317", () => make("requantise", [i23, i23], { shift: 20, dtype: "f32" })],
    ],
  },
  lookup: {
    graphs: (n, give) =>
      INTEGERS.flatMap((dtype) =>
        (["i8", "u8"] as const).map((index) => op.lookup(give(index, [3, n]), give(dtype, [256], "table"))),
      ),
    gradient: STAIRCASE,
    refusals: [
      ["OB317", () => op.lookup(at("i16", [3]), at("i8", [256]))],
      ["OB317", () => op.lookup(b23, at("f32", [256]))],
      ["OB325", () => op.lookup(b23, at("i8", [255]))],
      ["OB325", () => op.lookup(b23, at("i8", [16, 16]))],
    ],
  },
  integer_sqrt: {
    graphs: (n, give) => INTEGERS.map((dtype) => op.integerSqrt(give(dtype, [2, n]))),
    gradient: STAIRCASE,
    refusals: [["OB317", () => op.integerSqrt(f23)]],
  },
  unpack_nibbles: {
    graphs: (n, give) => [op.unpackNibbles(give("u8", [2, n]))],
    gradient: STAIRCASE,
    refusals: [
      ["OB317", () => op.unpackNibbles(b23)],
      ["OB313", () => op.unpackNibbles(at("u8", []))],
    ],
  },
  softmax_bits: {
    graphs: (n, give) => [op.softmaxBits(give("i16", [2, n]))],
    gradient: STAIRCASE,
    refusals: [
      ["OB313", () => op.softmaxBits(at("i16", [3]))],
      ["OB317", () => op.softmaxBits(f23)],
      ["OB319", () => op.softmaxBits(at("i16", [1, 65537]))],
    ],
  },
}
