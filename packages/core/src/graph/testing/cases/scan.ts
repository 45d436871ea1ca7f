import type { Node } from "../../graph.ts"
import type { SCAN } from "../../operations/scan.ts"
import * as op from "../../operations.ts"
import { type Results, type ScanOptions, type Step, scan } from "../../scan.ts"
import { at, type CasesOf, f23, type Give, i23, make } from "../give.ts"

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

const x423 = at("f32", [4, 2, 3])
/** A scan for what its first carry becomes, and a sound one with other attributes or inputs. */
const running = (
  carries: readonly Node[],
  sequences: readonly Node[],
  next: (...given: Parameters<Step>) => readonly Node[],
): Node => scan({ carries, sequences }, (...given) => ({ next: next(...given) })).last[0]!
const rerun = (attributes: object, inputs?: readonly Node[]): Node => {
  const sound = running([f23], [x423], ([a], [x]) => [op.add(a!, x!)])
  return make("scan", inputs ?? sound.inputs, { ...sound.attributes, ...attributes })
}
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
        const all = op.sum(op.multiply(outputs[0]!, outputs[1]!), 0)
        return [op.add(op.multiply(all, give("f32", [1, 2, 2])), op.reshape(last[0]!, [1, 2, 2]))]
      }),
    refusals: [
      ["OB327", () => running([f23], [x423], ([a], [x]) => [op.matmul(a!, x!, false, true)])], // [2,2]
      ["OB327", () => running([f23], [x423], ([a]) => [op.convert(a!, "i32")])],
      ["OB327", () => running([f23], [x423], () => [])],
      ["OB327", () => running([f23], [x423], ([a]) => [op.add(a!, f23)])], // from outside
      ["OB327", () => running([f23], [], ([a]) => [a!])], // how many steps?
      ["OB327", () => running([f23], [at("f32", [4, 2]), at("f32", [3, 2], "b")], ([a]) => [a!])],
      ["OB327", () => rerun({}, [f23])],
      ["OB327", () => rerun({}, [f23, f23])],
      ["OB327", () => rerun({}, [i23, x423])],
      ["OB327", () => rerun({ output: 99 })],
      ["OB327", () => rerun({ output: 1 })], // a slice has no last value
    ],
  },
}
