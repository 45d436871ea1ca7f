import type { Dtype } from "../../../base/dtype.ts"
import type { Node } from "../../graph.ts"
import type { CONTRACTION } from "../../operations/contraction.ts"
import * as op from "../../operations.ts"
import { at, type CasesOf, f23, f32_, type Give, i32_, row3 } from "../give.ts"

const BOOLEANS = [false, true]
/** a [m,k] · b [k,n] in all four ways to lie, as [m,k] or [k,m], [k,n] or [n,k]. */
function products(
  [m, k, n]: readonly [number, number, number],
  [of, by]: readonly [Dtype, Dtype],
  give: Give,
  batch: readonly number[] = [],
): readonly Node[] {
  return BOOLEANS.flatMap((left) =>
    BOOLEANS.map((right) => {
      const a = give(of, [...batch, ...(left ? [k, m] : [m, k])])
      const b = give(by, [...batch, ...(right ? [n, k] : [k, n])], "b")
      return op.matmul(a, b, left, right)
    }),
  )
}

export const CONTRACTION_CASES: CasesOf<typeof CONTRACTION> = {
  matmul: {
    graphs: (n, give) => [
      ...products([2, 3, n], ["f32", "f32"], give),
      ...products([2, n, 5], ["f32", "f32"], give),
      ...products([n, 2, 3], ["i8", "i8"], give),
      ...products([3, n, 5], ["u8", "i8"], give),
      ...products([1, 3, n], ["i32", "i16"], give),
      ...products([2, 3, n], ["f32", "f32"], give, [2]),
      ...products([3, n, 2], ["i8", "u8"], give, [2, 2]),
    ],
    gradient: (give) => [
      ...products([2, 3, 4], ["f32", "f32"], give),
      ...products([2, 1, 2], ["f32", "f32"], give, [2]),
      ...products([1, 2, 1], ["f32", "f32"], give, [1, 2]),
    ],
    refusals: [
      ["OB310", () => op.matmul(at("f32", [2, 2, 3]), at("f32", [3, 3, 2]))],
      ["OB310", () => op.matmul(at("f32", [2, 2, 3]), f32_)],
      ["OB314", () => op.matmul(at("f32", [2, 2, 3]), at("f32", [2, 2, 3]))],
      ["OB313", () => op.matmul(row3, f32_)],
      ["OB313", () => op.matmul(f23, row3)],
      ["OB314", () => op.matmul(f23, f23)],
      ["OB314", () => op.matmul(f23, f32_, true)],
      ["OB317", () => op.matmul(f23, i32_)],
    ],
  },
}
