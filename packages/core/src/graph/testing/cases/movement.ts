import type { Node } from "../../graph.ts"
import type { MOVEMENT } from "../../operations/movement.ts"
import * as op from "../../operations.ts"
import { b23, type CasesOf, DTYPES, f23, f32_, type Give, i23, make, row3 } from "../give.ts"

const f = (give: Give): Node => give("f32", [2, 3])
const twice = (node: Node): readonly [Node, Node] => [node, node]

export const MOVEMENT_CASES: CasesOf<typeof MOVEMENT> = {
  broadcast: {
    graphs: (n, give) => [
      op.broadcast(give("f32", [1, n]), 0, 3),
      op.broadcast(op.broadcast(give("u8", [1, n, 1]), 0, 2), 2, 3),
      op.broadcast(op.exp(give("f32", [n, 1])), 1, 5),
      op.sum(op.broadcast(give("f32", [n, 1]), 1, 17), 1),
    ],
    gradient: (give) => [
      op.broadcast(give("f32", [1, 3]), 0, 2),
      op.multiply(op.broadcast(op.broadcast(give("f32", [1, 1, 3]), 0, 2), 1, 2), give("f32", [2, 2, 3])),
    ],
    refusals: [
      ["OB312", () => op.broadcast(f23, 0, 4)],
      ["OB312", () => op.broadcast(f23, 2, 4)],
    ],
  },
  reshape: {
    graphs: (n, give) => DTYPES.map((dtype) => op.reshape(give(dtype, [2, n, 3]), [3 * n, 2])),
    gradient: (give) => [op.reshape(give("f32", [2, 3]), [3, 1, 2]), op.multiply(...twice(op.reshape(f(give), [6])))],
    refusals: [
      ["OB320", () => op.reshape(f23, [2, 2])],
      ["OB320", () => op.reshape(f23, [-2, -3])],
      ["OB320", () => op.reshape(f23, [1.5, 4])],
      ["OB320", () => op.reshape(f23, [])],
      ["OB326", () => op.reshape(f23, [6, 1, 1, 1, 1, 1, 1, 1, 1])],
    ],
  },
  transpose: {
    graphs: (n, give) => [
      ...DTYPES.map((dtype) => op.transpose(give(dtype, [3, n]), [1, 0])),
      op.transpose(give("f32", [2, n, 3]), [0, 1, 2]),
      op.transpose(give("f32", [2, n, 3]), [2, 0, 1]),
      op.transpose(op.broadcast(give("i8", [1, n, 3]), 0, 2), [1, 2, 0]),
    ],
    gradient: (give) => [op.transpose(f(give), [1, 0]), op.transpose(give("f32", [2, 3, 2]), [1, 2, 0])],
    refusals: [
      ["OB321", () => op.transpose(f23, [0])],
      ["OB321", () => op.transpose(f23, [0, 0])],
      ["OB321", () => op.transpose(f23, [0, 2])],
      ["OB321", () => op.transpose(f23, [0, -1])],
      ["OB321", () => op.transpose(f23, [1, 0.5])],
    ],
  },
  slice: {
    graphs: (n, give) => [
      ...DTYPES.map((dtype) => op.slice(give(dtype, [3, n]), [1, 0], [3, n])),
      op.slice(give("f32", [n + 2]), [2], [n + 2]),
      op.slice(give("f32", [2, 3 * n]), [0, 1], [2, 3 * n], [2, 3]),
      op.slice(give("f32", [n, 3]), [n - 1, 0], [n, 2], [5, 9]),
    ],
    gradient: (give) => [
      op.slice(f(give), [0, 1], [2, 2]),
      op.slice(give("f32", [3, 7]), [0, 1], [3, 6], [2, 3]),
      op.slice(give("f32", [3, 7]), [1, 0], [2, 7], [3, 2]),
    ],
    refusals: [
      ["OB322", () => op.slice(f23, [0], [2])],
      ["OB322", () => op.slice(f23, [0, 0], [2])],
      ["OB322", () => op.slice(f23, [0, 0], [2, 4])],
      ["OB322", () => op.slice(f23, [0, 1], [2, 1])],
      ["OB322", () => op.slice(f23, [-1, 0], [2, 3])],
      ["OB322", () => op.slice(f23, [0, 0.5], [2, 3])],
      ["OB322", () => op.slice(f23, [0, 0], [2, 3], [1, 0])],
      ["OB322", () => op.slice(f23, [0, 0], [2, 3], [1, Number.NaN])],
    ],
  },
  pad: {
    graphs: (n, give) => [
      ...DTYPES.map((dtype) => op.pad(give(dtype, [3, n]), [1, 2], [0, 3], { value: 7 })),
      op.pad(give("f32", [2, n]), [0, 1], [2, 0], { between: [1, 2], value: -0.1 }),
      op.pad(give("i32", [n]), [0], [0]),
    ],
    gradient: (give) => [
      op.pad(f(give), [0, 1], [2, 0], { value: 3 }),
      op.pad(op.multiply(f(give), f(give)), [1, 1], [0, 2], { between: [3, 1] }),
    ],
    refusals: [
      ["OB317", () => op.pad(b23, [0, 0], [0, 0], { value: 128 })],
      ["OB317", () => op.pad(i23, [0, 0], [0, 0], { value: 0.5 })],
      ["OB322", () => op.pad(f23, [0], [0])],
      ["OB322", () => op.pad(f23, [0, -1], [0, 0])],
      ["OB322", () => op.pad(f23, [0, 0], [0, 0.5])],
      ["OB322", () => op.pad(f23, [0, 0], [0, 0], { between: [0, Infinity] })],
    ],
  },
  concatenate: {
    graphs: (n, give) => [
      ...DTYPES.map((dtype) => op.concatenate([give(dtype, [2, n]), give(dtype, [2, 3], "b"), give(dtype, [2, n])], 1)),
      op.concatenate([give("f32", [n, 3]), give("f32", [1, 3], "b")], 0),
      op.concatenate([op.fill(1, { shape: [2, n, 1], dtype: "f32" }), op.exp(give("f32", [2, n, 4]))], 2),
      op.concatenate([give("f32", [n])], 0),
    ],
    gradient: (give) => [
      op.concatenate([f(give), give("f32", [2, 2], "b"), f(give)], 1),
      op.concatenate([op.exp(f(give)), give("f32", [1, 3])], 0),
    ],
    refusals: [
      ["OB311", () => op.concatenate([f23, f23], 2)],
      ["OB317", () => op.concatenate([f23, i23], 0)],
      ["OB323", () => make("concatenate", [], { axis: 0 })],
      ["OB323", () => op.concatenate([f23, f32_], 0)],
      ["OB323", () => op.concatenate([f23, row3], 0)],
    ],
  },
  reverse: {
    graphs: (n, give) => [
      ...DTYPES.map((dtype) => op.reverse(give(dtype, [3, n]), 1)),
      op.reverse(give("f32", [n, 4]), 0),
      op.reverse(give("f32", [2, n, 3]), 1),
    ],
    gradient: (give) => [op.reverse(f(give), 0), op.reverse(f(give), 1)],
    refusals: [["OB311", () => op.reverse(f23, 2)]],
  },
}
