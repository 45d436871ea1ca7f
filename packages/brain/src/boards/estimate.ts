import { blocksOf, statementsOf } from "@open-brains/core/ir/program.ts"
import type { Board } from "./boards.ts"
import { alike } from "./probe.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"
import { KINDS, type Work, workOf } from "./work.ts"

/** What is thought of a module where no compiler is here to ask. */
export interface Estimate {
  /** Numbers in flash, without code: to the byte. */
  readonly constantBytes: number
  readonly flashBytes: number
  readonly ramBytes: number
}
/**
 * The cost model of code: bytes for each statement of the program, as they came out with avr-gcc 5.4 and arm-none-eabi-gcc 12 of classifiers
 * of 3 to 20 KB, of the nets in bench/boards, and of scribes of 1 and 4 KB.
 */
const CODE = {
  classifier: { avr: 30.5, cortex: 14.5 },
  scribe: { avr: 32, cortex: 14.5 },
  net: { avr: 65, cortex: 25 },
} as const

/** Constants are counted to the byte; code by the cost model above. */
export function estimate(module: Exported, { ramBytes, chip }: Sources, { target }: Board): Estimate {
  const { program } = module
  const { constantBytes } = chip
  const names = module.kind === "classifier" ? module.labels.reduce((sum, label) => sum + label.length + 1, 0) : 0
  const statements = blocksOf(program).reduce((sum, block) => sum + statementsOf(block).length, 0)
  const cost = CODE[module.kind][target?.startsWith("atmega") ? "avr" : "cortex"]
  return { constantBytes, flashBytes: constantBytes + names + Math.round(cost * statements), ramBytes }
}

/** Cycles of each kind of work, and by how much more it is where a text is read: more is at hand there than there are registers. */
type Costs = Work & { readonly text: number }
/** See `estimatedCycles` for what they were fitted to. */
const COSTS = {
  avr: {
    ...{ products: 8.1, sums: 0, starts: 0, divisions: 620, moves: 0, choices: 8.5, operations: 5.7 },
    text: 1.82,
  },
  "cortex-m0": {
    ...{ products: 3.3, sums: 22, starts: 248, divisions: 63, moves: 0.7, choices: 4.8, operations: 2.4 },
    text: 1.47,
  },
  "cortex-m0plus": {
    ...{ products: 3.2, sums: 22, starts: 235, divisions: 59, moves: 0.9, choices: 3.9, operations: 2.1 },
    text: 1.5,
  },
  "cortex-m4": {
    ...{ products: 1.7, sums: 13, starts: 115, divisions: 0.3, moves: 0, choices: 3.9, operations: 1.1 },
    text: 1.8,
  },
  /** Plain C on a chip of 32 bits that divides: an M4 that is compiled for as an M3. Nobody has measured an Xtensa here. */
  other: {
    ...{ products: 9, sums: 21, starts: 0, divisions: 0, moves: 0, choices: 3.2, operations: 1.9 },
    text: 1.53,
  },
} as const satisfies Readonly<Record<string, Costs>>
/** Tables of more bytes than that are printed in parts, which are looked for at each access. */
const PART_BYTES = 32_767
const IN_PARTS = 2.3

export interface EstimatedCycles {
  readonly calls: readonly { readonly about: string; readonly cycles: number }[]
  /** In the order of the source's layers. */
  readonly layers: readonly number[]
}
/**
 * Cycles without a simulator: the program is run in the interpreter, what it does is counted (work.ts), and each kind of it costs what it
 * came to in simulators: least squares, relative, over bench/boards/nets, examples/gestures, examples/names and six classifiers of 1 to
 * 131 KB that read 64 to 1024 bytes. Of what is simulated there, calls of over 1000 cycles come out as 0.83 … 1.34, and layers as
 * 0.59 … 1.56 on Cortex-M and 0.36 … 3.5 on AVR. An Xtensa has not been simulated at all.
 */
export function estimatedCycles(module: Exported, sources: Sources, { target }: Board): EstimatedCycles {
  const costs: Costs =
    COSTS[target === undefined ? "other" : target === "atmega328p" || target === "atmega2560" ? "avr" : target]
  const isInParts = module.program.buffers.some(({ values = [] }) => values.length > PART_BYTES)
  const textFactor = costs.text * (isInParts ? IN_PARTS : 1)
  const { calls, layers } = workOf(module, sources)
  const cycles = layers.map(({ work, readsText }) => {
    const sum = KINDS.reduce((all, kind) => all + work[kind] * costs[kind], 0)
    return Math.round(readsText ? textFactor * sum : sum)
  })
  return {
    calls: alike(
      calls.map(({ about, layers }) => ({ about, cycles: layers.reduce((all, at) => all + cycles[at]!, 0) })),
    ),
    layers: cycles,
  }
}
