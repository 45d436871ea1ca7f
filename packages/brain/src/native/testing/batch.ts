/** Many small programs in one: a C compiler takes longer to start than to compile them. */
import type { Numbers } from "@open-brains/core/base/dtype.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { renameProgram } from "@open-brains/core/ir/rename.ts"
import { memoryFrom } from "@open-brains/core/ir/testing/hostile.ts"

/** A program, what its buffers start with, and what its inputs are in each round of runs. */
export interface Trial {
  /** Names it in a report: how to make it again. */
  readonly title: string
  readonly program: Program
  readonly start: Memory
  readonly records: readonly Memory[]
}
export const RECORDS = 2

export const trialOf = (title: string, program: Program, seed: number): Trial => ({
  ...{ title, program, start: memoryFrom(seed, program, "input", "state") },
  records: Array.from({ length: RECORDS }, (_, n) => memoryFrom(seed + n + 1, program, "input")),
})

/** What the buffers of trial `n` are called inside the batch. */
export const nameIn = (n: number, name: string): string => `q${n}_${name}`

/** All programs as the entries of one: body and entries of trial n are `qn_body` and `qn_ENTRY`, in this order. */
export function programOfBatch(trials: readonly Trial[]): Program {
  const parts = trials.map(({ program }, n) => renameProgram(program, (name) => nameIn(n, name)))
  const entries = parts.flatMap((part, n) =>
    Object.entries({ body: part.body, ...part.entries }).map(([call, block]) => [nameIn(n, call), block] as const),
  )
  return {
    name: "batch",
    buffers: parts.flatMap(({ buffers }) => buffers),
    body: [],
    entries: Object.fromEntries(entries),
  }
}

/** Contents of the buffers of the batch that `of` has something for, in the order of the buffers; others are left out. */
export function gathered(trials: readonly Trial[], of: (trial: Trial) => Memory): ReadonlyMap<string, Numbers> {
  return new Map(
    trials.flatMap((trial, n) => Object.entries(of(trial)).map(([name, numbers]) => [nameIn(n, name), numbers])),
  )
}
