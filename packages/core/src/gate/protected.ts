import { assert } from "../base/problem.ts"

/** A benchmark that a new version of a module must not harm, and how many live by it. */
export interface ProtectedBenchmark {
  readonly name: string
  /** Above 0. Only ratios count: `openGate` divides by the sum. */
  readonly weight: number
  /** By how many points the mean score may fall before that is harm, as a share in (0, 1). Where nobody set one it follows from the weight: `marginOf`. */
  readonly margin?: number
}
/** How many namespaces, old enough to count, have a locked brain that uses the module and declares the benchmark. */
export interface BenchmarkUse {
  readonly benchmark: string
  readonly namespaces: number
}

export const PROTECTED_LIMITS = { least: 8, most: 64 } as const

/**
 * The most popular benchmarks that together have 95 % of all uses, at least 8 of them where there are so many and at most
 * 64, and the one that the candidate is to be better at. A weight is √namespaces, as a share of all: a hundred
 * namespaces of one owner are worth ten. The target counts once for whoever declares it, though nobody else uses it.
 */
export function protectedBenchmarks(
  uses: readonly BenchmarkUse[],
  target?: string,
): readonly (ProtectedBenchmark & BenchmarkUse)[] {
  assert(new Set(uses.map(({ benchmark }) => benchmark)).size === uses.length, "a benchmark is counted twice")
  assert(
    uses.every(({ namespaces }) => Number.isSafeInteger(namespaces) && namespaces >= 0),
    "namespaces are counted",
  )
  const byPopularity = uses
    .filter(({ namespaces }) => namespaces > 0)
    .toSorted((a, b) => b.namespaces - a.namespaces || (a.benchmark < b.benchmark ? -1 : 1))
  const all = byPopularity.reduce((sum, { namespaces }) => sum + namespaces, 0)
  const { least, most } = PROTECTED_LIMITS
  const chosen: BenchmarkUse[] = []
  let covered = 0
  for (const use of byPopularity) {
    if (chosen.length >= most || (chosen.length >= least && 20 * covered >= 19 * all)) break
    chosen.push(use)
    covered += use.namespaces
  }
  if (target !== undefined && !chosen.some(({ benchmark }) => benchmark === target)) {
    const namespaces = uses.find(({ benchmark }) => benchmark === target)?.namespaces ?? 0
    chosen.push({ benchmark: target, namespaces: Math.max(1, namespaces) })
  }
  const sum = chosen.reduce((total, { namespaces }) => total + Math.sqrt(namespaces), 0)
  return chosen.map((use) => ({ ...use, name: use.benchmark, weight: Math.sqrt(use.namespaces) / sum }))
}

/** The margin that follows from a weight as a share of all: the more live by a benchmark, the less it may lose. */
export const marginOf = (share: number): number => (share >= 0.05 ? 0.005 : share >= 0.005 ? 0.01 : 0.02)
