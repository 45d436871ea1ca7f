import * as ir from "../../ir/build.ts"
import type { Block, Buffer, Expression } from "../../ir/program.ts"
import { at } from "./at.ts"
import { each, type Product } from "./product.ts"

/** Where a tile finds its left side: element [m, k] of it at start + m · alongM + k · alongK. */
export interface Side {
  readonly buffer: Buffer
  readonly start: Expression
  readonly alongM: number
  readonly alongK: number
}
/** Of the tile that begins at row `row`, which is the row `within` of its chunk, in a block of k. */
export type SideOf = (row: Expression, within: Expression, block: Expression) => Side

export function sideInPlace(
  { a, rows, depth, group, steps, transposeLeft }: Product,
  matrix: Expression,
  blocks: number,
): SideOf {
  const [alongM, alongK] = transposeLeft ? [1, rows] : [depth, 1]
  const perBlock = (steps / blocks) * group
  return (row, _, block) => ({
    ...{ buffer: a, alongM, alongK },
    start: at([matrix, rows * depth], [row, alongM], [block, perBlock * alongK]),
  })
}

/**
 * A block of k of a chunk of a transposed left side, copied so that its rows lie side by side: a tile that goes down the
 * columns of a wide matrix meets the same few sets of a cache again and again, which then hold next to nothing.
 */
export function turnedSide(
  p: Product,
  matrix: Expression,
  index: Expression,
  height: number,
  blocks: number,
): { readonly turn: (row: Expression, block: Expression) => Block; readonly side: SideOf } | undefined {
  const { a, rows, steps, batch, transposeLeft, scratch } = p
  const size = steps / blocks
  if (!transposeLeft || size < TURNING_PAYS || batch > 1) return undefined
  const inPlace = sideInPlace(p, matrix, blocks)
  const buffer = scratch.buffer(a.dtype, Math.floor(rows / height) * height * size)
  const start = at([index, height * size])
  return {
    turn: (row, block) => {
      const from = inPlace(row, row, block)
      return each(ir.loop, scratch, size, (k) =>
        each(ir.parallel, scratch, height, (m) => [
          ir.store(
            buffer,
            at([start, 1], [k, height], [m, 1]),
            ir.load(a, at([from.start, 1], [k, from.alongK], [m, 1])),
          ),
        ]),
      )
    },
    side: (_, within) => ({ buffer, start: at([start, 1], [within, 1]), alongM: 1, alongK: height }),
  }
}
/** Steps of k: fewer lie in the cache, however far apart they are. */
const TURNING_PAYS = 64
