import { type Interval, union } from "../../../ir/interval.ts"
import type { Binary, Buffer, Expression } from "../../../ir/program.ts"
import type { Ranges } from "../../../ir/ranges.ts"
import { identifier } from "../emit.ts"
import { helperName } from "../prelude.ts"
import { isN16, isN24, literal, typeOf } from "./numbers.ts"
import { type Requantisation, requantisationOf } from "./requantisation.ts"

export interface ExpressionPrinter {
  print(e: Expression): string
  /** Operations that are called as functions, and requantisations, as far as they were printed. */
  readonly helpers: Set<Binary>
  readonly requantisations: Map<
    string,
    Omit<Requantisation, "x" | "m"> & { readonly bits: 16 | 24 | 32; readonly isByte: boolean }
  >
}

/** C operators that do as loop IR says where nothing wraps. */
const PLAIN: Readonly<Partial<Record<Binary, string>>> = {
  "i32.add": "+",
  "i32.sub": "-",
  "i32.mul": "*",
  "i32.and": "&",
  "i32.or": "|",
  "i32.xor": "^",
  "i32.eq": "==",
  "i32.ne": "!=",
  "i32.lt_s": "<",
  "i32.le_s": "<=",
}
const COMPARISONS: readonly Binary[] = ["i32.eq", "i32.ne", "i32.lt_s", "i32.le_s", "i32.lt_u"]
const EXACT: readonly Binary[] = ["i32.add", "i32.sub", "i32.mul"]
const BITS: readonly Binary[] = ["i32.and", "i32.or", "i32.xor"]

/**
 * Expressions as C whose types are as narrow as what is proved of their values: n16 where 16 bits hold every operand and
 * the result, int32_t elsewhere, and modulo 2³² only where something may wrap.
 */
