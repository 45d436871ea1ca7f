import { ANY, type Interval } from "../../../ir/interval.ts"
import {
  type Block,
  type Buffer,
  blocksOf,
  type Expression,
  type Program,
  type Statement,
} from "../../../ir/program.ts"
import type { Ranges } from "../../../ir/ranges.ts"
import { changesIn, mentions, sets } from "./effects.ts"

type Loop = Extract<Statement, { kind: "loop" }>

/** Rows of a constant table, added up: an embedding bag, as gather_sum has it. */
export interface Gather {
  /** Over the columns of a row. */
  readonly columns: Loop
  /** Over the rows that are added, the number of one of them inside. */
  readonly rows: Loop
  readonly row: Expression
  readonly table: string
  /** D. */
  readonly width: number
  readonly sum: string
  /** What is done with each sum. */
  readonly rest: Block
  readonly range: Interval
}

/**
 * Finds every `for d: sum = 0; for f: sum += table[row(f) · D + d]` of constant tables: row after row is then added to D
 * sums, so that a row's place is found once and a table may be packed by rows. The order of each sum stays.
 */
export function gathersOf(program: Program, ranges: Ranges): ReadonlyMap<Statement, Gather> {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const found = new Map<Statement, Gather>()
  const visit = (block: Block): void => {
    for (const s of block) {
      if (s.kind === "if") [s.yes, s.no].forEach(visit)
      if (s.kind !== "loop") continue
      const gather = gatherOf(s, buffers, ranges)
      if (gather) found.set(s, gather)
      else visit(s.body)
    }
  }
  for (const block of blocksOf(program)) visit(block)
  return found
}

function gatherOf(columns: Loop, buffers: ReadonlyMap<string, Buffer>, ranges: Ranges): Gather | undefined {
  const [start, rows, ...rest] = columns.body
  if (columns.count.kind !== "constant" || columns.count.value > columns.maximum) return undefined
  if (start?.kind !== "let" || start.value.kind !== "constant" || start.value.value !== 0) return undefined
  if (rows?.kind !== "loop" || rows.body.length !== 2) return undefined
  const [place, add] = rows.body
  if (place?.kind !== "let" || add?.kind !== "set" || add.name !== start.name) return undefined
  const width = columns.count.value
  const { value } = place
  if (value.kind !== "binary" || value.op !== "i32.mul" || value.right.kind !== "constant") return undefined
  if (value.right.value !== width) return undefined
  // Rows are found once, for all columns.
  const isInside = (name: string): boolean => name === columns.index || name === start.name
  const isOnce = (e: Expression): boolean => !mentions(e, isInside) && !changesIn(e, rest)
  if (!isOnce(rows.count) || !isOnce(value.left) || sets(rest, start.name)) return undefined
  const sum = add.value
  if (sum.kind !== "binary" || sum.op !== "i32.add") return undefined
  if (sum.left.kind !== "local" || sum.left.name !== start.name || sum.right.kind !== "load") return undefined
  const { buffer, index, packed } = sum.right
  const values = buffers.get(buffer)?.values
  if (!values || packed || values.length % width !== 0) return undefined
  const isPlace =
    index.kind === "binary" &&
    index.op === "i32.add" &&
    index.left.kind === "local" &&
    index.left.name === place.name &&
    index.right.kind === "local" &&
    index.right.name === columns.index
  if (!isPlace || values.some((v) => v < -128 || v > 127)) return undefined
  const most = Math.max(0, Math.min(ranges.of(rows.count)[1], rows.maximum))
  const range: Interval = [
    Math.min(0, most * values.reduce((a, b) => Math.min(a, b), 0)),
    Math.max(0, most * values.reduce((a, b) => Math.max(a, b), 0)),
  ]
  if (range[0] < ANY[0] || range[1] > ANY[1]) return undefined
  return { columns, rows, row: value.left, table: buffer, width, sum: start.name, rest, range }
}
