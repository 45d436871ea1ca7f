import { ln, logMeanExp } from "../base/logarithm.ts"
import { refuse } from "../base/problem.ts"
import { counted } from "../base/words.ts"
import { type Evidence, openEvidence } from "./evidence.ts"
import { marginOf, type ProtectedBenchmark } from "./protected.ts"

export type { ProtectedBenchmark } from "./protected.ts"

export interface GateOptions {
  readonly benchmarks: readonly ProtectedBenchmark[]
  /** The benchmark that the candidate is to be better at: one of `benchmarks`. Without one, all by their weights. */
  readonly target?: string
  /** It claims no more than to be as good with fewer bytes or operations, which whoever opens the gate has checked. */
  readonly isSimpler?: boolean
  /** The how manieth candidate of this module in the epoch it is: 1 is the first, which is usual. */
  readonly attempt?: number
  /** How many of those before it were accepted: 0 is usual. */
  readonly accepted?: number
  /** Of one benchmark: 20,000 are usual. */
  readonly itemsMax?: number
}

export interface Verdict {
  readonly kind: "better" | "not worse" | "harmful" | "unproven"
  readonly accepted: boolean
  readonly because: string // a sentence for a person
  /** The one that decided, where it was one. */
  readonly benchmark?: string
  readonly items: number // of all benchmarks
}

/** What is known of one benchmark so far. Evidence is ln E; it decides where it reaches `needed…`. */
export interface Standing {
  readonly benchmark: string
  readonly weight: number // as a share of all
  readonly margin: number
  /** Against the incumbent. */
  readonly items: number
  readonly better: number
  readonly equal: number
  readonly worse: number
  readonly mean: number // NaN of no items
  /** The weaker one of those against the incumbent and against the anchor. */
  readonly evidenceOfNoHarm: number
  readonly evidenceOfGain: number
  /** The stronger one of both. */
  readonly evidenceOfHarm: number
  readonly isProvenHarmless: boolean
  /** A gain here is not looked for any more. */
  readonly isWithoutGain: boolean
}

export interface Gate {
  /** The benchmarks that still need items, the target first, then by weight; none once it is decided. */
  wanted(): readonly string[]
  /**
   * More items of a benchmark: of each how much better the candidate's score was than the incumbent's, in [−1, 1], and, once the
   * incumbent is not the anchor any more, than the anchor's. Items beyond what was wanted do no harm; after the
   * verdict nothing changes. Errors: OB771.
   */
  add(benchmark: string, againstIncumbent: readonly number[], againstAnchor?: readonly number[]): void
  /** The candidate answers every protected benchmark as the incumbent does: it is accepted at once. */
  acceptEqual(): void
  readonly verdict: Verdict | undefined
  standing(): readonly Standing[]
  /** ln E that is needed of no harm, of gain and of harm: for printing beside what stands. */
  readonly needed: { readonly noHarm: number; readonly gain: number; readonly harm: number }
}

/** One harmful candidate in so many may be among those that an epoch accepts. */
const ODDS = 20
/** Evidence of gain counts a fifth: of those accepted as better, one in a hundred may be none. */
const GAIN_ODDS = 5
const ITEMS_MAX = 20_000
/** What a gain is at least, where giving up on it is weighed. */
const GAIN = 0.01
const GAIN_ITEMS_LEAST = 500
/** Of those that are as good, about one in so many is given up on somewhere. */
const GIVE_UP_ODDS = 50
/** It looks after every so many items of a benchmark, in however large batches they come: verdicts do not hang on batches. */
const LOOK = 64
const ZETA = 2.612 // Σ t^−1.5 over t = 1, 2, … is 2.6124

/**
 * How much dearer evidence is for the t-th candidate of an epoch in which R were accepted: 2.612 t^1.5 / (R + 1), so that
 * whoever tries often enough does not get in by chance. As only t − 1 can have been accepted before, it is never
 * below 2.612 √t: acceptances make retries cheaper, but never cheaper than a first try.
 * Source: Xu & Ramdas 2024, "Online multiple testing with e-values" (e-LOND), with γₜ = t^−1.5 / 2.612.
 */
export const priceOf = (attempt: number, accepted: number): number =>
  (ZETA * attempt * Math.sqrt(attempt)) / (accepted + 1)

/**
 * Log-likelihood ratio of a mean of s1 against one of s0, by a normal approximation: n (s1 − s0) (2 mean − s0 − s1) / (2 var).
 * One more item, half +1 and half −1, keeps the variance of equal answers above 0. It only ever ends a trial without acceptance, so
 * that it may be approximate.
 */
function likelihoodRatio({ items, mean, variance }: Evidence, s0: number, s1: number): number {
  if (items === 0) return 0
  const n = items + 1
  const center = (mean * items) / n
  const spread = ((variance + mean * mean) * items + 1) / n - center * center
  return (n * (s1 - s0) * (2 * center - s0 - s1)) / (2 * spread)
}

