import { type Affine, affineOf, type Known } from "./affine.ts"
import { ANY, boundsOf, type Interval, roundsBetween } from "./interval.ts"
import {
  type Block,
  blocksOf,
  type Expression,
  operandsOf,
  type Program,
  type Statement,
  statementsOf,
} from "./program.ts"

type Loop = Extract<Statement, { kind: "loop" }>

/**
 * The promises of a valid program that cannot be proved, in words, one a loop; none means that every `parallel` loop
 * keeps its promise: no round reads or writes what another writes. Proved is what schedules are made of, indices that are
 * sums of loop indices with constant factors; a promise that needs more is not called broken, only unproved.
 */
export function unprovedPromises(program: Program): readonly string[] {
  const bounds = boundsOf(program)
  const ofLocal = (name: string): Interval => bounds.get(name) ?? ANY
  return blocksOf(program).flatMap((block) => {
    const values = valuesIn(block)
    return [...statementsOf(block)].flatMap((s) => {
      if (s.kind !== "loop" || !s.parallel) return []
      const why = whyDependent(s, ofLocal, values)
      return why === undefined ? [] : [`parallel ${s.index}: ${why}`]
    })
  })
}

/** What each local is bound to, of those that are never set. */
function valuesIn(block: Block): ReadonlyMap<string, Expression> {
  const values = new Map<string, Expression>()
  const assigned = new Set<string>()
  for (const s of statementsOf(block)) {
    if (s.kind === "let") values.set(s.name, s.value)
    if (s.kind === "set") assigned.add(s.name)
  }
  for (const name of assigned) values.delete(name)
  return values
}

/** Why the rounds of a loop may not be independent, or undefined when they are, whatever the bytes in memory. */
function whyDependent(
  loop: Loop,
  ofLocal: (name: string) => Interval,
  values: ReadonlyMap<string, Expression>,
): string | undefined {
  const rounds = roundsBetween(loop, ofLocal)[1]
  if (rounds < 2) return undefined
  const inside = [...runningIn(loop.body, ofLocal)]
  const own = new Set(inside.flatMap((s) => (s.kind === "let" ? [s.name] : s.kind === "loop" ? [s.index] : [])))
  const carried = inside.find((s) => s.kind === "set" && !own.has(s.name))
  if (carried?.kind === "set") return `\`${carried.name}\` passes from round to round`
  const known: Known = { ofLocal, values, isShared: (name) => name !== loop.index && !own.has(name) }
  const accesses = accessesIn(inside, known)
  for (const store of accesses.filter(({ isStore }) => isStore))
    for (const other of accesses.filter(({ buffer }) => buffer === store.buffer))
      if (!neverMeet(store, other, loop.index, rounds, ofLocal))
        return `\`${store.buffer}\` may be ${other.isStore ? "written" : "read"} where another round writes it`
  return undefined
}

/** The statements of a block but for those in loops without rounds. */
function* runningIn(block: Block, ofLocal: (name: string) => Interval): Generator<Statement> {
  for (const s of block) {
    yield s
    if (s.kind === "loop" && roundsBetween(s, ofLocal)[1] > 0) yield* runningIn(s.body, ofLocal)
    if (s.kind === "if") yield* runningIn([...s.yes, ...s.no], ofLocal)
  }
}

interface Access {
  readonly buffer: string
  readonly isStore: boolean
  readonly index: Affine
  /** How many neighbours from `index` on. */
  readonly parts: number
}

/** All loads and stores; equal ones once. */
function accessesIn(statements: readonly Statement[], known: Known): readonly Access[] {
  const found = new Map<string, Access>()
  const put = (buffer: string, isStore: boolean, index: Expression, parts: number): void => {
    const access = { buffer, isStore, index: affineOf(index, known), parts }
    found.set(JSON.stringify([buffer, isStore, parts, access.index.constant, [...access.index.factors]]), access)
  }
  const visit = (e: Expression): void => {
    if (e.kind === "load") put(e.buffer, false, e.index, e.packed ?? 1)
    operandsOf(e).forEach(visit)
  }
  for (const s of statements) {
    if (s.kind === "let" || s.kind === "set") visit(s.value)
    else if (s.kind === "if") visit(s.condition)
    else if (s.kind === "loop") visit(s.count)
    else {
      put(s.buffer, true, s.index, 1)
      visit(s.index)
      visit(s.value)
    }
  }
  return [...found.values()]
}

/** A summand of a difference: `factor` times anything between `low` and `high`. */
interface Term {
  readonly factor: number
  readonly low: number
  readonly high: number
}

/** Whether two accesses touch different elements in any two different rounds. */
function neverMeet(a: Access, b: Access, index: string, rounds: number, ofLocal: (name: string) => Interval): boolean {
  const factor = a.index.factors.get(index) ?? 0
  if (factor !== (b.index.factors.get(index) ?? 0) || factor === 0) return false
  const terms: Term[] = []
  let constant = a.index.constant - b.index.constant
  for (const name of new Set([...a.index.factors.keys(), ...b.index.factors.keys()])) {
    if (name === index) continue
    const [left, right] = [a.index.factors.get(name) ?? 0, b.index.factors.get(name) ?? 0]
    if (a.index.shared.has(name) || b.index.shared.has(name)) {
      if (left === right) continue // the same in both rounds
      if (a.index.shared.has(name) !== b.index.shared.has(name)) return false
    }
    const [low, high] = a.index.opaque.get(name) ?? b.index.opaque.get(name) ?? ofLocal(name)
    if (left === right) terms.push({ factor: Math.abs(left), low: low - high, high: high - low })
    else {
      constant += (left - right) * low
      for (const each of [left, -right]) terms.push({ factor: each, low: 0, high: high - low })
    }
  }
  terms.push({ factor: 1, low: 1 - b.parts, high: a.parts - 1 })
  return isNeverZero(Math.abs(factor), rounds - 1, constant, terms)
}

/**
 * Whether factor · d + constant + Σ terms is never 0 for a d of -most … most that is not 0. The terms are cut in two, by
 * size, wherever the smaller ones together stay below what all larger ones are multiples of: then the sum is 0 only if
 * both parts are 0 apart.
 */
function isNeverZero(factor: number, most: number, constant: number, terms: readonly Term[]): boolean {
  const others = terms.filter((term) => term.factor !== 0 && (term.low !== 0 || term.high !== 0))
  const bySize = others.toSorted((x, y) => Math.abs(x.factor) - Math.abs(y.factor))
  for (let cut = 0; cut <= bySize.length; cut++) {
    const [low, high] = rangeOf(bySize.slice(0, cut), constant)
    const large = bySize.slice(cut)
    const divisor = large.reduce((sum, term) => gcd(sum, Math.abs(term.factor)), 0) // 0 of none
    const isBelow = (limit: number, by = 0): boolean => low - by > -limit && high + by < limit
    // d is among the small ones: they are too small to make up for one round, or too large for all rounds.
    const isApart = isBelow(factor) || low > factor * most || high < -factor * most
    if (isApart && (cut === bySize.length || isBelow(divisor, factor * most))) return true
    // d is among the large ones.
    if (isBelow(gcd(divisor, factor))) {
      if (low > 0 || high < 0) return true
      if (cut > 0 && isNeverZero(factor, most, 0, large)) return true
    }
  }
  return false
}
function rangeOf(terms: readonly Term[], constant: number): Interval {
  let [low, high] = [constant, constant]
  for (const { factor, low: least, high: most } of terms) {
    low += Math.min(factor * least, factor * most)
    high += Math.max(factor * least, factor * most)
  }
  return [low, high]
}
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
