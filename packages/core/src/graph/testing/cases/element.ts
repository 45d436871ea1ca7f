import type { Node } from "../../graph.ts"
import type { ELEMENT } from "../../operations/element.ts"
import * as op from "../../operations.ts"
import { b23, type Case, type CasesOf, DTYPES, f23, f32_, INTEGERS, i23, i32_, STEP } from "../give.ts"

const element = (f: (a: Node, b: Node) => Node): Case => ({
  graphs: (n, give) => [
    f(give("f32", [n]), give("f32", [n], "b")),
    f(give("i32", [n]), give("i32", [n], "b")),
    f(give("f32", [3, n]), op.broadcast(give("f32", [1, n], "b"), 0, 3)),
    f(op.broadcast(give("f32", [n, 1]), 1, 3), give("f32", [n, 3], "b")),
  ],
  gradient: (give) => {
    const [a, b] = [give("f32", [2, 3]), give("f32", [2, 3], "b")]
    return [f(a, b), f(a, f(b, a)), f(a, op.broadcast(give("f32", [1, 3]), 0, 2))] // what is used twice adds up
  },
  refusals: [
    ["OB310", () => f(f23, f32_)],
    ["OB317", () => f(f23, i23)],
    ["OB317", () => f(b23, b23)],
  ],
})
/** One of the two, of whatever dtype; those of a gradient check are apart. */
const choice = (f: (a: Node, b: Node) => Node): Case => ({
  graphs: (n, give) => [
    ...element(f).graphs(n, give),
    ...INTEGERS.map((dtype) => f(give(dtype, [n]), give(dtype, [n], "b"))),
  ],
  gradient: (give) => {
    const both = give("f32", [2, 6], "apart")
    const [a, b] = [op.slice(both, [0, 0], [2, 3]), op.slice(both, [0, 3], [2, 6])]
    return [f(a, b), f(a, f(b, a)), f(op.add(a, a), op.add(b, b))]
  },
  refusals: [
    ["OB310", () => f(f23, f32_)],
    ["OB317", () => f(f23, i23)],
    ["OB317", () => f(b23, i23)],
  ],
})
const one = (f: (a: Node) => Node): Case => ({
  graphs: (n, give) => [f(give("f32", [n])), f(op.broadcast(give("f32", [1, n]), 0, 3))],
  gradient: (give) => [f(give("f32", [2, 3])), f(op.multiply(give("f32", [2, 3]), give("f32", [2, 3], "b")))],
  refusals: [["OB317", () => f(i23)]],
})

export const ELEMENT_CASES: CasesOf<typeof ELEMENT> = {
  add: element(op.add),
  subtract: element(op.subtract),
  multiply: element(op.multiply),
  divide: element(op.divide),
  larger: choice(op.larger),
  smaller: choice(op.smaller),
  equal: { ...element(op.equal), gradient: STEP },
  less: { ...element(op.less), gradient: STEP },
  select: {
    graphs: (n, give) => [
      ...DTYPES.map((dtype) => op.select(give(dtype, [n], "c"), give("f32", [n]), give("f32", [n], "b"))),
      ...INTEGERS.map((dtype) => op.select(give("f32", [n], "c"), give(dtype, [n]), give(dtype, [n], "b"))),
      op.select(op.less(give("f32", [n]), give("f32", [n], "b")), give("f32", [n]), op.fill(-1, give("f32", [n]))),
    ],
    gradient: (give) => {
      const [a, b] = [give("f32", [2, 3]), give("f32", [2, 3], "b")]
      return [op.select(give("i32", [2, 3]), a, b), op.select(give("i8", [2, 3]), op.multiply(a, b), b)]
    },
    refusals: [
      ["OB310", () => op.select(i32_, f23, f23)],
      ["OB310", () => op.select(i23, f23, f32_)],
      ["OB317", () => op.select(i23, f23, i23)],
      ["OB317", () => op.select(i23, b23, i23)],
    ],
  },
  absolute: {
    ...one(op.absolute),
    graphs: (n, give) => [...one(op.absolute).graphs(n, give), op.absolute(give("i32", [n]))],
    gradient: (give) => {
      const [a, b] = [give("f32", [2, 3]), give("f32", [2, 3], "b")]
      return [op.absolute(a), op.absolute(op.negate(a)), op.absolute(op.multiply(a, b))]
    },
    refusals: [["OB317", () => op.absolute(b23)]],
  },
  floor: { ...one(op.floor), gradient: STEP },
  sqrt: one(op.sqrt),
  exp: one(op.exp),
  log: one(op.log),
  tanh: one(op.tanh),
  sigmoid: one(op.sigmoid),
  sin: one(op.sin),
  cos: one(op.cos),
  stop_gradient: {
    graphs: (n, give) => DTYPES.map((dtype) => op.stopGradient(give(dtype, [n]))),
    gradient: "that is what it is for",
    refusals: [],
  },
}
