import { log1p, logMeanExp } from "../base/logarithm.ts"
import { assert } from "../base/problem.ts"

/**
 * What paired differences say of their mean: an e-process. For items i with differences dᵢ = score of the new − score of
 * the old in [−1, 1], and the hypothesis that their mean is at most m,
 *
 *     E(m) = Σₖ wₖ Πᵢ (1 + lₖ (dᵢ − m)),   lₖ = 0.95 · 0.6ᵏ / (1 + m),   k = 0 … 9,   Σ wₖ = 1.
 *
 * Each factor bets a share of what was won so far on “better than m”. A margin m is told soonest by the bet near m over the share of
 * items whose answer changes; the stakes wₖ lie where that share is 1 to 5 % and m half a point to two, and a bit on all others. While the hypothesis holds nobody gets rich: the
 * chance that E ever reaches 1/α is at most α, whenever one looks and however often (Ville 1939). So more items may be
 * asked for as long as anybody likes, and stopped at any moment. lₖ (dᵢ − m) ≥ −0.95: no bet loses all.
 *
 * The bits are the same on every host, since a verdict hangs on them: logarithms are core's own.
 * Source: Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS B 86(1).
 */
export interface Evidence {
  /** `d` lies in [−1, 1], else it is our bug: who reads scores checks them. */
  add(d: number): void
  readonly items: number
  /** How many differences were above, at and below 0. */
  readonly better: number
  readonly equal: number
  readonly worse: number
  /** Of all differences; NaN of none. */
  readonly mean: number
  readonly variance: number
  /** ln E(m): evidence that the mean is above m. */
  log(m: number): number
  /** ln E(m) of −d: evidence that the mean is below −m. */
  logAgainst(m: number): number
}

/** wₖ: what is staked on each bet at first. ADR 25 has what they cost and save. */
const STAKES = [0.1, 0.17, 0.19, 0.15, 0.11, 0.08, 0.06, 0.05, 0.05, 0.04] as const
const BETS = STAKES.length
const BET_MOST = 0.95
const BET_RATIO = 0.6

/** ln(1 + lₖ (d − m)) for each k. */
function factorLogs(d: number, m: number): Float64Array {
  const logs = new Float64Array(BETS)
  let bet = BET_MOST / (1 + m)
  for (let k = 0; k < BETS; k++, bet *= BET_RATIO) logs[k] = log1p(bet * (d - m))
  return logs
}

/** What was bet against one m. Of differences −1, 0 and 1 the counts say all; of others the logarithms are summed as they come. */
interface Bet {
  readonly m: number
  readonly better: Float64Array // ln of the factor of one item each
  readonly equal: Float64Array
  readonly worse: Float64Array
  readonly others: Float64Array // sums
}
const betOn = (m: number): Bet => ({
  m,
  better: factorLogs(1, m),
  equal: factorLogs(0, m),
  worse: factorLogs(-1, m),
  others: new Float64Array(BETS),
})

/**
 * No evidence yet. `margins` are the boundaries that will be asked about where differences are not all −1, 0 or 1: of each,
 * `log(m)` and `logAgainst(−m)`, which say on which side of m the mean lies. Whole differences answer about any m in (−1, 1).
 */
export function openEvidence(margins: readonly number[]): Evidence {
  const above = margins.map(betOn)
  const below = margins.map((m) => betOn(0 - m))
  let [better, equal, worse] = [0, 0, 0] // whole differences
  let [othersBetter, othersWorse, others, sum, squares] = [0, 0, 0, 0, 0]
  const addOther = (bets: readonly Bet[], d: number): void => {
    for (const bet of bets) {
      const logs = factorLogs(d, bet.m)
      for (let k = 0; k < BETS; k++) bet.others[k]! += logs[k]!
    }
  }
  const evidence = (bets: readonly Bet[], m: number, ups: number, downs: number): number => {
    const found = bets.find((bet) => bet.m === m)
    assert(found !== undefined || others === 0, `evidence about ${m} was not gathered`)
    assert(m > -1 && m < 1, `no mean of differences is asked about ${m}`)
    const bet = found ?? betOn(m)
    const logs = new Float64Array(BETS)
    for (let k = 0; k < BETS; k++)
      logs[k] = ups * bet.better[k]! + equal * bet.equal[k]! + downs * bet.worse[k]! + bet.others[k]!
    return logMeanExp(logs, STAKES)
  }
  const countOf = (): number => better + equal + worse + others
  const meanOf = (): number => (better - worse + sum) / countOf()
  return {
    add(d) {
      if (d === 1) better++
      else if (d === 0) equal++
      else if (d === -1) worse++
      else {
        assert(d > -1 && d < 1, `${d} is no difference of scores`)
        others++
        if (d > 0) othersBetter++
        else othersWorse++
        sum += d
        squares += d * d
        addOther(above, d)
        addOther(below, -d)
      }
    },
    get items() {
      return countOf()
    },
    get better() {
      return better + othersBetter
    },
    get equal() {
      return equal
    },
    get worse() {
      return worse + othersWorse
    },
    get mean() {
      return meanOf()
    },
    get variance() {
      return (better + worse + squares) / countOf() - meanOf() * meanOf()
    },
    log: (m) => evidence(above, m, better, worse),
    logAgainst: (m) => evidence(below, m, worse, better),
  }
}
