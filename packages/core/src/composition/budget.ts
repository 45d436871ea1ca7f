import type { Node } from "./composition.ts"
import type { Cost } from "./library.ts"
import { neededBy } from "./nodes.ts"
import type { LimitSyntax, Place } from "./syntax.ts"

interface Use {
  readonly name: string
  readonly cost: Cost | undefined
}
interface Excess {
  readonly at: Place
  readonly seen: string
  readonly hint: string
}

/** What a brain takes at most, and what of it is most to blame. */
export interface Costs {
  readonly total: Required<Cost>
  readonly blame: Readonly<Record<keyof Cost, string>>
}

/**
 * Memory and flash: the sum over the modules that it loads, by place. Latency and cost: of the dearest way, where a value that
 * several need counts once and in any case, and one that a single place needs counts there, so that branches that exclude
 * each other do not add up.
 */
export function costsOf(
  nodes: readonly Node[],
  outputs: readonly number[],
  uses: readonly Use[],
  loads: ReadonlyMap<number, Cost>,
): Costs {
  const sum = (what: keyof Cost): number => [...loads.values()].reduce((total, cost) => total + (cost[what] ?? 0), 0)
  const heaviest = (what: keyof Cost): string =>
    uses.toSorted((a, b) => (b.cost?.[what] ?? 0) - (a.cost?.[what] ?? 0))[0]?.name ?? ""
  const latency = dearest(nodes, outputs, uses, "latencyMs")
  const cost = dearest(nodes, outputs, uses, "cost")
  return {
    total: {
      latencyMs: latency.amount,
      cost: cost.amount,
      memoryBytes: sum("memoryBytes"),
      flashBytes: sum("flashBytes"),
    },
    blame: {
      latencyMs: mostOf(latency),
      cost: mostOf(cost),
      memoryBytes: heaviest("memoryBytes"),
      flashBytes: heaviest("flashBytes"),
    },
  }
}

const MEMBERS = { latency: "latencyMs", memory: "memoryBytes", flash: "flashBytes", cost: "cost" } as const

/** Where a brain may take more than its budget allows. */
export function budgetProblems(budget: readonly LimitSyntax[], { total, blame }: Costs): readonly Excess[] {
  return budget.flatMap((limit) => {
    if (limit.what === "output") return []
    const member = MEMBERS[limit.what]
    const amount = total[member]
    if (amount <= limit.amount) return []
    const most = blame[member]
    return [
      {
        at: { start: limit.start, end: limit.end },
        seen: `The budget allows ${shown(limit, limit.amount)} of ${limit.what}, and this brain may take ${shown(limit, amount)}${most && `, most of it for \`${most}\``}.`,
        hint: `Allow ${shown(limit, amount)}, ${limit.what === "latency" ? "give the part less time, or use a faster one" : "or use a smaller part"}.`,
      },
    ]
  })
}

const shown = ({ what }: LimitSyntax, amount: number): string => {
  if (what === "latency") return amount < 1 ? `${rounded(1000 * amount)} us` : `${rounded(amount)} ms`
  if (what === "cost") return `${rounded(amount)}`
  return amount < 1000
    ? `${amount} bytes`
    : amount < 1e6
      ? `${rounded(amount / 1000)} KB`
      : `${rounded(amount / 1e6)} MB`
}
/** To three digits, upwards: who allows as much as this says is not told so again. */
function rounded(value: number): number {
  const near = Number(value.toPrecision(3))
  return near >= value ? near : Number((near + 10 ** (Math.floor(Math.log10(value)) - 2)).toPrecision(3))
}

/** What a way takes, and which use takes how much of it. */
interface Spent {
  readonly amount: number
  readonly by: ReadonlyMap<string, number>
}
const NOTHING: Spent = { amount: 0, by: new Map() }
const mostOf = ({ by }: Spent): string => [...by].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ""
function plus(a: Spent, b: Spent): Spent {
  if (a.amount === 0 && a.by.size === 0) return b
  if (b.amount === 0 && b.by.size === 0) return a
  const by = new Map(a.by)
  for (const [name, amount] of b.by) by.set(name, (by.get(name) ?? 0) + amount)
  return { amount: a.amount + b.amount, by }
}
const times = ({ amount, by }: Spent, count: number): Spent => ({
  amount: amount * count,
  by: new Map([...by].map(([name, each]) => [name, each * count])),
})
const larger = (a: Spent, b: Spent): Spent => (b.amount > a.amount ? b : a)

function dearest(
  nodes: readonly Node[],
  outputs: readonly number[],
  uses: readonly Use[],
  what: "latencyMs" | "cost",
): Spent {
  const needers = new Uint32Array(nodes.length)
  for (const node of nodes) for (const each of neededBy(node)) if (each >= 0) needers[each]!++
  for (const node of outputs) if (node >= 0) needers[node]!++
  const isShared = (at: number): boolean => needers[at]! > 1
  const own: Spent[] = [] // nodes come after those that they need
  const of = (at: number): Spent => (at < 0 || isShared(at) ? NOTHING : own[at]!)
  const all = (places: readonly number[]): Spent => places.map(of).reduce(plus, NOTHING)
  for (const node of nodes) own.push(spentBy(node))
  function spentBy(node: Node): Spent {
    switch (node.op) {
      case "call": {
        const use = uses[node.use]!
        const amount = use.cost?.[what] ?? 0
        return plus({ amount, by: new Map([[use.name, amount]]) }, all(node.inputs))
      }
      case "within": {
        const inner = of(node.of)
        if (what !== "latencyMs" || inner.amount <= node.ms) return inner
        return { amount: node.ms, by: new Map([[mostOf(inner), node.ms]]) }
      }
      case "route": {
        const branches = [...node.branches, node.unsure ?? -1, node.otherwise ?? -1]
        return plus(of(node.on), branches.map(of).reduce(larger, NOTHING))
      }
      case "repeat":
        return plus(of(node.begin), times(plus(of(node.step), of(node.until.node)), node.times))
      default:
        return all(neededBy(node))
    }
  }
  const shared = nodes.map((_, at) => (isShared(at) ? own[at]! : NOTHING)).reduce(plus, NOTHING)
  return plus(shared, all(outputs))
}
