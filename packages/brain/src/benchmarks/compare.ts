import { createHash } from "node:crypto"
import { refuse } from "@open-brains/core/base/problem.ts"
import { counted } from "@open-brains/core/base/words.ts"
import { ALIKE_ITEMS, roundAfter } from "@open-brains/core/commons/work.ts"
import { misfit, type Port } from "@open-brains/core/composition/types.ts"
import { type Gate, type GateOptions, openGate, type Standing, type Verdict } from "@open-brains/core/gate/gate.ts"
import { SCORE_ONE } from "./answer.ts"
import type { OpenBenchmark } from "./benchmark.ts"
import { answersOf, type Contest, differencesOf, runItems, tallyOf } from "./run.ts"
import { refuseUnaskable, type Subject } from "./subject.ts"

/** What was run of one benchmark: items 0 … count − 1 of the seed. */
export interface Ran {
  readonly benchmark: OpenBenchmark
  readonly count: number
  /** Canonical JSON of each answer. */
  readonly answers: { readonly candidate: readonly string[]; readonly incumbent: readonly string[] }
  readonly counts: { readonly better: number; readonly equal: number; readonly worse: number }
  /** Of the differences of scores, in units of 2⁻³². */
  readonly sum: number
  /** Of the scores themselves, in the same units. */
  readonly scores: { readonly candidate: number; readonly incumbent: number }
}
export interface Comparison {
  readonly verdict: Verdict
  readonly standing: readonly Standing[]
  readonly needed: Gate["needed"]
  readonly ran: readonly Ran[]
  /** Digest of what each said to the first items: whoever has the same one behaves the same. */
  readonly fingerprints: { readonly candidate: string; readonly incumbent: string }
}
export interface CompareOptions
  extends Pick<GateOptions, "target" | "isSimpler" | "attempt" | "accepted" | "itemsMax"> {
  readonly seed?: number
  /** By the name of the benchmark; 1 is usual. */
  readonly weights?: Readonly<Record<string, number>>
  /** What the epoch began with, where that is not the incumbent. */
  readonly anchor?: Subject
  readonly onRound?: (standing: readonly Standing[], needed: Gate["needed"]) => void
}

/**
 * Runs both on the same items of the benchmarks that the gate still wants, in rounds, until it has a verdict. When both
 * say the same to the first 256 items of each, or to all that there are, they behave alike and pass. The benchmarks fit both. Errors: OB752,
 * OB754, OB770.
 */
export async function compareOn(
  candidate: Subject,
  incumbent: Subject,
  benchmarks: readonly OpenBenchmark[],
  options: CompareOptions = {},
): Promise<Comparison> {
  const { seed = 1, weights = {}, anchor, onRound } = options
  for (const benchmark of anchor ? benchmarks : []) refuseUnaskable(benchmark, anchor!)
  const { target, isSimpler, attempt, accepted, itemsMax } = options
  const gate = openGate({
    benchmarks: benchmarks.map(({ name }) => ({ name, weight: weights[name] ?? 1 })),
    ...(target === undefined ? {} : { target }),
    ...(isSimpler ? { isSimpler } : {}),
    ...(attempt === undefined ? {} : { attempt }),
    ...(accepted === undefined ? {} : { accepted }),
    ...(itemsMax === undefined ? {} : { itemsMax }),
  })
  const all = benchmarks.map(openTrial)
  const sides = { candidate, baseline: incumbent, ...(anchor ? { anchor } : {}) }
  const firstItems = ({ itemCount = Number.POSITIVE_INFINITY }: OpenBenchmark): number =>
    Math.min(ALIKE_ITEMS, itemCount, itemsMax ?? Number.POSITIVE_INFINITY)

  /** The same bytes to the first items of each benchmark: they are one behaviour. */
  const isAlike = (): boolean => all.every((trial) => !trial.differs && trial.count >= firstItems(trial.benchmark))
  const mayBeAlike = (): boolean => all.every((trial) => !trial.differs)
  let given: Verdict | undefined
  while (gate.verdict === undefined && given === undefined) {
    const wanted = gate.wanted()
    const open = all.filter(
      (trial) =>
        !trial.isExhausted() &&
        (wanted.includes(trial.benchmark.name) || (mayBeAlike() && trial.count < firstItems(trial.benchmark))),
    )
    for (const trial of open) {
      const differences = await trial.run(sides, seed, itemsMax)
      gate.add(trial.benchmark.name, differences.incumbent, differences.anchor)
      onRound?.(gate.standing(), gate.needed)
      if (gate.verdict !== undefined) break
    }
    if (gate.verdict === undefined && isAlike()) gate.acceptEqual()
    else if (gate.verdict === undefined && open.length === 0) given = exhausted(all, gate)
  }
  const ran = all.map((trial): Ran => trial.ran())
  return {
    verdict: gate.verdict ?? given!,
    standing: gate.standing(),
    needed: gate.needed,
    ran,
    fingerprints: {
      candidate: fingerprintOf(ran.map(({ answers }) => answers.candidate)),
      incumbent: fingerprintOf(ran.map(({ answers }) => answers.incumbent)),
    },
  }
}