interface Trial {
  readonly name: string
  readonly weight: number
  readonly margin: number
  readonly incumbent: Evidence
  readonly anchor: Evidence
  /** Evidence is held where it first sufficed: `E` stopped there is one still, and one series need not wait for another. */
  isIncumbentProven: boolean
  isAnchorProven: boolean
  isWithoutGain: boolean
  /** ln E(0) against the incumbent. */
  gain: number
}
const isProven = (trial: Trial): boolean => trial.isIncumbentProven && trial.isAnchorProven

/**
 * The gate, for a new version of a module that others build on. Of each protected benchmark b with its margin m_b,
 *
 *     no harm   E_b(−m_b) against the incumbent and against the anchor of the epoch: the least of all
 *     gain      E_target(0); without a target Σ w_b E_b(0); waived for what is only simpler
 *     accepted  where min(no harm, gain / 5) ≥ 20 ρ, with ρ = 2.612 t^1.5 / (R + 1) (`priceOf`)
 *     harmful   where E on −d with m_b reaches 20 · |P|, the number of series that are looked at
 *     unproven  where the likelihood says that no harm or a gain will not be proven, or items run out
 *
 * The chance that a candidate which loses m_b or more on some b is accepted is at most 1 / (20 ρ), whenever and however often one looks;
 * over all candidates of an epoch, the expected share of such ones among those accepted is at most 1/20. The same
 * calls in the same order give the same verdict on every machine. Errors: OB770 when the options fit no gate.
 */
export function openGate(options: GateOptions): Gate {
  const { target, isSimpler = false, attempt = 1, accepted = 0, itemsMax = ITEMS_MAX } = options
  checkOptions(options)
  const whole = options.benchmarks.reduce((sum, { weight }) => sum + weight, 0)
  const trials = options.benchmarks.map(({ name, weight, margin = marginOf(weight / whole) }): Trial => {
    const evidence = (): Evidence => openEvidence([-margin, 0])
    return {
      ...{ name, weight: weight / whole, margin, incumbent: evidence(), anchor: evidence() },
      ...{ isIncumbentProven: false, isAnchorProven: false, isWithoutGain: false, gain: 0 },
    }
  })
  const weights = trials.map(({ weight }) => weight)
  const forGain = trials.filter(({ name }) => target === undefined || name === target)
  const price = ln(priceOf(attempt, accepted))
  let hasAnchor: boolean | undefined
  let isGainProven = false
  let verdict: Verdict | undefined
  const needed = {
    noHarm: ln(ODDS) + price,
    gain: ln(ODDS * GAIN_ODDS) + price,
    get harm() {
      return ln(ODDS * trials.length * (hasAnchor === true ? 2 : 1))
    },
  }
  const hopeless = -ln(GIVE_UP_ODDS * trials.length)
  const hopelessGain = ln(0.05)

  const seriesOf = ({ incumbent, anchor }: Trial): readonly (readonly [Evidence, than: string])[] =>
    hasAnchor === true
      ? [
          [incumbent, "the incumbent"],
          [anchor, "what the epoch began with"],
        ]
      : [[incumbent, "the incumbent"]]
  const itemsOf = (): number => trials.reduce((sum, { incumbent }) => sum + incumbent.items, 0)
  const isFull = ({ incumbent }: Trial): boolean => incumbent.items >= itemsMax
  const decide = (kind: Verdict["kind"], because: string, benchmark?: string): void => {
    const isAccepted = kind === "better" || kind === "not worse"
    verdict = {
      kind,
      accepted: isAccepted,
      because,
      ...(benchmark === undefined ? {} : { benchmark }),
      items: itemsOf(),
    }
  }
  const gain = (): number =>
    logMeanExp(
      forGain.map((trial) => trial.gain),
      target === undefined ? weights : [1],
    )

  /** What the items of this benchmark alone say. */
  function weigh(trial: Trial): void {
    const { name, margin, incumbent, anchor } = trial
    trial.isIncumbentProven ||= incumbent.log(-margin) >= needed.noHarm
    trial.isAnchorProven ||= hasAnchor !== true || anchor.log(-margin) >= needed.noHarm
    trial.isWithoutGain ||= incumbent.items >= GAIN_ITEMS_LEAST && likelihoodRatio(incumbent, 0, GAIN) <= hopelessGain
    trial.gain = incumbent.log(0)
    const points = (100 * margin).toFixed(1)
    for (const [evidence, than] of seriesOf(trial))
      if (evidence.logAgainst(margin) >= needed.harm)
        return decide("harmful", `It is worse than ${than} on ${name} by more than ${points} points.`, name)
    if (isProven(trial)) return
    for (const [evidence, than] of seriesOf(trial))
      if (likelihoodRatio(evidence, -margin, 0) <= hopeless)
        return decide(
          "unproven",
          `It may be worse than ${than} on ${name} by ${points} points: more items would not show otherwise.`,
          name,
        )
    if (isFull(trial))
      decide(
        "unproven",
        `${counted(incumbent.items, "item")} of ${name} do not show that it loses less than ${points} points.`,
        name,
      )
  }
  /** What all of them say together. */
  function conclude(): void {
    isGainProven ||= gain() >= needed.gain
    if (trials.every(isProven) && (isGainProven || isSimpler)) {
      const where = forGain.length === 1 ? ` on ${forGain[0]!.name}` : ""
      const isAlone = trials.length === 1
      const nowhere = `not worse on ${isAlone ? trials[0]!.name : `any of ${counted(trials.length, "benchmark")}`}`
      return isGainProven
        ? decide("better", `It is better${where}${isAlone ? "" : `, and ${nowhere}`}.`, target)
        : decide("not worse", `It is simpler, and ${nowhere}.`)
    }
    if (isGainProven || isSimpler || !forGain.every((trial) => trial.isWithoutGain || isFull(trial))) return
    const where = forGain.length === 1 ? ` on ${forGain[0]!.name}` : ""
    const isCertain = forGain.every(({ isWithoutGain }) => isWithoutGain)
    decide(
      "unproven",
      `It does not gain${where}${isCertain ? "" : ` enough to be seen in ${counted(itemsMax, "item")}`}.`,
      target,
    )
  }

  return {
    needed,
    wanted: () =>
      verdict !== undefined
        ? []
        : trials
            .filter((trial) => {
              const isForGain = !isSimpler && !isGainProven && !trial.isWithoutGain && forGain.includes(trial)
              return !isFull(trial) && (!isProven(trial) || isForGain)
            })
            .toSorted((a, b) => Number(b.name === target) - Number(a.name === target) || b.weight - a.weight)
            .map(({ name }) => name),
    add(benchmark, againstIncumbent, againstAnchor) {
      const trial = trials.find(({ name }) => name === benchmark)
      if (trial === undefined) return unfit(`\`${benchmark}\` is not among the protected benchmarks.`)
      checkDifferences(benchmark, againstIncumbent, againstAnchor)
      if (verdict !== undefined || againstIncumbent.length === 0) return
      hasAnchor ??= againstAnchor !== undefined
      if (hasAnchor !== (againstAnchor !== undefined))
        unfit(`Some items were compared with the anchor, and some of ${benchmark} were not.`)
      for (let at = 0; at < againstIncumbent.length && verdict === undefined; ) {
        const until = Math.min(againstIncumbent.length, at + LOOK - (trial.incumbent.items % LOOK))
        for (; at < until; at++) {
          trial.incumbent.add(againstIncumbent[at]!)
          if (againstAnchor) trial.anchor.add(againstAnchor[at]!)
        }
        weigh(trial)
        if (verdict === undefined) conclude()
      }
    },
    acceptEqual() {
      if (verdict === undefined) decide("not worse", "It answers every protected benchmark as the incumbent does.")
    },
    get verdict() {
      return verdict
    },
    standing: () =>
      trials.map((trial) => {
        const { name, weight, margin, incumbent, isWithoutGain } = trial
        const series = seriesOf(trial).map(([evidence]) => evidence)
        const { items, better, equal, worse, mean } = incumbent
        return {
          ...{ benchmark: name, weight, margin, items, better, equal, worse, mean, isWithoutGain },
          evidenceOfNoHarm: Math.min(...series.map((evidence) => evidence.log(-margin))),
          evidenceOfGain: trial.gain,
          evidenceOfHarm: Math.max(...series.map((evidence) => evidence.logAgainst(margin))),
          isProvenHarmless: isProven(trial),
        }
      }),
  }
}

