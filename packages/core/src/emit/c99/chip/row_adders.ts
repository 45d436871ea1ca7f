import {
  type Block,
  type Buffer,
  blocksOf,
  type Expression,
  type Program,
  type Statement,
} from "../../../ir/program.ts"

/** One row of a constant table of u8, added to sums that lie in memory. */
export interface RowAdder {
  readonly row: Expression
  readonly table: string
  readonly sums: string
  readonly dtype: "i16" | "i32"
  /** D. */
  readonly width: number
}

/**
 * Finds every `at = row · D; for d < D: sums[d] += table[at + d]` by its first statement: what kernels/streamed_rows.ts does for
 * each n-gram of a text.
 */
export function rowAddersOf(program: Program): ReadonlyMap<Statement, RowAdder> {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const found = new Map<Statement, RowAdder>()
  const visit = (block: Block): void => {
    block.forEach((s, i) => {
      const adder = rowAdderOf(s, block[i + 1], buffers)
      if (adder && block.length === i + 2) found.set(s, adder) // nothing after it knows where the row was
      if (s.kind === "if") [s.yes, s.no].forEach(visit)
      if (s.kind === "loop") visit(s.body)
    })
  }
  for (const block of blocksOf(program)) visit(block)
  return found
}

function rowAdderOf(
  place: Statement,
  columns: Statement | undefined,
  buffers: ReadonlyMap<string, Buffer>,
): RowAdder | undefined {
  if (place.kind !== "let" || columns?.kind !== "loop" || columns.count.kind !== "constant") return undefined
  const width = Math.min(columns.count.value, columns.maximum)
  const [only] = columns.body
  if (columns.body.length !== 1 || only?.kind !== "store") return undefined
  const { value } = place
  if (value.kind !== "binary" || value.op !== "i32.mul" || !isNumber(value.right, width)) return undefined
  const sum = only.value
  if (!isLocal(only.index, columns.index) || sum.kind !== "binary" || sum.op !== "i32.add") return undefined
  const [to, from] = [sum.left, sum.right]
  if (to.kind !== "load" || to.packed || to.buffer !== only.buffer || !isLocal(to.index, columns.index))
    return undefined
  if (from.kind !== "load" || from.packed) return undefined
  const { index } = from
  const isPlace = index.kind === "binary" && isLocal(index.left, place.name) && isLocal(index.right, columns.index)
  if (!isPlace || index.op !== "i32.add") return undefined
  const [table, sums] = [buffers.get(from.buffer)!, buffers.get(to.buffer)!]
  const isTable =
    table.values !== undefined && table.length % width === 0 && table.values.every((v) => v >= 0 && v <= 255)
  if (!isTable || sums.values || (sums.dtype !== "i16" && sums.dtype !== "i32")) return undefined
  return { row: value.left, table: table.name, sums: sums.name, dtype: sums.dtype, width }
}
const isNumber = (e: Expression, value: number): boolean => e.kind === "constant" && e.value === value
const isLocal = (e: Expression, name: string): boolean => e.kind === "local" && e.name === name
