import * as op from "@open-brains/core/graph/operations.ts"
import { scan } from "@open-brains/core/graph/scan.ts"
import type { Outputs } from "@open-brains/core/graph/text.ts"
import { hasFloats } from "@open-brains/core/ir/program.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { expect, test } from "vitest"
import { refuseFloats } from "./floats.ts"
import { frozen } from "./frozen.ts"

const x = op.input("x", "i32", [1, 4])
const [w, v] = [op.weight("w", "f32", [1, 4]), op.weight("v", "f32", [1, 4])]
const asIntegers = op.convert(op.multiply(w, v), "i32")
const zeros = op.fill(0, { dtype: "i32", shape: [1] })

/** Sums of steps that pass through floats, of x or of weights alone. */
const summed = (sequence: Parameters<typeof scan>[0]["sequences"][0]): Outputs => {
  const { last } = scan({ carries: [zeros], sequences: [op.reshape(sequence!, [4, 1])] }, ([sum], [each]) => ({
    next: [op.add(sum!, op.convert(op.exp(op.convert(each!, "f32")), "i32"))],
  }))
  return { y: last[0]! }
}

for (const [what, outputs, seen] of [
  ["an input of floats", { y: op.convert(op.input("f", "f32", [1, 4]), "i32") }, "input `f` (f32[1,4])."],
  ["floats in between", { y: op.convert(op.exp(op.convert(x, "f32")), "i32") }, "a `convert` (f32[1,4]) and 1 more."],
  ["floats that pick one of two", { y: op.select(w, op.select(w, x, x), op.negate(x)) }, "weight `w` (f32[1,4])."],
  ["floats in a scan", summed(x), "(f32[1]) and 1 more."],
] as const)
  test(`${what} are refused`, () => {
    expect(() => refuseFloats(outputs)).toThrow(seen)
  })

test("floats that weights alone decide are worked out at the export, be they given, in a scan, or in reach of a loop", () => {
  for (const outputs of [{ y: asIntegers }, { y: op.add(x, asIntegers) }, summed(asIntegers)]) {
    refuseFloats(outputs)
    const program = lowerGraph({ name: "net", outputs, prepares: true, direct: true })
    const values = { w: Float32Array.of(1, 2, 3, 4), v: Float32Array.of(1.5, 1.5, 1.5, 1.5) }
    expect(hasFloats(frozen(program, values, ["prepare"]))).toBe(false)
  }
})
