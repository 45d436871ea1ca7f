/** How often the gate decides what, on candidates whose effects are known, and how many items that takes. */
import { type GateOptions, priceOf } from "@open-brains/core/gate/gate.ts"
import { marginOf } from "@open-brains/core/gate/protected.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Cell, type Measure, number, quantile, say } from "../shared/report.ts"
import { type Candidate, type Effect, nameOf, type Trial, tryCandidate } from "./candidates.ts"

const COUNT = 16
const ITEMS = 45_000
const MARGIN = 0.01
type Benchmarks = GateOptions["benchmarks"]
/** All as popular, with a margin of one point each. */
const EVEN: Benchmarks = Array.from({ length: COUNT }, (_, i) => ({ name: nameOf(i), weight: 1, margin: MARGIN }))
/** The k-th most popular has one k-th of the namespaces; margins as they follow from the weights. */
const UNEVEN: Benchmarks = Array.from({ length: COUNT }, (_, i) => ({
  name: nameOf(i),
  weight: Math.sqrt(1 / (i + 1)),
}))

const TARGET = 0
const ELSEWHERE: Effect = { churn: 0.02, gain: 0 }
const NOTHING: Effect = { churn: 0, gain: 0 }
const THREE: Effect = { churn: 0.08, gain: 0.03 }
/** One effect everywhere, but for those named. */
const effects = (common: Effect, others: Readonly<Record<number, Effect>> = {}): readonly Effect[] =>
  Array.from({ length: COUNT }, (_, i) => others[i] ?? common)
const aimed = { target: nameOf(TARGET) }

interface Scenario {
  readonly name: string
  readonly candidate: Candidate
  readonly benchmarks?: Benchmarks
  readonly runs?: number
}
const gainsBut = (other?: Effect, options: Candidate["options"] = aimed): Candidate => ({
  effects: effects(ELSEWHERE, { [TARGET]: THREE, ...(other === undefined ? {} : { 5: other }) }),
  options,
})
const SCENARIOS = {
  gain: { name: "+3 points on the target, 2 % churn elsewhere", candidate: gainsBut() },
  untargeted: { name: "the same, no target declared", candidate: gainsBut(undefined, {}) },
  still: {
    name: "+3 points on the target, no churn elsewhere",
    candidate: { effects: effects(NOTHING, { [TARGET]: THREE }), options: aimed },
  },
  edge: {
    name: "the same as the first, but for −1 point on one: exactly its margin",
    candidate: gainsBut({ churn: 0.02, gain: -MARGIN }),
    runs: 4000,
  },
  loss: { name: "… −2 points on one, by 2 % churn", candidate: gainsBut({ churn: 0.02, gain: -0.02 }) },
  noisyLoss: { name: "… −2 points on one, by 10 % churn", candidate: gainsBut({ churn: 0.1, gain: -0.02 }) },
  drift: {
    name: "… −0.5 points on one, −2 against the anchor",
    candidate: {
      ...gainsBut({ churn: 0.02, gain: -0.005 }),
      anchorEffects: gainsBut({ churn: 0.04, gain: -0.02 }).effects,
    },
  },
  nothing: { name: "no gain, 2 % churn, a target", candidate: { effects: effects(ELSEWHERE), options: aimed } },
  nothingAnywhere: { name: "no gain, 2 % churn, no target", candidate: { effects: effects(ELSEWHERE), options: {} } },
  simpler: { name: "simpler, 2 % churn", candidate: { effects: effects(ELSEWHERE), options: { isSimpler: true } } },
  equal: { name: "simpler, no churn", candidate: { effects: effects(NOTHING), options: { isSimpler: true } } },
  late: {
    name: "the first, as the 100th of an epoch, 10 accepted",
    candidate: gainsBut(undefined, { ...aimed, attempt: 100, accepted: 10 }),
  },
  weighed: {
    name: "the first, with margins by weight (0.5 and 1 points)",
    candidate: gainsBut(),
    benchmarks: UNEVEN,
    runs: 300,
  },
} as const satisfies Record<string, Scenario>
type Name = keyof typeof SCENARIOS

const ATTEMPTS = 20
/** The same candidate at its margin, again and again: the share of epochs in which it gets in at last. */
function shareOfEpochs(epochs: number): number {
  const candidate = SCENARIOS.edge.candidate
  let entered = 0
  for (let epoch = 0; epoch < epochs; epoch++)
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const options = { ...candidate.options, attempt }
      const seed = 1_000_000 + epoch * ATTEMPTS + attempt
      if (!tryCandidate({ ...candidate, options }, EVEN, seed).verdict.accepted) continue
      entered++
      break
    }
  return entered / epochs
}