interface Trial {
  readonly benchmark: OpenBenchmark
  readonly count: number
  readonly differs: boolean
  isExhausted(): boolean
  run(
    sides: Omit<Contest, "benchmark">,
    seed: number,
    itemsMax: number | undefined,
  ): Promise<{ readonly incumbent: readonly number[]; readonly anchor?: readonly number[] }>
  ran(): Ran
}
function openTrial(benchmark: OpenBenchmark): Trial {
  const answers = { candidate: [] as string[], incumbent: [] as string[] }
  const differences: number[] = []
  const scores = { candidate: 0, incumbent: 0 }
  let differs = false
  const { itemCount = Number.POSITIVE_INFINITY } = benchmark
  const count = (): number => differences.length
  return {
    benchmark,
    get count() {
      return count()
    },
    get differs() {
      return differs
    },
    isExhausted: () => count() >= itemCount,
    async run(sides, seed, itemsMax = Number.POSITIVE_INFINITY) {
      const from = count()
      const until = Math.min(from + roundAfter(from), itemCount, Math.max(itemsMax, from + 1))
      const said = await runItems({ benchmark, ...sides }, { seed, from, count: until - from })
      const { candidate, baseline, anchor } = said
      answers.candidate.push(...answersOf(candidate))
      answers.incumbent.push(...answersOf(baseline))
      for (const { score } of candidate) scores.candidate += score
      for (const { score } of baseline) scores.incumbent += score
      differs ||= candidate.some(({ answer }, i) => answer !== baseline[i]!.answer)
      const round = differencesOf(candidate, baseline)
      differences.push(...round)
      const inUnits = (units: readonly number[]): readonly number[] => units.map((each) => each / SCORE_ONE)
      return {
        incumbent: inUnits(round),
        ...(anchor ? { anchor: inUnits(differencesOf(candidate, anchor)) } : {}),
      }
    },
    ran: () => ({ benchmark, count: count(), answers, ...tallyOf(differences), scores }),
  }
}

/** All items of the benchmarks that are still wanted were asked. */
function exhausted(trials: readonly Trial[], gate: Gate): Verdict {
  const short = trials.filter(({ benchmark }) => gate.wanted().includes(benchmark.name))
  const items = trials.reduce((total, { count }) => total + count, 0)
  const named = short.map(({ benchmark, count }) => `${benchmark.name} has only ${counted(count, "item")}`).join(", ")
  return { kind: "unproven", accepted: false, because: `${named}, and they do not show enough.`, items }
}

function fingerprintOf(answers: readonly (readonly string[])[]): string {
  const hash = createHash("sha256")
  for (const each of answers) hash.update(`${JSON.stringify(each.slice(0, ALIKE_ITEMS))}\n`)
  return `sha256:${hash.digest("hex")}`
}

/**
 * Whether a new version can stand wherever the old one does: it takes the same or more, and gives the same labels or the same or
 * shorter texts. Errors: OB755.
 */
export function refuseNarrower(candidate: Subject, incumbent: Subject): void {
  const why = narrower(candidate, incumbent)
  if (why !== undefined)
    refuse({
      code: "OB755",
      seen: `${candidate.name} cannot take the place of ${incumbent.name}: ${why}.`,
      hint: "Let it take at least what the old one takes, and give what that gives: the same labels, texts no longer.",
    })
}
function narrower(candidate: Subject, incumbent: Subject): string | undefined {
  for (const [what, mine, theirs] of [
    ["takes", candidate.takes, incumbent.takes],
    ["gives", candidate.gives, incumbent.gives],
  ] as const) {
    if (mine.length !== theirs.length) return `it ${what} ${mine.length}, not ${theirs.length}`
    for (const [i, port] of mine.entries()) {
      const other = theirs[i]!
      if (mine.length > 1 && port.name !== other.name) return `it ${what} \`${port.name}\`, not \`${other.name}\``
      const wrong =
        what === "takes" ? misfit(other.type, port.type) : (misfit(port.type, other.type) ?? fewerLabels(port, other))
      if (wrong !== undefined) return `of what it ${what}: ${wrong}`
    }
  }
  return undefined
}
/** Whoever goes by the labels has a branch for each. */
const fewerLabels = ({ type }: Port, other: Port): string | undefined =>
  type.type === "label" ? misfit(other.type, type) : undefined
