import type { GATHER } from "../../operations/gather.ts"
import * as op from "../../operations.ts"
import { at, type CasesOf, FLOAT_FIRST, f23, INTEGERS, i23, row3 } from "../give.ts"

export const GATHER_CASES: CasesOf<typeof GATHER> = {
  take: {
    graphs: (n, give) => [
      ...FLOAT_FIRST.map((dtype) => op.take(give(dtype, [5, n]), give("u8", [3]))),
      ...INTEGERS.map((dtype) => op.take(give("f32", [n, 2]), give(dtype, [2, 3]))),
      op.take(give("f32", [n]), give("i32", [n])),
      op.take(give("i8", [3, 2, n]), give("i32", [2])),
    ],
    gradient: (give) => [
      op.take(give("f32", [4, 3]), give("i8", [5], "index")),
      op.take(give("f32", [4]), give("i32", [2, 3], "index")),
      op.take(give("f32", [3, 2, 2]), give("i16", [4], "index")),
    ],
    refusals: [
      ["OB313", () => op.take(at("f32", []), i23)],
      ["OB317", () => op.take(f23, f23)],
      ["OB326", () => op.take(f23, at("i32", [1, 1, 1, 1, 1, 1, 1, 1]))],
    ],
  },
  gather_sum: {
    graphs: (n, give) => [
      op.gatherSum(give("f32", [5, n]), give("u16", [3, 4]), give("i32", [3, 1])),
      op.gatherSum(give("i8", [n, 6]), give("i32", [2, 5]), give("i8", [2, 1])),
      op.gatherSum(give("i32", [3, 2]), give("u8", [2, n]), give("i16", [2, 1])),
    ],
    gradient: (give) => [op.gatherSum(give("f32", [4, 3]), give("u16", [3, 5], "index"), give("i32", [3, 1], "count"))],
    refusals: [
      ["OB313", () => op.gatherSum(row3, at("u16", [2, 4]), at("i32", [2, 1]))],
      ["OB315", () => op.gatherSum(f23, at("u16", [2, 4]), at("i32", [3, 1]))],
      ["OB315", () => op.gatherSum(f23, at("u16", [8]), at("i32", [1, 1]))],
      ["OB317", () => op.gatherSum(f23, at("f32", [2, 4]), at("i32", [2, 1]))],
      ["OB317", () => op.gatherSum(f23, at("u16", [2, 4]), at("f32", [2, 1]))],
    ],
  },
  scatter_add: {
    graphs: (n, give) => [
      op.scatterAdd(give("f32", [3, n]), give("u16", [3, 4]), give("i32", [3, 1]), 5),
      op.scatterAdd(give("f32", [2, 3]), give("i32", [2, n]), give("i8", [2, 1]), n),
    ],
    gradient: (give) => [
      op.scatterAdd(give("f32", [3, 2]), give("u16", [3, 5], "index"), give("i32", [3, 1], "count"), 4),
    ],
    refusals: [
      ["OB313", () => op.scatterAdd(row3, at("u16", [3, 4]), at("i32", [3, 1]), 5)],
      ["OB315", () => op.scatterAdd(f23, at("u16", [3, 4]), at("i32", [3, 1]), 5)],
      ["OB315", () => op.scatterAdd(f23, at("u16", [2, 4]), at("i32", [2]), 5)],
      ["OB317", () => op.scatterAdd(i23, at("u16", [2, 4]), at("i32", [2, 1]), 5)],
      ["OB317", () => op.scatterAdd(f23, at("f32", [2, 4]), at("i32", [2, 1]), 5)],
    ],
  },
}
