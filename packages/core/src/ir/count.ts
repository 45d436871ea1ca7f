import { DTYPE } from "../base/dtype.ts"
import { ANY, boundsOf, type Interval, intervalOf, roundsBetween } from "./interval.ts"
import type { Statement, Unary } from "./program.ts"
import { ACCESSES, type Access, type Binary, type Block, type Expression, operandsOf, type Program } from "./program.ts"

/** What is counted: operations as they stand in the program, index arithmetic too; `round` is one of any loop. */
export type Counted = Unary | Binary | "select" | "load" | "store" | "if" | "round"

/** At least and at most so many, whatever the bytes in memory; the same where nothing depends on them. */
export interface Between {
  readonly least: number
  readonly most: number
}

/** What one call of an entry does, and what the program keeps. Numbers beyond 2⁵³ are rounded. */
export interface Counts {
  readonly operations: ReadonlyMap<Counted, Between>
  /** All of them together; less than the sum of the parts where only one of two branches runs. */
  readonly total: Between
  readonly bytesLoaded: Between
  readonly bytesStored: Between
  /** Bytes of the buffers of each access, without the gaps that an engine leaves between them. */
  readonly bytes: Readonly<Record<Access, number>>
}

/**
 * Counts of a valid program: exact for loops and branches that do not depend on memory, else bounded by the intervals of
 * their counts and conditions. `entry` is `body` unless it is named.
 */
export function countOf(program: Program, entry?: string): Counts {
  const block = entry === undefined ? program.body : program.entries?.[entry]
  if (!block) throw new Error(`bug: ${program.name} has no entry ${entry}`)
  const bounds = boundsOf(program)
  const dtypes = new Map(program.buffers.map(({ name, dtype }) => [name, dtype]))
  const tally = ofBlock(block, {
    ofLocal: (name) => bounds.get(name) ?? ANY,
    bytesOf: (buffer) => DTYPE[dtypes.get(buffer)!].bytes,
  })
  const [total, bytesLoaded, bytesStored] = SUMS.map((sum) => {
    const between = tally.get(sum) ?? NONE
    tally.delete(sum)
    return between
  }) as [Between, Between, Between]
  const bytes = Object.fromEntries(ACCESSES.map((access) => [access, 0])) as Record<Access, number>
  for (const { access, dtype, length } of program.buffers) bytes[access] += length * DTYPE[dtype].bytes
  return { operations: tally as ReadonlyMap<Counted, Between>, total, bytesLoaded, bytesStored, bytes }
}
const NONE: Between = { least: 0, most: 0 }
const SUMS = ["total", "bytes loaded", "bytes stored"] as const

type Tally = Map<Counted | (typeof SUMS)[number], Between>
interface Known {
  ofLocal(name: string): Interval
  bytesOf(buffer: string): number
}

function add(tally: Tally, what: Counted | (typeof SUMS)[number], least: number, most: number): void {
  const before = tally.get(what) ?? NONE
  tally.set(what, { least: before.least + least, most: before.most + most })
}
function addOne(tally: Tally, what: Counted): void {
  add(tally, what, 1, 1)
  add(tally, "total", 1, 1)
}

function ofBlock(block: Block, known: Known): Tally {
  const tally: Tally = new Map()
  for (const s of block) countStatement(s, tally, known)
  return tally
}

function countStatement(s: Statement, tally: Tally, known: Known): void {
  switch (s.kind) {
    case "let":
    case "set":
      return countExpression(s.value, tally, known)
    case "store": {
      const bytes = known.bytesOf(s.buffer)
      addOne(tally, "store")
      add(tally, "bytes stored", bytes, bytes)
      countExpression(s.index, tally, known)
      return countExpression(s.value, tally, known)
    }
    case "if":
      addOne(tally, "if")
      countExpression(s.condition, tally, known)
      return countBranches(s, tally, known)
    case "loop": {
      countExpression(s.count, tally, known)
      const [least, most] = roundsBetween(s, known.ofLocal)
      const round = ofBlock(s.body, known)
      addOne(round, "round")
      for (const [what, each] of round) add(tally, what, least * each.least, most * each.most)
      return
    }
    default:
      return s satisfies never
  }
}

function countBranches(s: Extract<Statement, { kind: "if" }>, tally: Tally, known: Known): void {
  const [yes, no] = [ofBlock(s.yes, known), ofBlock(s.no, known)]
  const [runsYes, runsNo] = branchesThatRun(s, known.ofLocal)
  for (const what of new Set([...yes.keys(), ...no.keys()])) {
    const each = [...(runsYes ? [yes.get(what) ?? NONE] : []), ...(runsNo ? [no.get(what) ?? NONE] : [])]
    add(tally, what, Math.min(...each.map(({ least }) => least)), Math.max(...each.map(({ most }) => most)))
  }
}
/** Which branches may run. */
export function branchesThatRun(
  s: Extract<Statement, { kind: "if" }>,
  ofLocal: (name: string) => Interval,
): readonly [yes: boolean, no: boolean] {
  const [low, high] = intervalOf(s.condition, ofLocal)
  return [low !== 0 || high !== 0, low <= 0 && high >= 0]
}

function countExpression(e: Expression, tally: Tally, known: Known): void {
  if (e.kind === "unary" || e.kind === "binary") addOne(tally, e.op)
  if (e.kind === "select") addOne(tally, "select")
  if (e.kind === "load") {
    const bytes = known.bytesOf(e.buffer) * (e.packed ?? 1)
    addOne(tally, "load")
    add(tally, "bytes loaded", bytes, bytes)
  }
  for (const operand of operandsOf(e)) countExpression(operand, tally, known)
}
