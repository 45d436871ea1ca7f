import { assert } from "../base/problem.ts"
import {
  type Block,
  type Buffer,
  type Expression,
  expressionsOf,
  operandsOf,
  type Program,
  statementsOf,
} from "../ir/program.ts"

/**
 * An expert: a program that says how likely the next bit is, given the bytes so far and the bits of the current byte. Its
 * chances of bytes sum to one by construction, since each bit's two do.
 *
 * body: writes `votes` i16 [n], logits in units of 1/256. It must not change what it learnt.
 * `start`: after each byte, which then lies in the history. `learn`: after each bit, when the harness learns; only it may read
 * `bit`. `remember`: after `start`, when the harness learns. `reset`: once, before all.
 */
export interface Expert {
  readonly name: string
  readonly about: string
  readonly program: Program
  /** Whether its first vote is nothing where it does not know its context: how many do chooses among the mixer's weights. */
  readonly knows?: boolean
}
export const PORTS = ["history", "position", "partial", "node", "bit"] as const
const OUTCOME = "bit"

/** What is wrong with a program as an expert, if anything. `validate` says whether it is sound. */
export function faultOfExpert({ buffers, body, entries = {} }: Program): string | undefined {
  const votes = buffers.find(({ name }) => name === "votes")
  if (votes?.dtype !== "i16" || votes.access !== "output") return "it has no output `votes` of i16"
  for (const { name, access } of buffers)
    if ((PORTS as readonly string[]).includes(name) && access !== "input")
      return `it owns \`${name}\`, which is given to it`
  const stray = buffers.find(({ name, access }) => access === "input" && !(PORTS as readonly string[]).includes(name))
  if (stray) return `it asks for \`${stray.name}\`, which nobody gives`
  for (const [entry, block] of [["body", body] as const, ...Object.entries(entries)])
    if (entry !== "learn" && loadsIn(block).has(OUTCOME)) return `its \`${entry}\` reads the outcome`
  const learnt = storesIn([...(entries["learn"] ?? []), ...(entries["remember"] ?? [])])
  const changed = [...storesIn(body)].find((name) => learnt.has(name) && accessOf(buffers, name) === "state")
  return changed === undefined ? undefined : `its prediction changes \`${changed}\`, which it learns`
}
const accessOf = (buffers: readonly Buffer[], name: string): string | undefined =>
  buffers.find((buffer) => buffer.name === name)?.access

/** State that changes from byte to byte though nothing is learnt: a hash of a word, the place of a match. */
export function carriedBy({ buffers, body, entries = {} }: Program): readonly string[] {
  const stores = storesIn([...body, ...(entries["start"] ?? [])])
  return buffers.filter(({ name, access }) => access === "state" && stores.has(name)).map(({ name }) => name)
}

export function storesIn(block: Block): ReadonlySet<string> {
  return new Set(statementsOf(block).flatMap((s) => (s.kind === "store" ? [s.buffer] : [])))
}
export function loadsIn(block: Block): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (e: Expression): void => {
    if (e.kind === "load") found.add(e.buffer)
    for (const each of operandsOf(e)) visit(each)
  }
  for (const s of statementsOf(block)) for (const e of expressionsOf(s)) visit(e)
  return found
}
export const votesOf = ({ buffers }: Program): Buffer => {
  const found = buffers.find(({ name }) => name === "votes")
  assert(found !== undefined, "an expert has no votes")
  return found
}
