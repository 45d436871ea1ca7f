import * as ir from "../../ir/build.ts"
import { type Binary, type Expression, scalarOf } from "../../ir/program.ts"
import { type Bind, cosOf, expOf, floorOf, logOf, sigmoidOf, sinOf, tanhOf } from "../elementary.ts"
import type { Name, Node } from "../graph.ts"
import {
  add,
  divide,
  fill,
  less,
  cos as makeCos,
  sin as makeSin,
  multiply,
  negate,
  type Reference,
  select,
  subtract,
  type Table,
} from "../operations.ts"
import { alike, element, floats, noSlopes, same, uniform } from "./shared.ts"

/** 1 where a comparison of two numbers of one scalar holds, else 0, in that scalar. */
const comparison =
  (name: "eq" | "lt", ofIntegers: Binary) =>
  (a: Expression | undefined, b: Expression | undefined): Expression => {
    const scalar = scalarOf(a!)
    if (scalar === "i32") return ir.binary(ofIntegers, a!, b!)
    return ir.select(ir.binary(`${scalar}.${name}`, a!, b!), ir.constant(scalar, 1), ir.constant(scalar, 0))
  }
const isNotZero = (e: Expression): Expression => {
  const scalar = scalarOf(e)
  return scalar === "i32" ? e : ir.equal(ir.binary(`${scalar}.eq`, e, ir.constant(scalar, 0)), 0)
}

/** The slope goes to the one that was taken: the second where `second` is not 0. */
const split = (dy: Node, second: Node): readonly Node[] => {
  const zero = fill(0, dy)
  return [select(second, zero, dy), select(second, dy, zero)]
}

const bound = (value: (x: Expression, bind: Bind) => Expression): Extract<Reference<Name>, { kind: "element" }> => ({
  kind: "element",
  value: ([x], _, bind) => value(x!, bind),
})
const one = { inputs: 1, attributes: {}, shape: same } as const
const two = { inputs: 2, attributes: {}, shape: same } as const
const three = { inputs: 3, attributes: {}, shape: same } as const

/** Element i of the output from element i of each input. Integers are in integer.ts. */
export const ELEMENT: Table<
  | ("add" | "subtract" | "multiply" | "divide" | "larger" | "smaller" | "equal" | "less" | "select")
  | ("absolute" | "floor" | "sqrt" | "exp" | "log" | "tanh" | "sigmoid" | "sin" | "cos" | "stop_gradient")
> = {
  add: {
    ...two,
    dtype: alike,
    gradient: (dy) => [dy, dy],
    reference: element((a, b) => ir.add(a!, b!)),
  },
  subtract: {
    ...two,
    dtype: alike,
    gradient: (dy) => [dy, negate(dy)],
    reference: element((a, b) => ir.sub(a!, b!)),
  },
  multiply: {
    ...two,
    dtype: alike,
    gradient: (dy, { inputs: [a, b] }) => [multiply(dy, b), multiply(dy, a)],
    reference: element((a, b) => ir.mul(a!, b!)),
  },
  divide: {
    // integers: towards zero, x / 0 = 0
    ...two,
    dtype: alike,
    gradient(dy, y) {
      const da = divide(dy, y.inputs[1])
      return [da, negate(multiply(da, y))]
    },
    reference: element((a, b) => {
      const scalar = scalarOf(a!)
      return ir.binary(scalar === "i32" ? "i32.div_s" : `${scalar}.div`, a!, b!)
    }),
  },
  larger: {
    // a unless a < b: the first of equals stays, and a NaN that comes first
    ...two,
    dtype: uniform,
    gradient: (dy, { inputs: [a, b] }) => split(dy, less(a, b)),
    reference: element((a, b) => ir.max(a!, b!)),
  },
  smaller: {
    ...two,
    dtype: uniform,
    gradient: (dy, { inputs: [a, b] }) => split(dy, less(b, a)),
    reference: element((a, b) => ir.min(a!, b!)),
  },
  equal: {
    ...two,
    dtype: alike,
    gradient: noSlopes,
    reference: element(comparison("eq", "i32.eq")),
  },
  less: {
    ...two,
    dtype: alike,
    gradient: noSlopes,
    reference: element(comparison("lt", "i32.lt_s")),
  },
  select: {
    // yes where the condition is not 0 (NaN is not), else no
    ...three,
    dtype: ([, yes, no]) => uniform([yes, no]),
    gradient(dy, { inputs: [condition] }) {
      const zero = fill(0, dy)
      return [undefined, select(condition, dy, zero), select(condition, zero, dy)]
    },
    reference: element((condition, yes, no) => ir.select(isNotZero(condition!), yes!, no!)),
  },
  absolute: {
    // of the lowest i32 that number itself
    ...one,
    dtype: alike,
    gradient(dy, { inputs: [a] }) {
      const zero = fill(0, a)
      return [multiply(dy, subtract(less(zero, a), less(a, zero)))]
    },
    reference: element((a) => ir.max(ir.sub(ir.constant(scalarOf(a!), 0), a!), a!)),
  },
  floor: {
    ...one,
    dtype: floats,
    gradient: noSlopes,
    reference: bound(floorOf),
  },
  sqrt: {
    ...one,
    dtype: floats,
    gradient: (dy, y) => [divide(dy, add(y, y))],
    reference: element((a) => ir.unary(ir.isF64(a!) ? "f64.sqrt" : "f32.sqrt", a!)),
  },
  exp: {
    ...one,
    dtype: floats,
    gradient: (dy, y) => [multiply(dy, y)],
    reference: bound(expOf),
  },
  log: {
    ...one,
    dtype: floats,
    gradient: (dy, { inputs: [a] }) => [divide(dy, a)],
    reference: bound(logOf),
  },
  tanh: {
    ...one,
    dtype: floats,
    gradient: (dy, y) => [multiply(dy, subtract(fill(1, y), multiply(y, y)))],
    reference: bound(tanhOf),
  },
  sigmoid: {
    ...one,
    dtype: floats,
    gradient: (dy, y) => [multiply(dy, multiply(y, subtract(fill(1, y), y)))],
    reference: bound(sigmoidOf),
  },
  sin: {
    ...one,
    dtype: floats,
    gradient: (dy, { inputs: [a] }) => [multiply(dy, makeCos(a))],
    reference: bound(sinOf),
  },
  cos: {
    ...one,
    dtype: floats,
    gradient: (dy, { inputs: [a] }) => [negate(multiply(dy, makeSin(a)))],
    reference: bound(cosOf),
  },
  stop_gradient: {
    // the number itself, as if it were a constant
    ...one,
    dtype: uniform,
    gradient: noSlopes,
    reference: element((a) => a!),
  },
}
