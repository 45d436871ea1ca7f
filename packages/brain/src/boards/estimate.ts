import { countOf } from "@open-brains/core/ir/count.ts"
import { blocksOf, statementsOf } from "@open-brains/core/ir/program.ts"
import type { Board } from "./boards.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"

/** What is thought of a module where no compiler is here to ask. */
export interface Estimate {
  /** Numbers in flash, without code: to the byte. */
  readonly constantBytes: number
  readonly flashBytes: number
  readonly ramBytes: number
  readonly cycles: readonly { readonly about: string; readonly cycles: number }[]
}
/**
 * The cost model: bytes of code for each statement of the program, and cycles for each operation that it does at most, as they
 * came out of classifiers of 3, 12 and 20 KB with avr-gcc 5.4 and arm-none-eabi-gcc 12. An AVR does an operation in many
 * cycles, but a text has far fewer n-grams than fit its buffers.
 */
const COSTS = {
  avr: { statement: 34, operation: 1.8 },
  cortex: { statement: 18.5, operation: undefined },
} as const

/** Constants are counted to the byte; code and cycles by the cost model above. */
export function estimate(module: Exported, { ramBytes, chip }: Sources, { target, cycles }: Board): Estimate {
  const { program } = module
  const cost = target?.startsWith("atmega") ? COSTS.avr : COSTS.cortex
  const { constantBytes } = chip
  const names = module.kind === "classifier" ? module.labels.reduce((sum, label) => sum + label.length + 1, 0) : 0
  const statements = blocksOf(program).reduce((sum, block) => sum + statementsOf(block).length, 0)
  const counted = (entry: string | undefined): number =>
    Math.round(countOf(program, entry).total.most * (cost.operation ?? 0))
  const calls =
    module.kind === "classifier"
      ? [{ about: `an answer, to a text of ${module.textBytes} bytes`, cycles: counted(undefined) }]
      : Object.keys(module.ports).map((entry) => ({ about: entry, cycles: counted(entry) }))
  const flashBytes = constantBytes + names + Math.round(cost.statement * statements)
  return { constantBytes, flashBytes, ramBytes, cycles: cycles === "simulated" ? calls : [] }
}
