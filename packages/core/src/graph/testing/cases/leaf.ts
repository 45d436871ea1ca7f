import type { Dtype } from "../../../base/dtype.ts"
import { ngrams } from "../../../kernels/ngrams.ts"
import type { Node } from "../../graph.ts"
import type { LEAF } from "../../operations/leaf.ts"
import * as op from "../../operations.ts"
import { at, b23, type Case, type CasesOf, i23, make } from "../give.ts"

const leaf = (f: (dtype: Dtype, shape: readonly number[]) => Node): Case => ({
  graphs: (n) => (["i8", "u8", "i16", "u16", "i32", "f32"] as const).map((dtype) => f(dtype, [n])),
  gradient: (give) => [op.multiply(f("f32", [2, 3]), give("f32", [2, 3]))],
  refusals: [],
})

function hashing(bytesMax: number, output: string): Node<"kernel">["attributes"] {
  return { program: ngrams({ bytesMax, buckets: 97, wordsMax: 3, charactersMin: 2, charactersMax: 5 }), output }
}

export const LEAF_CASES: CasesOf<typeof LEAF> = {
  input: leaf((dtype, shape) => op.input(`in_${dtype}_${shape.join("_")}`, dtype, shape)),
  weight: leaf((dtype, shape) => op.weight(`w_${dtype}_${shape.join("_")}`, dtype, shape)),
  fill: {
    ...leaf((dtype, shape) => op.fill(dtype === "f32" ? 0.1 : 100, { dtype, shape })),
    refusals: [
      ["OB317", () => op.fill(1.5, i23)],
      ["OB317", () => op.fill(128, b23)],
      ["OB317", () => op.fill(Number.NaN, i23)],
    ],
  },
  iota: {
    graphs: (n) => [op.iota([n], 0), op.iota([3, n], 1), op.iota([n, 4], 0), op.iota([2, n, 3], 1)],
    gradient: "whole numbers",
    refusals: [
      ["OB311", () => op.iota([3], 1)],
      ["OB311", () => op.iota([], 0)],
    ],
  },
  kernel: {
    graphs: (n, give) =>
      (["slots", "count"] as const).map((output) =>
        make("kernel", [give("u8", [1, n]), give("i32", [1, 1])], hashing(n, output)),
      ),
    gradient: "loop IR has no gradient of its own",
    refusals: [
      ["OB318", () => make("kernel", [at("u8", [1, 4])], hashing(4, "slots"))],
      ["OB318", () => make("kernel", [at("u8", [1, 5]), at("i32", [1, 1])], hashing(4, "slots"))],
      ["OB318", () => make("kernel", [at("i8", [1, 4]), at("i32", [1, 1])], hashing(4, "slots"))],
      ["OB318", () => make("kernel", [at("u8", [1, 4]), at("i32", [1, 1])], hashing(4, "symbols"))],
      ["OB318", () => make("kernel", [at("u8", [1, 4]), at("i32", [1, 1])], hashing(4, "none"))],
    ],
  },
}
