import type { Node } from "../../graph.ts"
import type { REDUCTION } from "../../operations/reduction.ts"
import * as op from "../../operations.ts"
import { at, type Case, type CasesOf, f23, INTEGERS, STEP } from "../give.ts"

const reduction = (f: (a: Node, axis: number) => Node): Case => ({
  graphs: (n, give) => [
    f(give("f32", [n]), 0),
    f(give("f32", [3, n]), 1),
    f(give("f32", [n, 5]), 0),
    f(give("f32", [2, n, 3]), 1),
    f(f(give("f32", [2, 3, n]), 2), 1),
    f(op.broadcast(give("f32", [1, n]), 0, 3), 0),
    ...INTEGERS.flatMap((dtype) => [f(give(dtype, [3, n]), 1), f(give(dtype, [n, 5]), 0)]),
  ],
  gradient: (give) => [
    f(give("f32", [3, 2], "apart"), 0),
    f(give("f32", [2, 3], "apart"), 1),
    f(give("f32", [2, 19], "apart"), 1),
    f(give("f32", [2, 3, 2], "apart"), 1),
  ],
  refusals: [
    ["OB311", () => f(f23, 2)],
    ["OB311", () => f(f23, -1)],
    ["OB311", () => f(f23, 0.5)],
  ],
})

export const REDUCTION_CASES: CasesOf<typeof REDUCTION> = {
  sum: reduction(op.sum),
  maximum: reduction(op.maximum),
  minimum: reduction(op.minimum),
  argmax: {
    graphs: (n, give) => INTEGERS.map((dtype) => op.argmax(give(dtype, [3, n]))),
    gradient: STEP,
    refusals: [
      ["OB313", () => op.argmax(at("i16", [3]))],
      ["OB317", () => op.argmax(f23)],
    ],
  },
}
