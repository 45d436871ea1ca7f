import type { Verdict } from "@open-brains/core/gate/gate.ts"
import { type OpenBenchmark, openBenchmark } from "./benchmark.ts"
import { type CompareOptions, type Comparison, compareOn, refuseNarrower } from "./compare.ts"
import { identityOf, openSubject, refuseUnaskable, type Subject, type Within } from "./subject.ts"

export interface JudgeOptions extends Omit<CompareOptions, "anchor"> {
  /** The brain in which both stand in the place of a module. */
  readonly within?: Within
}
/** A comparison, or none, where both are one artifact. */
export interface Judgement {
  readonly verdict: Verdict
  readonly comparison?: Comparison
}

/** Equal artifacts are equal answers: nothing is asked. */
export const SAME: Verdict = {
  kind: "not worse",
  accepted: true,
  because: "Both are the same artifact.",
  items: 0,
}

/**
 * Whether a new version of a module or brain may take the place of the old one, by benchmarks that the caller names: folders on disk, which
 * need never be pushed, or names of the store. Errors: OB751 to OB755, and those of opening what is compared.
 */
export async function judge(
  old: string,
  now: string,
  benchmarks: readonly string[],
  options: JudgeOptions = {},
): Promise<Judgement> {
  const { within, ...rest } = options
  return withOpened(old, now, benchmarks, within, async ({ candidate, incumbent, opened }) => {
    if (await isSame(candidate, incumbent)) return { verdict: SAME }
    const comparison = await compareOn(candidate, incumbent, opened, rest)
    return { verdict: comparison.verdict, comparison }
  })
}

export async function isSame(one: Subject, other: Subject): Promise<boolean> {
  const identity = await identityOf(one)
  return identity !== undefined && identity === (await identityOf(other))
}

export interface Opened {
  readonly candidate: Subject
  readonly incumbent: Subject
  readonly opened: readonly OpenBenchmark[]
}
/** Opens all that is compared, sees that all fits together, and closes it again. Errors: OB752, OB755. */
export async function withOpened<T>(
  old: string,
  now: string,
  benchmarks: readonly string[],
  within: Within | undefined,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const closing: (() => Promise<void>)[] = []
  const kept = <Each extends { close(): Promise<void> }>(each: Each): Each => {
    closing.push(() => each.close())
    return each
  }
  try {
    if (within) {
      // As modules, before they are put into the brain.
      const [one, other] = [kept(await openSubject(now)), kept(await openSubject(old))]
      refuseNarrower(one, other)
    }
    const candidate = kept(await openSubject(now, within))
    const incumbent = kept(await openSubject(old, within))
    refuseNarrower(candidate, incumbent)
    const opened: OpenBenchmark[] = []
    for (const benchmark of benchmarks) opened.push(kept(await openBenchmark(benchmark)))
    for (const benchmark of opened) for (const subject of [candidate, incumbent]) refuseUnaskable(benchmark, subject)
    return await work({ candidate, incumbent, opened })
  } finally {
    await Promise.all(closing.map((close) => close()))
  }
}
