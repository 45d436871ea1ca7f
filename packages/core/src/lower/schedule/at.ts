import * as ir from "../../ir/build.ts"
import type { Expression } from "../../ir/program.ts"

/** The sum of (index, stride), its constants gathered at the end. */
export function at(...terms: readonly (readonly [index: Expression | number, stride: number])[]): Expression {
  let constant = 0
  const others: Expression[] = []
  for (const [index, stride] of terms) {
    const value = typeof index === "number" ? index : index.kind === "constant" ? index.value : undefined
    if (value === undefined)
      others.push(stride === 1 ? (index as Expression) : ir.mul(index as Expression, ir.i32(stride)))
    else constant += value * stride
  }
  if (constant !== 0 || others.length === 0) others.push(ir.i32(constant))
  return ir.total(...others)
}