const unfit = (seen: string): never =>
  refuse({
    code: "OB771",
    seen,
    hint: "Give, for each item of a protected benchmark, the difference of two scores in 0 … 1: against the incumbent always, against the anchor for all items or for none.",
  })
function checkDifferences(benchmark: string, one: readonly number[], other: readonly number[] | undefined): void {
  if (other !== undefined && other.length !== one.length)
    unfit(
      `${counted(one.length, "item")} of ${benchmark} were compared with the incumbent, and ${other.length} with the anchor.`,
    )
  for (const differences of [one, other ?? []])
    for (const d of differences) if (!(d >= -1 && d <= 1)) unfit(`${d} is no difference of two scores on ${benchmark}.`)
}

function checkOptions({ benchmarks, target, attempt = 1, accepted = 0, itemsMax = 1 }: GateOptions): void {
  const wrong = (seen: string): never =>
    refuse({
      code: "OB770",
      seen,
      hint: "Name each protected benchmark once, with a weight above 0, and the target among them.",
    })
  if (benchmarks.length === 0) wrong("The gate has nothing to protect.")
  const names = benchmarks.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) wrong(`${twice} is protected twice.`)
  for (const { name, weight, margin = 0.01 } of benchmarks) {
    if (!(weight > 0 && weight < Infinity)) wrong(`${weight} is no weight of ${name}.`)
    if (!(margin > 0 && margin < 1)) wrong(`${margin} is no margin of ${name}.`)
  }
  if (target !== undefined && !names.includes(target))
    wrong(`The target ${target} is not among the protected benchmarks.`)
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
  if (!isCount(attempt) || attempt < 1 || !isCount(accepted) || accepted >= attempt)
    wrong(`Of ${attempt} candidates, this one among them, ${accepted} cannot have been accepted before.`)
  if (!isCount(itemsMax) || itemsMax < 1) wrong(`${itemsMax} is no number of items.`)
}
