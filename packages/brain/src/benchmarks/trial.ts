import type { Json } from "@open-brains/core/base/json.ts"
import { counted } from "@open-brains/core/base/words.ts"
import { GENERATED_ITEMS } from "@open-brains/core/commons/score.ts"
import type { Verdict } from "@open-brains/core/gate/gate.ts"
import { jsonOf, plainOf } from "@open-brains/core/run/values.ts"
import { SCORE_ONE } from "./answer.ts"
import type { OpenBenchmark } from "./benchmark.ts"
import { compareOn } from "./compare.ts"
import { runItem, type Subject } from "./subject.ts"
import { shownSuite } from "./suites.ts"

/** An item that the new one answers worse. */
export interface Broken {
  readonly benchmark: string
  readonly inputs: readonly Json[]
  /** The label or text; null where no label fits. */
  readonly expected: string | null
  /** What each said, as canonical JSON. */
  readonly old: string
  readonly new: string
  /** From 0 to 1. */
  readonly scores: { readonly old: number; readonly new: number }
}
export interface Trial {
  readonly accepted: boolean
  readonly because: string // a sentence for a person
  readonly items: number // that were asked of both, before the gate
  readonly better: number
  /** The first of them that broke, at most `BROKEN_MAX`: then no more are asked. */
  readonly broken: readonly Broken[]
  /** Of the gate, where something broke. */
  readonly verdict?: Verdict
}
export interface TrialOptions {
  readonly onItem?: (done: number, count: number) => void
}

export const BROKEN_MAX = 5
const SEED = 1

/**
 * Whether a new version may take the place of the old one for a person whose suites may be small: when of all items none that was
 * right becomes wrong (a graded score: lower), else when the gate accepts. The benchmarks fit both. Errors: OB754.
 */
export async function tryOut(
  candidate: Subject,
  incumbent: Subject,
  benchmarks: readonly OpenBenchmark[],
  { onItem }: TrialOptions = {},
): Promise<Trial> {
  const countOf = ({ itemCount = GENERATED_ITEMS }: OpenBenchmark): number => itemCount
  const all = benchmarks.reduce((sum, each) => sum + countOf(each), 0)
  const broken: Broken[] = []
  let [items, better] = [0, 0]
  for (const benchmark of benchmarks)
    for (let i = 0; i < countOf(benchmark) && broken.length < BROKEN_MAX; i++) {
      const item = await benchmark.item(SEED, i)
      const now = await runItem(candidate, benchmark, item)
      const old = await runItem(incumbent, benchmark, item)
      items++
      if (now.score > old.score) better++
      else if (now.score < old.score)
        broken.push({
          benchmark: benchmark.name,
          inputs: item.inputs.map((value) => jsonOf(plainOf(value))),
          expected: item.expected ?? null,
          old: old.answer,
          new: now.answer,
          scores: { old: old.score / SCORE_ONE, new: now.score / SCORE_ONE },
        })
      if (items % 64 === 0) await new Promise((wake) => setImmediate(wake)) // else nobody would hear a Ctrl-C
      onItem?.(items, all)
    }
  const common = { items, better, broken }
  if (broken.length === 0)
    return { ...common, accepted: true, because: `Of ${counted(items, "item")} none got worse, ${better} got better.` }
  const { verdict } = await compareOn(candidate, incumbent, benchmarks)
  const because = `${broken.length === BROKEN_MAX ? `At least ${BROKEN_MAX}` : broken.length} of ${counted(items, "item")} got worse, ${better} better. ${benchmarks.reduce((text, { name }) => text.replaceAll(name, shownSuite(name)), verdict.because)}`
  return { ...common, accepted: verdict.accepted, because, verdict }
}
