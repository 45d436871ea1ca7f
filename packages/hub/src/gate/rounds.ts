import { counted } from "@open-brains/core/base/words.ts"
import type { BenchmarkView, GivenVerdict } from "@open-brains/core/commons/candidate.ts"
import { ALIKE_ITEMS, type ItemsJob, type ItemsResult, roundAfter } from "@open-brains/core/commons/work.ts"
import { type Gate, openGate } from "@open-brains/core/gate/gate.ts"
import type { CandidateRecord, ProtectedOne } from "./record.ts"

/** What was measured of a candidate so far, round by round, as `compareOn` of `brain compare` has it. */
export interface Rounds {
  /** What those who did a job agree about. In the order of jobs, whichever was done first. */
  feed(job: ItemsJob, result: Pick<ItemsResult, "leaves" | "differences">): void
  /** Items that are to be run next, or what follows from all that was run. */
  next(): { readonly jobs: readonly RoundJob[] } | { readonly verdict: GivenVerdict }
  standing(): readonly BenchmarkView[]
  readonly needed: NonNullable<CandidateRecord["needed"]>
}
export interface RoundJob {
  readonly benchmark: ProtectedOne
  readonly items: ItemsJob["items"]
}
interface Trial {
  readonly benchmark: ProtectedOne
  readonly itemCount: number
  count: number
  differs: boolean
}
const SCORE_ONE = 2 ** 32

/** The same jobs and results in the same order give the same verdict: nothing else is looked at. */
export function openRounds(record: CandidateRecord): Rounds {
  const { benchmarks, target, isSimpler, epoch, seed } = record
  const gate = openGate({
    benchmarks: benchmarks.map(({ name, weight }) => ({ name, weight })),
    ...(target === null ? {} : { target: nameOf(target) }),
    ...(isSimpler ? { isSimpler } : {}),
    ...(epoch ? { attempt: epoch.attempt, accepted: epoch.accepted } : {}),
  })
  const trials = benchmarks.map((benchmark): Trial => {
    const itemCount = benchmark.itemCount ?? Number.POSITIVE_INFINITY
    return { benchmark, itemCount, count: 0, differs: false }
  })
  const firstItems = ({ itemCount }: Trial): number => Math.min(ALIKE_ITEMS, itemCount)
  const mayBeAlike = (): boolean => trials.every(({ differs }) => !differs)
  const isAlike = (): boolean => mayBeAlike() && trials.every((trial) => trial.count >= firstItems(trial))
  return {
    feed({ benchmark, items }, { leaves, differences }) {
      const trial = trials.find(({ benchmark: { name } }) => name === benchmark.repository)
      if (trial === undefined || trial.count !== items.from)
        throw new Error(`bug: ${benchmark.repository} is not to be run from ${items.from}`)
      trial.count += items.count
      trial.differs ||= leaves.candidate.some((leaf, i) => leaf !== leaves.baseline[i])
      const scaled = (all: readonly number[]): readonly number[] => all.map((d) => d / SCORE_ONE)
      gate.add(
        benchmark.repository,
        scaled(differences.baseline),
        differences.anchor === undefined ? undefined : scaled(differences.anchor),
      )
    },
    next() {
      if (gate.verdict === undefined && isAlike()) gate.acceptEqual()
      if (gate.verdict !== undefined) return { verdict: givenOf(gate.verdict) }
      const wanted = gate.wanted()
      const open = trials.filter(
        (trial) =>
          trial.count < trial.itemCount &&
          (wanted.includes(trial.benchmark.name) || (mayBeAlike() && trial.count < firstItems(trial))),
      )
      if (open.length === 0) return { verdict: exhausted(trials, wanted) }
      const jobs = open.map(({ benchmark, count, itemCount }): RoundJob => {
        const until = Math.min(count + roundAfter(count), itemCount)
        return { benchmark, items: { seed, from: count, count: until - count } }
      })
      return { jobs }
    },
    standing: () => standingOf(gate, benchmarks),
    get needed() {
      const { noHarm, gain, harm } = gate.needed
      return { noHarm, gain, harm }
    },
  }
}
/** `acme/questions:edge` is protected as acme/questions. */
export const nameOf = (reference: string): string => /^[^:@]+/.exec(reference)?.[0] ?? reference

const givenOf = ({ kind, because, benchmark, items }: NonNullable<Gate["verdict"]>): GivenVerdict => ({
  kind,
  because,
  benchmark: benchmark ?? null,
  items,
})
function exhausted(trials: readonly Trial[], wanted: readonly string[]): GivenVerdict {
  const named = trials
    .filter(({ benchmark }) => wanted.includes(benchmark.name))
    .map(({ benchmark, count }) => `${benchmark.name} has only ${counted(count, "item")}`)
  const items = trials.reduce((sum, { count }) => sum + count, 0)
  return { kind: "unproven", because: `${named.join(", ")}, and they do not show enough.`, benchmark: null, items }
}
function standingOf(gate: Gate, benchmarks: readonly ProtectedOne[]): readonly BenchmarkView[] {
  return gate.standing().map((each, i): BenchmarkView => {
    const { weight, margin, items, better, equal, worse, mean } = each
    const { name, place } = benchmarks[i]!
    return {
      ...{ name, artifact: place.artifact, weight, margin, items, better, equal, worse },
      mean: items === 0 ? null : mean,
      evidence: { noHarm: each.evidenceOfNoHarm, gain: each.evidenceOfGain, harm: each.evidenceOfHarm },
    }
  })
}
