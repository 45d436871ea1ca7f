import { countOf } from "@open-brains/core/ir/count.ts"
import { blocksOf, statementsOf } from "@open-brains/core/ir/program.ts"
import type { Board } from "./boards.ts"
import { callsOf } from "./probe.ts"
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
 * came out with avr-gcc 5.4 and arm-none-eabi-gcc 12 of classifiers of 3 to 20 KB, of the nets in bench/boards, and of scribes of 1 and 4 KB. A text has far fewer
 * n-grams than the program could do, and sums of products are written out, which is why the two differ.
 */
const COSTS = {
  classifier: { avr: { statement: 30.5, operation: 0.5 }, cortex: { statement: 14.5, operation: 0 } },
  scribe: { avr: { statement: 32, operation: 3.5 }, cortex: { statement: 14.5, operation: 0 } },
  net: { avr: { statement: 65, operation: 1.4 }, cortex: { statement: 25, operation: 0 } },
} as const

/** Of the walks that could be needed for the likeliest byte, those that are: fewer where one is far likelier than all others. */
const FORESEEN = 0.3

/** Constants are counted to the byte; code and cycles by the cost model above. */
export function estimate(module: Exported, { ramBytes, chip }: Sources, { target, cycles }: Board): Estimate {
  const { program } = module
  const cost = COSTS[module.kind][target?.startsWith("atmega") ? "avr" : "cortex"]
  const { constantBytes } = chip
  const names = module.kind === "classifier" ? module.labels.reduce((sum, label) => sum + label.length + 1, 0) : 0
  const statements = blocksOf(program).reduce((sum, block) => sum + statementsOf(block).length, 0)
  const counted = (entry: string | undefined): number =>
    Math.round(
      countOf(program, entry).total.most *
        cost.operation *
        (module.kind === "scribe" && entry === "foresee" ? FORESEEN : 1),
    )
  const calls = entriesOf(module).map(([about, entry]) => ({ about, cycles: counted(entry) }))
  const flashBytes = constantBytes + names + Math.round(cost.statement * statements)
  return { constantBytes, flashBytes, ramBytes, cycles: cycles === "simulated" ? calls : [] }
}

/** What is called, and the entry of the program that it is; nothing for the body. */
function entriesOf(module: Exported): readonly (readonly [about: string, entry: string | undefined])[] {
  const abouts = callsOf(module).map(({ about }) => about)
  const entries =
    module.kind === "net"
      ? Object.keys(module.ports)
      : module.kind === "scribe"
        ? ["reset", undefined, undefined, "foresee"]
        : [undefined]
  return abouts.map((about, i) => [about, entries[i]])
}
