import { expect, test } from "vitest"
import type { Program } from "../ir/program.ts"
import type { Node } from "./graph.ts"
import * as op from "./operations.ts"
import { scan } from "./scan.ts"
import { workOfGraph } from "./work.ts"

const x = op.input("x", "f32", [2, 5, 3])
const many = { kernel: [2], stride: [1], dilation: [1], before: [0], after: [0] }
const slots = op.input("slots", "u16", [2, 7])
const count = op.input("count", "i32", [2, 1])
const table = op.weight("table", "f32", [11, 4])
const kernel: Program = {
  name: "twice",
  buffers: [
    { name: "a", dtype: "i32", length: 3, access: "input" },
    { name: "y", dtype: "i32", length: 3, access: "output" },
    { name: "z", dtype: "i32", length: 1, access: "output" },
  ],
  body: [],
}
const a = op.input("a", "i32", [1, 3])
const called = (output: string): Node => op.node("kernel", [a], { program: kernel, output })
const steps = scan(
  { carries: [op.fill(0, { shape: [4], dtype: "f32" })], sequences: [op.input("t", "f32", [6, 4])] },
  ([c], [s]) => ({
    next: [op.add(c!, s!)],
    outputs: [op.tanh(s!), op.exp(s!)],
  }),
)

test.each<readonly [string, readonly Node[], number]>([
  ["what is given or moved is no work", [op.reshape(op.transpose(x, [2, 0, 1]), [30])], 0],
  ["one for each element", [op.tanh(x)], 30],
  ["each node once, however many need it", [op.add(op.tanh(x), op.tanh(x))], 90],
  ["a reduction by what it takes", [op.sum(x, 1)], 30],
  ["a product, batch · M · N · K", [op.matmul(x, op.weight("w", "f32", [2, 3, 4]))], 2 * 5 * 4 * 3],
  ["the same, transposed", [op.matmul(x, op.weight("w", "f32", [2, 5, 4]), true)], 2 * 3 * 4 * 5],
  ["windows are moved, and laid back by sums", [op.fold(op.unfold(x, many), [5], many)], 2 * 4 * 2 * 3],
  ["rows of a table, as if all slots were taken", [op.gatherSum(table, slots, count)], 2 * 7 * 4],
  ["a kernel by its results", [called("y"), called("z")], 4],
  ["a run of a scan once, its body at each step", [...steps.last, ...steps.outputs], 6 * 3 * 4],
])("%s", (_, outputs, expected) => {
  expect(workOfGraph(Object.fromEntries(outputs.map((node, i) => [`y${i}`, node])))).toBe(expected)
})

test("a count that no number holds stops at the largest that is exact", () => {
  const large = op.input("x", "f32", [2 ** 20, 2 ** 20])
  expect(workOfGraph({ y: op.matmul(large, large) })).toBe(Number.MAX_SAFE_INTEGER)
})
