import type { Card } from "@open-brains/core/commons/card.ts"
import { programOf } from "@open-brains/core/compile.ts"
import { countOf } from "@open-brains/core/ir/count.ts"
import { contentsOf, type ModuleParts } from "@open-brains/core/run/module.ts"

/**
 * What one answer of a net costs at most, counted in its program: operations as `countOf` has them, and bytes of all
 * buffers. No machine is asked, so that everybody counts the same.
 */
export function costsOfNet(module: ModuleParts): Pick<Card, "operations" | "stateBytes" | "memoryBytes"> {
  const { graph } = contentsOf(module)
  const { total, bytes } = countOf(programOf({ name: "predict", outputs: graph, prepares: true }))
  const { state, ...others } = bytes
  return {
    operations: total.most,
    memoryBytes: Object.values(others).reduce((sum, each) => sum + each, state),
    ...(state > 0 ? { stateBytes: state } : {}),
  }
}