const shareOf = (trials: readonly Trial[], holds: (trial: Trial) => boolean): number =>
  (100 * trials.filter(holds).length) / trials.length
const isAccepted = ({ verdict }: Trial): boolean => verdict.accepted
const itemsOf = (trials: readonly Trial[], share: number): number =>
  quantile(
    trials.map(({ items }) => items),
    share,
  )

export function measureGate({ isQuick }: PartOptions): Part {
  const run = (name: Name): readonly Trial[] => {
    const { candidate, benchmarks = EVEN, runs = 1000 }: Scenario = SCENARIOS[name]
    const count = isQuick && name !== "edge" ? runs / 10 : runs // its share is small, and needs many
    const trials = Array.from({ length: count }, (_, i) => tryCandidate(candidate, benchmarks, i))
    say(`${SCENARIOS[name].name}: ${shareOf(trials, isAccepted).toFixed(1)} % accepted`)
    return trials
  }
  const names = Object.keys(SCENARIOS) as readonly Name[]
  const found = Object.fromEntries(names.map((name) => [name, run(name)])) as Record<Name, readonly Trial[]>
  const epochs = isQuick ? 40 : 400
  const entered = 100 * shareOfEpochs(epochs)
  const percent = (name: string, value: number, bars?: Measure["bars"]): Measure => ({
    ...{ name, value, unit: "%", digits: 1 },
    ...(bars === undefined ? {} : { bars }),
  })
  const refused = shareOf([...found.loss, ...found.noisyLoss], (trial) => !isAccepted(trial))
  const inTime = shareOf(found.gain, (trial) => isAccepted(trial) && trial.items <= ITEMS)
  const measures: readonly Measure[] = [
    percent(`gate: +3 points on the target, 2 % churn elsewhere: accepted within ${ITEMS} items`, inTime, {
      ...{ is: "at least", must: 95 },
    }),
    percent("gate: the same, accepted at last", shareOf(found.gain, isAccepted)),
    { name: "gate: items of that, median", value: itemsOf(found.gain, 0.5), unit: "items", digits: 0 },
    percent("gate: exactly at a margin on one: accepted", shareOf(found.edge, isAccepted), { is: "at most", must: 1 }),
    percent("gate: −2 points on one: refused", refused, { is: "at least", must: 100 }),
    percent("gate: no gain: accepted", shareOf([...found.nothing, ...found.nothingAnywhere], isAccepted)),
    percent("gate: no churn elsewhere: accepted", shareOf(found.still, isAccepted)),
    percent(`gate: at a margin, tried ${ATTEMPTS} times: epochs in which it got in`, entered, {
      ...{ is: "at most", must: 5 },
    }),
  ]
  const rows = names.map((name): readonly Cell[] => {
    const trials = found[name]
    const share = (kind: string): Cell =>
      number(
        shareOf(trials, ({ verdict }) => verdict.kind === kind),
        1,
      )
    return [
      SCENARIOS[name].name,
      `${trials.length}`,
      number(shareOf(trials, isAccepted), 1),
      share("harmful"),
      share("unproven"),
      number(itemsOf(trials, 0.5), 0),
      number(itemsOf(trials, 0.9), 0),
    ]
  })
  const sum = UNEVEN.reduce((total, { weight }) => total + weight, 0)
  const narrow = UNEVEN.filter(({ weight }) => marginOf(weight / sum) === 0.005).length
  return {
    isSame: true,
    measures,
    sections: [
      {
        title: "The gate on candidates of known effect",
        notes: [
          `${COUNT} benchmarks of pass and fail, each with a margin of one point; items come in batches of 64 to each benchmark that the gate still wants, at most 20,000 of one. Churn is the share of items whose answer changes from right to wrong or back. The first candidate of an epoch (ρ = ${priceOf(1, 0)}) unless told otherwise; ρ of the 100th after 10 is ${priceOf(100, 10).toFixed(0)}. Seeded: each run draws other items, and every run of this bench the same.`,
          `Where margins follow from weights, and the k-th most popular benchmark has one k-th of the namespaces of the first, ${narrow} of the ${COUNT} have half a point: proof takes four times the items.`,
          `Tried ${ATTEMPTS} times in one epoch, the candidate at its margin got in in ${entered.toFixed(1)} % of ${epochs} epochs.`,
        ],
        table: {
          heading: ["candidate", "runs", "accepted %", "harmful %", "unproven %", "items, median", "items, 90 %"],
          rows,
        },
      },
    ],
  }
}
