import { ANY, type Interval, intervalOf } from "./interval.ts"
import { printExpression } from "./print.ts"
import type { Expression } from "./program.ts"

/** An i32 as a sum: `constant` and `factors` times locals, or times what cannot be taken apart. Nothing in it wraps. */
export interface Affine {
  readonly constant: number
  /** By the name of a local, or by the text of an opaque expression. */
  readonly factors: ReadonlyMap<string, number>
  /** Those of `factors` that are the same in every round of the loop in question. */
  readonly shared: ReadonlySet<string>
  /** Bounds of the opaque ones. */
  readonly opaque: ReadonlyMap<string, Interval>
}

export interface Known {
  ofLocal(name: string): Interval
  /** What locals are bound to that are never set. */
  readonly values: ReadonlyMap<string, Expression>
  /** Whether a local is the same in every round. */
  isShared(name: string): boolean
}

const LETS_MAX = 64 // how many bindings are followed, one through another

export function affineOf(e: Expression, known: Known, lets = 0): Affine {
  const sum = sumOf(e, known, lets)
  if (!sum) return opaqueOf(e, known)
  const [low, high] = rangeOf(sum, known)
  return low < ANY[0] || high > ANY[1] ? opaqueOf(e, known) : sum
}

/** Undefined when it is no sum. */
function sumOf(e: Expression, known: Known, lets: number): Affine | undefined {
  if (e.kind === "constant") return { ...NOTHING, constant: e.value }
  if (e.kind === "local") return ofLocal(e.name, known, lets)
  if (e.kind !== "binary") return undefined
  const of = (inner: Expression): Affine => affineOf(inner, known, lets)
  const number = (inner: Expression): number | undefined => {
    const { constant, factors } = of(inner)
    return factors.size === 0 ? constant : undefined
  }
  switch (e.op) {
    case "i32.add":
      return plus(of(e.left), of(e.right), 1)
    case "i32.sub":
      return plus(of(e.left), of(e.right), -1)
    case "i32.mul": {
      const [left, right] = [number(e.left), number(e.right)]
      if (right !== undefined) return plus(NOTHING, of(e.left), right)
      return left === undefined ? undefined : plus(NOTHING, of(e.right), left)
    }
    case "i32.shl": {
      const by = number(e.right)
      return by === undefined ? undefined : plus(NOTHING, of(e.left), 2 ** (by & 31))
    }
    default:
      return undefined
  }
}
const NOTHING: Affine = { constant: 0, factors: new Map(), shared: new Set(), opaque: new Map() }

/** What it was bound to when that is a sum of locals, else itself. */
function ofLocal(name: string, known: Known, lets: number): Affine {
  const value = lets < LETS_MAX ? known.values.get(name) : undefined
  const sum = value && affineOf(value, known, lets + 1)
  if (sum && sum.opaque.size === 0) return sum
  return {
    ...{ constant: 0, factors: new Map([[name, 1]]), opaque: new Map() },
    shared: new Set(known.isShared(name) ? [name] : []),
  }
}

function opaqueOf(e: Expression, known: Known): Affine {
  const text = printExpression(e)
  return {
    ...{ constant: 0, factors: new Map([[text, 1]]), opaque: new Map([[text, intervalOf(e, known.ofLocal)]]) },
    shared: new Set(isSame(e, known) ? [text] : []),
  }
}
/** Whether an expression is the same in every round: memory may change. */
function isSame(e: Expression, known: Known): boolean {
  switch (e.kind) {
    case "constant":
      return true
    case "local":
      return known.isShared(e.name)
    case "load":
      return false
    case "unary":
      return isSame(e.value, known)
    case "binary":
      return isSame(e.left, known) && isSame(e.right, known)
    case "select":
      return isSame(e.condition, known) && isSame(e.yes, known) && isSame(e.no, known)
    default:
      return e satisfies never
  }
}

/** a + factor · b. */
function plus(a: Affine, b: Affine, factor: number): Affine {
  const factors = new Map(a.factors)
  for (const [name, by] of b.factors) {
    const sum = (factors.get(name) ?? 0) + factor * by
    if (sum === 0) factors.delete(name)
    else factors.set(name, sum)
  }
  return {
    constant: a.constant + factor * b.constant,
    factors,
    shared: new Set([...a.shared, ...b.shared]),
    opaque: new Map([...a.opaque, ...b.opaque]),
  }
}

function rangeOf({ constant, factors, opaque }: Affine, known: Known): Interval {
  let [low, high] = [constant, constant]
  for (const [name, factor] of factors) {
    const [least, most] = opaque.get(name) ?? known.ofLocal(name)
    low += Math.min(factor * least, factor * most)
    high += Math.max(factor * least, factor * most)
  }
  return [low, high]
}
