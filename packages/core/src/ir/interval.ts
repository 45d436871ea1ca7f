import { DTYPE } from "../base/dtype.ts"
import { BINARY_MEANING } from "./arithmetic.ts"
import { type Binary, type Expression, scalarOf } from "./program.ts"

/** All i32 values that an expression may take lie between these two, both included. */
export type Interval = readonly [low: number, high: number]
export const ANY: Interval = [-2147483648, 2147483647]

/** Bounds of i32 expressions; `ofLocal` knows those of the locals. Sound, not tight: what it cannot follow is ANY. */
export function intervalOf(e: Expression, ofLocal: (name: string) => Interval): Interval {
  if (scalarOf(e) !== "i32") return ANY
  const of = (inner: Expression): Interval => intervalOf(inner, ofLocal)
  switch (e.kind) {
    case "constant":
      return [e.value, e.value]
    case "local":
      return ofLocal(e.name)
    case "load":
      return e.packed ? ANY : (DTYPE[e.dtype].range ?? ANY)
    case "unary":
      return ANY
    case "select": {
      const [[a, b], [c, d]] = [of(e.yes), of(e.no)]
      return [Math.min(a, c), Math.max(b, d)]
    }
    case "binary":
      return ofBinary(e.op, e.left, e.right, of)
    default:
      return e satisfies never
  }
}

function ofBinary(op: Binary, left: Expression, right: Expression, of: (e: Expression) => Interval): Interval {
  if (!op.startsWith("i32.") || scalarOf(left) !== "i32") return [0, 1] // a comparison of floats
  const [[a, b], [c, d]] = [of(left), of(right)]
  const corners = (f: (x: number, y: number) => number): Interval => {
    const all = [f(a, c), f(a, d), f(b, c), f(b, d)]
    return unwrapped(Math.min(...all), Math.max(...all))
  }
  switch (op) {
    case "i32.add":
      return unwrapped(a + c, b + d)
    case "i32.sub":
      return unwrapped(a - d, b - c)
    case "i32.mul":
      return corners((x, y) => x * y)
    case "i32.min":
      return [Math.min(a, c), Math.min(b, d)]
    case "i32.max":
      return [Math.max(a, c), Math.max(b, d)]
    case "i32.and":
      if (c >= 0) return [0, a >= 0 ? Math.min(b, d) : d]
      return a >= 0 ? [0, b] : ANY
    case "i32.shl":
      return c === d ? corners((x, y) => x * 2 ** (y & 31)) : ANY
    case "i32.shr_s":
      return c === d ? [a >> (c & 31), b >> (c & 31)] : ANY
    case "i32.shr_u":
      if (c !== d) return a >= 0 ? [0, b] : ANY
      if (a >= 0) return [a >>> (c & 31), b >>> (c & 31)]
      return (c & 31) === 0 ? ANY : [0, 0xffffffff >>> (c & 31)]
    case "i32.rem_u":
      return c > 0 ? [0, a >= 0 ? Math.min(b, d - 1) : d - 1] : ANY
    case "i32.div_s":
      return c > 0 ? corners((x, y) => Math.trunc(x / y)) : ANY
    case "i32.div_u":
      return c > 0 && a >= 0 ? corners((x, y) => Math.trunc(x / y)) : ANY
    case "i32.rem_s":
      return c > 0 ? [a >= 0 ? 0 : 1 - d, b <= 0 ? 0 : Math.min(b, d - 1)] : ANY
    case "i32.eq":
    case "i32.ne":
    case "i32.lt_s":
    case "i32.le_s":
    case "i32.lt_u":
      return a === b && c === d ? [BINARY_MEANING[op](a, c), BINARY_MEANING[op](a, c)] : [0, 1]
    default:
      return ANY
  }
}

/** Arithmetic that might wrap tells nothing. */
const unwrapped = (low: number, high: number): Interval => (low < ANY[0] || high > ANY[1] ? ANY : [low, high])
