import { DTYPE } from "../../../base/dtype.ts"
import {
  type Block,
  type Buffer,
  blocksOf,
  type Expression,
  expressionsOf,
  operandsOf,
  type Program,
  type Statement,
} from "../../../ir/program.ts"

/** Where scratch lies: byte offsets in one arena. */
export interface Arena {
  readonly bytes: number
  readonly starts: ReadonlyMap<string, number>
}

/**
 * Places for scratch in one arena of bytes: buffers that are never in use at the same time may lie over each other,
 * whatever their dtypes. One is in use from the first statement of a block that touches it to the last, statements
 * counted at the top level; one that several blocks touch, or that is read before anything is written there, always.
 * One that is written in part has what a neighbour left in its other elements: whatever lower/ makes reads only what the
 * same run has written (lower/plan.ts).
 * Largest first, each at the lowest place that is free as long as it is used.
 * Source: Pisarchyk & Lee 2020, arXiv:2001.03288, section 5 (greedy by size).
 */
export function planArena(program: Program): Arena {
  const uses = usesIn(program)
  const scratch = program.buffers.filter(({ access }) => access === "scratch")
  const bytesOf = ({ dtype, length }: Buffer): number => DTYPE[dtype].bytes * length
  const placed: { readonly start: number; readonly end: number; readonly use: Use }[] = []
  const starts = new Map<string, number>()
  for (const buffer of scratch.toSorted((a, b) => bytesOf(b) - bytesOf(a))) {
    const use = uses.get(buffer.name) ?? ALWAYS
    const [size, align] = [bytesOf(buffer), DTYPE[buffer.dtype].bytes]
    const others = placed.filter((other) => meets(use, other.use)).sort((a, b) => a.start - b.start)
    let start = 0
    for (const other of others) {
      if (start + size <= other.start) break
      start = Math.max(start, Math.ceil(other.end / align) * align)
    }
    placed.push({ start, end: start + size, use })
    starts.set(buffer.name, start)
  }
  return { bytes: placed.reduce((most, { end }) => Math.max(most, end), 0), starts }
}

interface Use {
  /** Which block; nothing for all of them. */
  readonly block: number | undefined
  readonly first: number
  readonly last: number
}
const ALWAYS: Use = { block: undefined, first: 0, last: Number.POSITIVE_INFINITY }
const meets = (a: Use, b: Use): boolean =>
  a.block === undefined || b.block === undefined || (a.block === b.block && a.first <= b.last && b.first <= a.last)

function usesIn(program: Program): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>()
  for (const [block, statements] of blocksOf(program).entries())
    for (const [at, s] of statements.entries()) {
      const touched = touchedBy([s])
      for (const [name, isReadFirst] of touched) {
        const known = uses.get(name)
        if (known ? known.block !== block : isReadFirst) uses.set(name, ALWAYS)
        else uses.set(name, { block, first: known?.first ?? at, last: at })
      }
    }
  return uses
}
/** The buffers that a block touches, and whether it loads from them before it has stored anything there. */
function touchedBy(block: Block): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>()
  const read = (e: Expression): void => {
    if (e.kind === "load" && !found.has(e.buffer)) found.set(e.buffer, true)
    operandsOf(e).forEach(read)
  }
  const visit = (s: Statement, isCertain: boolean): void => {
    expressionsOf(s).forEach(read)
    // A store that may not happen leaves what was there before to be read.
    if (s.kind === "store" && !found.has(s.buffer)) found.set(s.buffer, !isCertain)
    const isRun = isCertain && s.kind === "loop" && s.count.kind === "constant" && s.count.value > 0
    if (s.kind === "loop") for (const each of s.body) visit(each, isRun)
    if (s.kind === "if") for (const each of [...s.yes, ...s.no]) visit(each, false)
  }
  for (const s of block) visit(s, true)
  return found
}
