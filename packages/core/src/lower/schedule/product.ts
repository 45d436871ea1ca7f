import type { Tile } from "../../base/tiles.ts"
import type { Scratch } from "../../graph/reference.ts"
import * as ir from "../../ir/build.ts"
import type { Block, Buffer, Expression } from "../../ir/program.ts"

/** What is done with the sum at [leading axes counted as one, column] in place of storing it. */
export type Epilogue = (leading: Expression, column: Expression, sum: Expression) => Block

/** A matrix product, and what its schedule (contraction.ts) has decided. */
export interface Product {
  readonly a: Buffer
  readonly b: Buffer
  readonly y: Buffer
  /** [batch][count][steps][column][group]: what lies beyond the last column or k is never part of an output. */
  readonly panels: Buffer
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly batch: number
  /** −128 · Σₖ b[k,n] of each column where the left side is taken apart, −8 · Σₖ a[m,k] of each row where b is nibbles. */
  readonly correction: Buffer | undefined
  /** Elements of k in a step: one float, or two, four or eight integers, the parts of a word. */
  readonly group: number
  /** Elements of a panel for each column of a step: a byte holds two nibbles. */
  readonly parts: number
  readonly steps: number
  /** Panels of one matrix. */
  readonly count: number
  readonly transposeLeft: boolean
  readonly transposeRight: boolean
  readonly isFloat: boolean
  readonly tile: Tile
  readonly scratch: Scratch
  readonly epilogue: Epilogue | undefined
}

/** Panels of one width, and where their sums go. */
export interface Target {
  readonly into: Buffer
  /** Elements of `into` in a row. */
  readonly stride: number
  readonly width: number
  /** The first panel, and how many. */
  readonly first: number
  readonly count: number
}
/** A loop over `count` rounds; for one round its body alone. */
export function each(make: typeof ir.loop, scratch: Scratch, count: number, body: (index: Expression) => Block): Block {
  if (count === 1) return body(ir.i32(0))
  const { index } = scratch.locals({ index: "i32" })
  return count === 0 ? [] : [make(index, count, body(index))]
}

/**
 * Blocks of k whose panel fills less than half of a first cache of 48 KB, for the rows that pass it have their lines there too;
 * one block where none divides.
 */
export function blocksOf({ steps, depth, group, parts, isFloat, tile }: BlockSizes): number {
  if (depth % group !== 0) return 1
  const longest = isFloat ? PANEL_BYTES / (4 * parts * tile.columns) : INTEGER_STEPS
  const least = Math.ceil(steps / longest)
  for (let n = least; n <= 4 * least; n++) if (steps % n === 0 && (steps / n) % tile.unroll === 0) return n
  return 1
}
type BlockSizes = Pick<Product, "steps" | "depth" | "group" | "parts" | "isFloat" | "tile">
const PANEL_BYTES = 20 << 10
/** Integers are mostly few rows of a long sum, which what follows can only take whole. */
const INTEGER_STEPS = 320
