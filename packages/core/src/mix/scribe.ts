import { refuse } from "../base/problem.ts"
import type { Program } from "../ir/program.ts"
import { contextModel } from "../kernels/context_model.ts"
import { type Context, lastBytes, skipping, words } from "../kernels/contexts.ts"
import { matchModel } from "../kernels/match_model.ts"
import type { Expert } from "./expert.ts"
import type { HarnessOptions } from "./harness.ts"

/** What a scribe is made of: experts, and the memory that they share. Plain data, that a recipe names. */
export interface ScribeShape {
  /** Bytes of all that the program holds, constants apart: 2¹⁴ … 2³⁰. */
  readonly memoryBytes: number
}
export const MEMORY_MIN = 2 ** 14
export const MEMORY_MAX = 2 ** 30

interface Share {
  readonly context: Context
  /** Of the memory, as a power of two: −4 is a sixteenth. */
  readonly share: number
  /** No more is of use. */
  readonly bytesMax: number
}
const NONE = 2 ** 30
/** In the order of their votes; a share of the sizes tried on the validation part of tinyshakespeare. */
const SHARES: readonly Share[] = [
  { context: lastBytes(1), share: -8, bytesMax: 2 ** 17 },
  { context: lastBytes(2), share: -6, bytesMax: 2 ** 20 },
  { context: lastBytes(3), share: -4, bytesMax: 2 ** 23 },
  { context: lastBytes(4), share: -3, bytesMax: NONE },
  { context: lastBytes(5), share: -3, bytesMax: NONE },
  { context: lastBytes(6), share: -3, bytesMax: NONE },
  { context: words(0), share: -4, bytesMax: NONE },
  { context: words(1), share: -4, bytesMax: NONE },
  { context: skipping(1, 3), share: -6, bytesMax: NONE },
  { context: skipping(2, 3), share: -6, bytesMax: NONE },
]

/** The experts of a scribe with so much memory. */
export function scribeExperts({ memoryBytes }: ScribeShape): readonly Expert[] {
  if (!Number.isInteger(Math.log2(memoryBytes)) || memoryBytes < MEMORY_MIN || memoryBytes > MEMORY_MAX)
    return refuse({
      code: "OB800",
      seen: `A scribe cannot have ${memoryBytes} bytes of memory.`,
      hint: "Give a power of two from 16 KB to 1 GB: 16 MB is 16777216.",
    })
  const historyBytes = historyOf(memoryBytes)
  const experts = SHARES.map(({ context, share, bytesMax }): Expert => {
    const tableBytes = Math.max(64, Math.min(bytesMax, memoryBytes * 2 ** share))
    return { name: context.name, about: context.about, program: contextModel({ context, tableBytes, historyBytes }) }
  })
  const places = Math.max(64, Math.min(2 ** 22, memoryBytes / 64))
  const match: Program = matchModel({ name: "match", shortest: 6, places, historyBytes })
  return [...experts, { name: "match", about: "the last place where the same six bytes or more stood", program: match }]
}
export const harnessOptions = ({ memoryBytes }: ScribeShape): HarnessOptions => ({
  historyBytes: historyOf(memoryBytes),
  corrections: Math.max(16, Math.min(2 ** 14, memoryBytes / 1024)),
})
const historyOf = (memoryBytes: number): number => Math.min(2 ** 24, memoryBytes / 8)
