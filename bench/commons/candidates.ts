/** Candidates whose effect on each benchmark is known, brought before the gate item by item. */
import { type Stream, stream } from "@open-brains/core/base/random.ts"
import { type GateOptions, openGate, type Verdict } from "@open-brains/core/gate/gate.ts"

/** Of the items of a benchmark the answer to a share of `churn` changes, and the mean score by `gain`; |gain| ≤ churn. */
export interface Effect {
  readonly churn: number
  readonly gain: number
}
export interface Candidate {
  readonly effects: readonly Effect[] // of benchmark i
  /** Against the anchor, where that is not the incumbent. */
  readonly anchorEffects?: readonly Effect[]
  readonly options: Omit<GateOptions, "benchmarks">
}
export interface Trial {
  readonly verdict: Verdict
  readonly items: number
}

const BATCH = 64
export const nameOf = (benchmark: number): string => `bench/${benchmark}`

/** One candidate, with items of its own: `run` seeds them. Every benchmark that is wanted gets a batch in turn. */
export function tryCandidate(
  { effects, anchorEffects, options }: Candidate,
  benchmarks: GateOptions["benchmarks"],
  run: number,
): Trial {
  const gate = openGate({ ...options, benchmarks })
  const draws = drawingFrom(stream(run, "draw"))
  const place = new Map(benchmarks.map(({ name }, i) => [name, i]))
  while (gate.verdict === undefined) {
    const wanted = gate.wanted()
    if (wanted.length === 0) throw new Error("bug: nothing is wanted and nothing decided")
    for (const name of wanted) {
      const i = place.get(name)!
      const anchor = anchorEffects && differences(anchorEffects[i]!, draws)
      gate.add(name, differences(effects[i]!, draws), anchor)
      if (gate.verdict !== undefined) break
    }
  }
  return { verdict: gate.verdict, items: gate.verdict.items }
}

/** A uniform number in [0, 1) with 32 bits, and another one at each call. */
const drawingFrom = (words: Stream): (() => number) => {
  let next = 0
  return () => (words.word(next++) >>> 0) / 2 ** 32
}

/** A batch of paired differences: how many changed, and how many of these for the better, are binomial; their order does not matter to the gate. */
function differences({ churn, gain }: Effect, draw: () => number): readonly number[] {
  const changed = drawn(binomial(BATCH, churn), draw())
  const better = changed === 0 ? 0 : drawn(binomial(changed, (churn + gain) / (2 * churn)), draw())
  return batchOf(better, changed - better)
}
const drawn = (cumulated: readonly number[], u: number): number => {
  let k = 0
  while (k < cumulated.length - 1 && u >= cumulated[k]!) k++
  return k
}
const TABLES = new Map<string, readonly number[]>()
/** P(X ≤ k) for k = 0 … n, by the four operations. */
function binomial(n: number, p: number): readonly number[] {
  const key = `${n} ${p}`
  const known = TABLES.get(key)
  if (known !== undefined) return known
  let row = [1]
  for (let i = 0; i < n; i++)
    row = Array.from({ length: i + 2 }, (_, k) => (row[k] ?? 0) * (1 - p) + (row[k - 1] ?? 0) * p)
  let sum = 0
  const table = row.map((each) => (sum += each))
  TABLES.set(key, table)
  return table
}
const BATCHES = new Map<number, readonly number[]>()
function batchOf(better: number, worse: number): readonly number[] {
  const key = better * (BATCH + 1) + worse
  const known = BATCHES.get(key)
  if (known !== undefined) return known
  const batch = Array.from({ length: BATCH }, (_, i) => (i < better ? 1 : i < better + worse ? -1 : 0))
  BATCHES.set(key, batch)
  return batch
}
