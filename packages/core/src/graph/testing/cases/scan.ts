import type { Node } from "../../graph.ts"
import type { SCAN } from "../../operations/scan.ts"
import * as op from "../../operations.ts"
import { type Results, type ScanOptions, scan } from "../../scan.ts"
import type { CasesOf, Give } from "../give.ts"

/** h ← tanh(x + h · w), given back as it was before and after each step; and a count in integers. */
const recurrent = (give: Give, [steps, size]: readonly [number, number], options?: ScanOptions): Results =>
  scan(
    {
      carries: [give("f32", [2, size]), op.fill(3, { dtype: "i32", shape: [2, size] })],
      sequences: [give("f32", [steps, 2, size], "x")],
      constants: [give("f32", [size, size], "w"), give("f32", [1, size], "b")],
    },
    ([h, count], [x], [w, b]) => {
      const next = op.tanh(op.add(op.add(x!, op.broadcastLike(b!, x!)), op.matmul(h!, w!)))
      const counted = op.add(count!, op.convert(op.multiply(next, op.fill(3, next)), "i32"))
      return { next: [next, counted], outputs: [next, h!, counted] }
    },
    options,
  )
const both = ({ last, outputs }: Results): readonly Node[] => [...last, ...outputs]

export const SCAN_CASES: CasesOf<typeof SCAN> = {
  scan: {
    graphs: (n, give) => [
      ...both(recurrent(give, [n, 3])),
      ...both(recurrent(give, [3, n], { reverse: true })),
      ...both(recurrent(give, [n, 2], { save: 2 })),
    ],
    gradient: (give) =>
      [{}, { reverse: true }, { save: 2 }, { save: 2, reverse: true }].flatMap((options) => {
        const { last, outputs } = recurrent(give, [5, 2], options)
        return [
          last[0]!,
          outputs[0]!,
          op.multiply(op.sum(op.multiply(outputs[0]!, outputs[1]!), 0), give("f32", [1, 2, 2])),
        ]
      }),
    refusals: [],
  },
}