export function expressionPrinter(
  ranges: Ranges,
  buffers: ReadonlyMap<string, Buffer>,
  constant: (buffer: string, index: string) => string,
): ExpressionPrinter {
  const helpers = new Set<Binary>()
  const requantisations: ExpressionPrinter["requantisations"] = new Map()
  const call = (op: Binary, ...given: readonly string[]): string => {
    helpers.add(op)
    return `${helperName(op)}(${given.join(", ")})`
  }
  const print = (e: Expression): string => {
    switch (e.kind) {
      case "constant":
        return literal(e.value)
      case "local":
        return identifier(e.name)
      case "load": {
        if (e.packed) return packed(e.buffer, e.index, e.packed)
        return element(e.buffer, print(e.index))
      }
      case "unary":
        throw new Error(`bug: ${e.op} on a chip`)
      case "select":
        return choice(e.condition, e.yes, e.no)
      case "binary":
        return binary(e)
      default:
        return e satisfies never
    }
  }
  const element = (name: string, index: string): string =>
    buffers.get(name)!.values ? constant(name, index) : `${identifier(name)}[${index}]`
  const packed = (name: string, index: Expression, count: number): string => {
    const [bits, mask] = count === 4 ? [8, 255] : [16, 65535]
    const part = (i: number): string =>
      `(((uint32_t)${element(name, `(${print(index)}) + ${i}`)} & ${mask}u) << ${i * bits})`
    return `wrap(${Array.from({ length: count }, (_, i) => part(i)).join(" | ")})`
  }
  const choice = (condition: Expression, yes: Expression, no: Expression): string => {
    const [low, high] = ranges.of(condition)
    if (low > 0 || high < 0) return print(yes)
    if (low === 0 && high === 0) return print(no)
    const type = typeOf(union(ranges.of(yes), ranges.of(no)))
    return `(${print(condition)} ? (${type})${print(yes)} : (${type})${print(no)})`
  }
  const binary = (e: Extract<Expression, { kind: "binary" }>): string => {
    const requantised = requantisationOf(e)
    const called = requantised && requantise(requantised)
    if (called !== undefined) return called
    const { op, left, right } = e
    if (op === "i32.min" || op === "i32.max") return leastOrMost(op === "i32.min", left, right)
    const [a, b, y] = [ranges.of(left), ranges.of(right), ranges.of(e)]
    if (COMPARISONS.includes(op) && y[0] === y[1]) return literal(y[0]) // decided by what the sides can be
    const narrow = isN16(a) && isN16(b)
    const [p, q] = [print(left), print(right)]
    const plain = PLAIN[op]
    if (COMPARISONS.includes(op)) {
      const type = typeOf(union(a, b))
      if (plain) return `((${type})${p} ${plain} (${type})${q})`
      if (a[0] >= 0 && b[0] >= 0) return `((${type})${p} < (${type})${q})`
      return narrow ? `((u_n16)${p} < (u_n16)${q})` : call(op, p, q)
    }
    if (BITS.includes(op))
      return narrow ? `(n16)(${p} ${plain} ${q})` : `(int32_t)((int32_t)${p} ${plain} (int32_t)${q})`
    if (EXACT.includes(op) && !wraps(op, a, b)) {
      if (isN16(y) && narrow) return `(n16)(${p} ${plain} ${q})`
      if (op !== "i32.mul" && [a, b, y].every(isN24)) return `(n24)((n24)${p} ${plain} (n24)${q})`
      return `((int32_t)${p} ${plain} (int32_t)${q})`
    }
    if (op === "i32.shl" || op === "i32.shr_s" || op === "i32.shr_u") return shift(e, p, q)
    if (
      (op === "i32.div_s" || op === "i32.rem_s" || ((op === "i32.div_u" || op === "i32.rem_u") && a[0] >= 0)) &&
      b[0] > 0
    ) {
      const sign = op.startsWith("i32.div") ? "/" : "%"
      // An element of u16 would make the other side one without a sign.
      return narrow ? `(n16)((n16)${p} ${sign} (n16)${q})` : `((int32_t)${p} ${sign} (int32_t)${q})`
    }
    return call(op, p, q)
  }
  /** A side that cannot be is not printed: what it reads may be read nowhere else. */
  const leastOrMost = (isLeast: boolean, left: Expression, right: Expression): string => {
    const [a, b] = [ranges.of(left), ranges.of(right)]
    if (isLeast ? a[1] <= b[0] : a[0] >= b[1]) return print(left)
    if (isLeast ? b[1] <= a[0] : b[0] >= a[1]) return print(right)
    const bits = isN16(a) && isN16(b) ? 16 : 32
    return `${isLeast ? "least" : "most"}${bits}(${print(left)}, ${print(right)})`
  }
  const shift = (e: Extract<Expression, { kind: "binary" }>, p: string, q: string): string => {
    const [a, y] = [ranges.of(e.left), ranges.of(e)]
    if (e.right.kind !== "constant") return call(e.op, p, q)
    const by = e.right.value & 31
    if (e.op === "i32.shl") {
      if (wraps("i32.mul", a, [2 ** by, 2 ** by])) return call(e.op, p, q)
      return isN16(y) ? `(n16)(${p} * ${literal(2 ** by)})` : `((int32_t)${p} * ${literal(2 ** by)})`
    }
    if (e.op === "i32.shr_u" && a[0] < 0) return call(e.op, p, q)
    return isN16(a) ? `(n16)(${p} >> ${Math.min(by, 15)})` : `((int32_t)${p} >> ${by})`
  }
  const requantise = ({ x, m, shift, low, high }: Requantisation): string | undefined => {
    const range = ranges.of(x)
    const [least, most] = ranges.of(m)
    if (least < 0 || most > 32767) return undefined // no requantisation: something else that looks like one
    const bits = isN16(range) ? 16 : isN24(range) ? 24 : 32
    const isByte = bits < 32 && areBytes(m, buffers)
    const name = `requantise_${shift}_${low < 0 ? "i" : "u"}${high > 255 ? 16 : 8}_of_${bits}${isByte ? "_by_byte" : ""}`
    requantisations.set(name, { shift, low, high, bits, isByte })
    return `${name}(${print(x)}, ${print(m)})`
  }
  return { print, helpers, requantisations }
}

/** Whether a multiplier is always a number of 7 bits and 8 zeros: quantise/sequential.ts chooses such. */
function areBytes(m: Expression, buffers: ReadonlyMap<string, Buffer>): boolean {
  if (m.kind === "constant") return m.value % 256 === 0
  if (m.kind === "binary" && (m.op === "i32.min" || m.op === "i32.max") && m.right.kind === "constant") {
    // A clamp to what multipliers are, 256 … 127 · 256, changes none.
    const { value } = m.right
    const changes = m.op === "i32.min" ? value < 127 * 256 : value > 256
    return (!changes || value % 256 === 0) && areBytes(m.left, buffers)
  }
  const isByte = (value: number): boolean => value > 0 && value <= 127 * 256 && value % 256 === 0
  return m.kind === "load" && (buffers.get(m.buffer)?.values?.every(isByte) ?? false)
}

/** Whether an operation on such operands may leave 32 bits. */
function wraps(op: Binary, [a, b]: Interval, [c, d]: Interval): boolean {
  const ends = op === "i32.add" ? [a + c, b + d] : op === "i32.sub" ? [a - d, b - c] : [a * c, a * d, b * c, b * d]
  return ends.some((end) => end < -(2 ** 31) || end >= 2 ** 31)
}
