import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { countOf } from "@open-brains/core/ir/count.ts"
import { blocksOf, statementsOf } from "@open-brains/core/ir/program.ts"
import type { Board } from "./boards.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"

/** What is thought of a module where no compiler is here to ask. */
export interface Estimate {
  readonly flashBytes: number
  readonly ramBytes: number
  readonly cycles: readonly { readonly about: string; readonly cycles: number }[]
}
/**
 * The cost model: bytes of code for each statement of the program, and cycles for each operation that is done, as they came
 * out on average of what is measured in boards/testing. An AVR takes 8 bits at a time, a Cortex-M 32.
 */
const COSTS = {
  avr: { statement: 30, operation: 14, facade: 400 },
  cortex: { statement: 14, operation: 3, facade: 250 },
} as const

/** Constants are counted to the byte; code and cycles by the cost model above. */
export function estimate(module: Exported, { ramBytes }: Sources, { target }: Board): Estimate {
  const { program } = module
  const cost = target?.startsWith("atmega") ? COSTS.avr : COSTS.cortex
  const constants = program.buffers
    .filter(({ access }) => access === "constant")
    .reduce((sum, { dtype, length }) => sum + DTYPE[dtype].bytes * length, 0)
  const names = module.kind === "classifier" ? module.labels.reduce((sum, label) => sum + label.length + 1, 0) : 0
  const statements = blocksOf(program).reduce((sum, block) => sum + statementsOf(block).length, 0)
  const counted = (entry: string | undefined): number => countOf(program, entry).total.most * cost.operation
  const calls =
    module.kind === "classifier"
      ? [{ about: `an answer, to a text of ${module.textBytes} bytes`, cycles: counted(undefined) }]
      : Object.keys(module.ports).map((entry) => ({ about: entry, cycles: counted(entry) }))
  return { flashBytes: constants + names + cost.facade + cost.statement * statements, ramBytes, cycles: calls }
}
