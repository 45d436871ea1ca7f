import { add, i32, mul } from "../../ir/build.ts"
import { type Interval, intervalOf } from "../../ir/interval.ts"
import type { Expression } from "../../ir/program.ts"

/** index = rest + constant, where every load that differs by the constant alone shares `rest`. */
export interface Split {
  readonly rest: Expression
  /** Elements, 0 or more: fits the immediate offset of a load, since `rest` is known not to be negative. */
  readonly constant: number
}

/**
 * An index apart into what is computed and what an instruction can hold. The instruction adds without wrapping at 2³²
 * where the judge wraps: so nothing is split off unless the interval of the rest proves that neither side wraps.
 */
export function splitIndex(index: Expression, ofLocal: (name: string) => Interval): Split {
  const whole = { rest: index, constant: 0 }
  const constant = constantOf(index)
  if (!(constant > 0 && constant < 2 ** 28)) return whole // nothing to split off, or too much
  const terms = new Map<string, { readonly factor: Expression; times: number }>()
  const visit = (e: Expression, times: number): void => {
    if (e.kind === "constant") return
    if (e.kind === "binary" && e.op === "i32.add") {
      visit(e.left, times)
      visit(e.right, times)
    } else if (e.kind === "binary" && e.op === "i32.mul" && e.right.kind === "constant")
      visit(e.left, exact(times * e.right.value))
    else {
      const key = e.kind === "local" ? e.name : `${terms.size} `
      const known = terms.get(key)
      if (known) known.times = exact(known.times + times)
      else terms.set(key, { factor: e, times })
    }
  }
  visit(index, 1)
  if ([...terms.values()].some(({ times }) => !(Math.abs(times) < 2 ** 31))) return whole
  const parts = [...terms.values()].map(({ factor, times }) => (times === 1 ? factor : mul(factor, i32(times))))
  const rest = parts.length === 0 ? i32(0) : parts.reduce(add)
  const [low, high] = intervalOf(rest, ofLocal)
  return low >= 0 && high < 2 ** 28 ? { rest, constant } : whole
}
/** No number where one is rounded: what follows from it is not used. */
const exact = (n: number): number => (Number.isSafeInteger(n) ? n : NaN)
/** The constants of a sum, added up. */
function constantOf(e: Expression): number {
  if (e.kind === "constant") return e.value
  if (e.kind !== "binary") return 0
  if (e.op === "i32.add") return exact(constantOf(e.left) + constantOf(e.right))
  return e.op === "i32.mul" && e.right.kind === "constant" ? exact(constantOf(e.left) * e.right.value) : 0
}
