import { setImmediate } from "node:timers/promises"
import { countsOf, sumOf } from "@open-brains/core/commons/work.ts"
import type { Said } from "./answer.ts"
import type { OpenBenchmark } from "./benchmark.ts"
import { runItem, type Subject } from "./subject.ts"

/** What is run on the same items. */
export interface Contest {
  readonly benchmark: OpenBenchmark
  readonly candidate: Subject
  /** Without one a score is by itself: nothing scores nothing. */
  readonly baseline?: Subject
  /** What the epoch began with, where that is not the baseline. */
  readonly anchor?: Subject
}
/** Items from … from + count − 1 of a seed. */
export interface ItemRange {
  readonly seed: number
  readonly from: number
  readonly count: number
}
/** What each said to the items, in their order: canonical JSON, and its score in units of 2⁻³². */
export interface SaidToItems {
  readonly candidate: readonly Said[]
  readonly baseline: readonly Said[]
  readonly anchor?: readonly Said[]
}
/** What the differences of scores come to. */
export interface Tally {
  readonly counts: { readonly better: number; readonly equal: number; readonly worse: number }
  /** In units of 2⁻³². */
  readonly sum: number
}
export interface RunOptions {
  readonly onItem?: (done: number, count: number) => void
  /** Throws its reason between two items. */
  readonly signal?: AbortSignal
}

/** Nobody would hear a Ctrl-C otherwise. */
const ITEMS_AT_A_STRETCH = 64

/** Runs all that stand in a contest on the same items, each by itself. The benchmark can ask them. Errors: OB754, and those of running. */
export async function runItems(
  { benchmark, candidate, baseline, anchor }: Contest,
  { seed, from, count }: ItemRange,
  { onItem, signal }: RunOptions = {},
): Promise<SaidToItems> {
  const said = { candidate: [] as Said[], baseline: [] as Said[], anchor: [] as Said[] }
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted()
    const item = await benchmark.item(seed, from + i)
    said.candidate.push(await runItem(candidate, benchmark, item))
    if (baseline) said.baseline.push(await runItem(baseline, benchmark, item))
    if (anchor) said.anchor.push(await runItem(anchor, benchmark, item))
    onItem?.(i + 1, count)
    if (i % ITEMS_AT_A_STRETCH === ITEMS_AT_A_STRETCH - 1 || i === count - 1) await setImmediate()
  }
  return anchor ? said : { candidate: said.candidate, baseline: said.baseline }
}

/** By how much one scored more than the other, item by item, in units of 2⁻³²; its scores where there is no other. */
export const differencesOf = (one: readonly Said[], other: readonly Said[]): readonly number[] =>
  one.map(({ score }, i) => (other.length === 0 ? score : score - other[i]!.score))

export const tallyOf = (differences: readonly number[]): Tally => ({
  counts: countsOf(differences),
  sum: sumOf(differences),
})
export const answersOf = (said: readonly Said[]): readonly string[] => said.map(({ answer }) => answer)
