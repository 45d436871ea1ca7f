import { refuse } from "../base/problem.ts"
import { cellModel } from "../kernels/cell_model.ts"
import { contextModel } from "../kernels/context_model.ts"
import { type Context, followers, lastBytes, line, skipping, words } from "../kernels/contexts.ts"
import { matchModel } from "../kernels/match_model.ts"
import { runModel } from "../kernels/run_model.ts"
import { successorModel } from "../kernels/successor_model.ts"
import type { Expert } from "./expert.ts"
import type { HarnessOptions } from "./harness.ts"

/** What a scribe is made of: experts, and the memory that they share. Plain data, that a recipe names. */
export interface ScribeShape {
  /**
   * A power of two from 2¹⁰ to 2³⁰. From 2¹⁴ on, bytes that all of its program may take, constants apart; below that it is of
   * the board edition, with so many bytes of tables alone.
   */
  readonly memoryBytes: number
}
export const MEMORY_MIN = 2 ** 10
export const MEMORY_MAX = 2 ** 30

interface Share {
  readonly context: Context
  /**
   * What its table holds: bit histories of each nibble, or the last two bytes that followed; on boards, bit histories without
   * checks, or the last byte that followed.
   */
  readonly holds: "histories" | "successors" | "cells" | "runs"
  /** Of the memory, as a power of two: −4 is a sixteenth. */
  readonly share: number
}
const share = (holds: Share["holds"], context: Context, share: number): Share => ({ holds, context, share })
/** Entries of what followed two bytes. */
const FOLLOWERS = 2 ** 14
/** In the order of their votes; chosen on the validation part of tinyshakespeare. */
const LARGE: readonly Share[] = [
  share("histories", lastBytes(2), -6),
  share("histories", lastBytes(3), -5),
  share("histories", lastBytes(4), -3),
  share("histories", lastBytes(5), -3),
  share("successors", lastBytes(6), -4),
  share("successors", lastBytes(7), -4),
  share("histories", words(0), -3),
  share("histories", words(1), -4),
  share("successors", words(1, true), -4),
  share("successors", words(2), -5),
  share("successors", skipping(1, 3), -6),
  share("successors", followers(2, FOLLOWERS, 2), -6),
  share("histories", line("column"), -6),
  share("histories", line("length"), -6),
  share("histories", line("words"), -6),
  share("histories", line("word"), -6),
]
const SMALL: readonly Share[] = [
  share("histories", lastBytes(1), -4),
  share("histories", lastBytes(2), -3),
  share("histories", lastBytes(3), -2),
  share("successors", lastBytes(4), -4),
  share("successors", lastBytes(5), -4),
  share("histories", words(0), -4),
]
const TINY: readonly Share[] = [
  share("histories", lastBytes(1), -4),
  share("histories", lastBytes(2), -3),
  share("histories", lastBytes(3), -2),
  share("histories", words(0), -4),
]
/** On boards; chosen on the last tenth of what is learnt of tinyshakespeare, and on 2 KB each of stories, articles and code. */
const BOARD: readonly Share[] = [
  share("cells", lastBytes(0), -4),
  share("cells", lastBytes(1), -2),
  share("runs", lastBytes(2), -3),
  share("runs", lastBytes(3), -2),
  share("runs", words(0), -2),
]
const sharesOf = (memoryBytes: number): readonly Share[] =>
  memoryBytes >= LARGE_FROM ? LARGE : memoryBytes >= SMALL_FROM ? SMALL : isForBoards(memoryBytes) ? BOARD : TINY
const LARGE_FROM = 2 ** 22
const SMALL_FROM = 2 ** 16
const WHOLE_FROM = 2 ** 14
/** Whether a scribe with so much memory is of the board edition. */
export const isForBoards = (memoryBytes: number): boolean => memoryBytes < WHOLE_FROM
/** Cells of what no byte stands before: one for each node of a byte. */
const CELLS_MIN = 256
/** From here on what a history means is learnt for each place in a byte. */
const FINE_FROM = 2 ** 24

/** The experts of a scribe with so much memory. Errors: OB800. */
export function scribeExperts({ memoryBytes }: ScribeShape): readonly Expert[] {
  if (!Number.isInteger(Math.log2(memoryBytes)) || memoryBytes < MEMORY_MIN || memoryBytes > MEMORY_MAX)
    return refuse({
      code: "OB800",
      seen: `A scribe cannot have ${memoryBytes} bytes of memory.`,
      hint: "Give a power of two from 1 KB to 1 GB: 16 MB is 16777216.",
    })
  const { historyBytes } = harnessOptions({ memoryBytes })
  const isLarge = memoryBytes >= LARGE_FROM
  const isFine = memoryBytes >= FINE_FROM
  const experts = sharesOf(memoryBytes).map(({ context, holds, share }): Expert => {
    const tableBytes = Math.max(64, memoryBytes * 2 ** share)
    const { name, about } = context
    switch (holds) {
      case "histories":
        return {
          name,
          about,
          program: contextModel({ context, tableBytes, historyBytes, byNode: isFine }),
          knows: true,
        }
      case "successors":
        return {
          name: `after_${name}`,
          about,
          program: successorModel({ context, tableBytes, historyBytes, byDepth: isFine }),
        }
      case "cells":
        return {
          name,
          about,
          program: cellModel({ context, cells: Math.max(CELLS_MIN, tableBytes), historyBytes }),
          knows: true,
        }
      case "runs":
        return {
          name: `after_${name}`,
          about,
          program: runModel({ context, entries: tableBytes / 2, historyBytes }),
          knows: true,
        }
      default:
        return holds satisfies never
    }
  })
  if (isForBoards(memoryBytes)) return experts
  const match = matchModel({
    name: "match",
    shortest: isLarge ? 8 : 6,
    places: Math.max(16, Math.min(2 ** 24, memoryBytes / 256)),
    historyBytes,
  })
  return [
    ...experts,
    { name: "match", about: "the last place where the same bytes stood", program: match, knows: true },
  ]
}

/** How the harness is cut for so much memory. */
export function harnessOptions({ memoryBytes }: ScribeShape): HarnessOptions {
  if (isForBoards(memoryBytes))
    return { historyBytes: 16, mixing: { kind: "narrow", rows: [8, 8, lastRows(memoryBytes)] } }
  const [isLarge, isFine] = [memoryBytes >= LARGE_FROM, memoryBytes >= FINE_FROM]
  return {
    historyBytes: Math.min(2 ** 26, memoryBytes / (memoryBytes >= SMALL_FROM ? 16 : 32)),
    mixing: {
      kind: "wide",
      rows: isLarge ? 256 : Math.max(4, Math.min(256, memoryBytes / 4096)),
      corrections: Math.max(4, Math.min(2 ** 16, memoryBytes / (isFine ? 4096 : 8192))),
    },
  }
}
/** Weights by the last byte, where there is room for them. */
const lastRows = (memoryBytes: number): number => Math.min(32, Math.max(8, memoryBytes / 128))
