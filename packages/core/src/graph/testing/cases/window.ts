import type { Node, Windows } from "../../graph.ts"
import type { WINDOW } from "../../operations/window.ts"
import * as op from "../../operations.ts"
import { at, type CasesOf, FLOAT_FIRST, f23 } from "../give.ts"

/** One after another, close together, without padding, unless told otherwise. */
export const spans = (some: Partial<Windows> & Pick<Windows, "kernel">): Windows => ({
  ...{ stride: some.kernel.map(() => 1), dilation: some.kernel.map(() => 1) },
  ...{ before: some.kernel.map(() => 0), after: some.kernel.map(() => 0) },
  ...some,
})
const line = at("f32", [1, 4, 2])
const WINDOWS_REFUSED: readonly (readonly [Node, Windows])[] = [
  [f23, spans({ kernel: [1] })],
  [f23, spans({ kernel: [] })],
  [line, spans({ kernel: [5] })],
  [line, spans({ kernel: [0] })],
  [line, spans({ kernel: [2, 1] })],
  [line, spans({ kernel: [2], stride: [] })],
  [line, spans({ kernel: [2], stride: [0] })],
  [line, spans({ kernel: [3], dilation: [2] })],
  [line, spans({ kernel: [3], dilation: [0.5] })],
  [line, spans({ kernel: [3], before: [-1] })],
  [line, spans({ kernel: [3], after: [Number.NaN] })],
]

export const WINDOW_CASES: CasesOf<typeof WINDOW> = {
  unfold: {
    graphs: (n, give) => [
      ...FLOAT_FIRST.map((dtype) => op.unfold(give(dtype, [2, 7, n]), spans({ kernel: [3], before: [2], after: [1] }))),
      op.unfold(give("f32", [1, n, 2]), spans({ kernel: [Math.min(n, 3)], stride: [2] })),
      op.unfold(give("f32", [2, 5, 4, n]), spans({ kernel: [3, 2], stride: [2, 1], dilation: [1, 2] })),
      op.unfold(give("i8", [1, n, 3, 2]), spans({ kernel: [2, 2], before: [1, 0], after: [1, 1], stride: [3, 1] })),
    ],
    gradient: (give) => [
      op.unfold(give("f32", [2, 5, 2]), spans({ kernel: [3], before: [1], after: [2], stride: [2] })),
      op.unfold(op.exp(give("f32", [1, 4, 3, 1])), spans({ kernel: [2, 2], dilation: [2, 1], after: [0, 1] })),
    ],
    refusals: WINDOWS_REFUSED.map(([x, windows]) => ["OB324", () => op.unfold(x, windows)]),
  },
  fold: {
    graphs: (n, give) => [
      op.fold(give("f32", [2, 3, 3, n]), [5], spans({ kernel: [3] })),
      op.fold(give("i32", [1, 4, 2, n]), [9], spans({ kernel: [2], stride: [2], dilation: [3], before: [1] })),
      op.fold(give("f32", [2, n, 2, 2, 2, 3]), [n, 3], spans({ kernel: [2, 2], before: [1, 0] })),
    ],
    gradient: (give) => [
      op.fold(give("f32", [2, 3, 3, 2]), [5], spans({ kernel: [3] })),
      op.fold(give("f32", [1, 2, 2, 2, 2, 1]), [5, 3], spans({ kernel: [2, 2], stride: [3, 1] })),
    ],
    refusals: [
      ["OB324", () => op.fold(f23, [5], spans({ kernel: [3] }))],
      ["OB324", () => op.fold(at("f32", [2, 3, 3, 2]), [6], spans({ kernel: [3] }))],
      ["OB324", () => op.fold(at("f32", [2, 3, 3, 2]), [-1], spans({ kernel: [3] }))],
      ["OB317", () => op.fold(at("i8", [2, 3, 3, 2]), [5], spans({ kernel: [3] }))],
    ],
  },
}
