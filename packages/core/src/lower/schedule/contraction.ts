import { DTYPE } from "../../base/dtype.ts"
import { sizeOf } from "../../base/shape.ts"
import { LEAST, TILES, type Tile, type Tiles } from "../../base/tiles.ts"
import type { Node } from "../../graph/graph.ts"
import type { Operand, Scratch } from "../../graph/reference.ts"
import * as ir from "../../ir/build.ts"
import type { Block, Expression } from "../../ir/program.ts"
import { at } from "./at.ts"
import { pack, packNibbles, totalsOfColumns, totalsOfRows } from "./panels.ts"
import { blocksOf, type Epilogue, each, type Product, type Target } from "./product.ts"
import { type SideOf, sideInPlace, turnedSide } from "./side.ts"
import { finish, type Place, tileOf } from "./tile.ts"

/** What is known around a product. */
export interface How {
  readonly scratch: Scratch
  readonly tiles?: Tiles
  /** The right side never changes, so that what depends on it alone is done once. */
  readonly packsOnce?: boolean
  /** The right side lies in bytes that `unpack_nibbles` would unpack. */
  readonly nibbles?: boolean
  /** Asked for once the schedule is taken. */
  readonly epilogue?: (() => Epilogue) | undefined
}

export interface Schedule {
  /** What depends on the right side alone: done once where that is a constant. */
  readonly pack: Block
  readonly body: Block
}

/**
 * Matrix products by register tiles: y[m,n] = Σₖ a[m,k] · b[k,n] with the bits of the reference, since each output is still
 * summed in the order of k (f32), or modulo 2³² in any order (integers).
 *
 * b is packed into panels of as many columns as a tile has, k after k, so that a tile reads it in one stream; lanes are
 * outputs. A tile holds `rows` × `columns` sums in registers, over `unroll` steps of k a round. Long sums are cut into blocks
 * of k that stay in the first cache: y keeps the sums between two blocks, which changes no bit.
 * Source: Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication", doi:10.1145/1356052.1356053.
 *
 * Nothing where the reference does as well: too small, or dtypes whose products are no dot of halves.
 */
export function contraction(
  node: Node<"matmul">,
  [a, b]: readonly [Operand, Operand],
  y: Operand,
  { scratch, packsOnce = false, tiles = TILES, nibbles = false, epilogue }: How,
): Schedule | undefined {
  const { transposeLeft, transposeRight } = node.attributes
  const [rows, columns] = y.shape.slice(-2) as [number, number]
  const depth = a.shape.at(transposeLeft ? -2 : -1)!
  const isFloat = DTYPE[y.buffer.dtype].scalar !== "i32"
  const tile = isFloat ? forDepth(tiles.float, depth) : tiles.integer
  if (columns < LANES || depth < DEPTH_MIN || (rows < PACKING_PAYS && !packsOnce)) return undefined
  if (!isFloat && (transposeLeft || ![a, b].every(({ buffer }) => HALVES.includes(buffer.dtype)))) return undefined

  const bytes = tile.dot === "bytes" && b.buffer.dtype === "i8" && ["i8", "u8"].includes(a.buffer.dtype)
  const [group, batch] = [isFloat ? 1 : nibbles ? 8 : bytes ? 4 : 2, sizeOf(y.shape.slice(0, -2))]
  const steps = Math.ceil(depth / group)
  const parts = Math.min(group, 4)
  if (epilogue && blocksOf({ steps, depth, group, parts, isFloat, tile }) > 1) return undefined // no sum would be whole in registers
  const count = Math.ceil(columns / tile.columns)
  const panels = scratch.buffer(b.buffer.dtype, batch * count * steps * parts * tile.columns)
  const isShifted = group === 4 && a.buffer.dtype === "i8"
  const totals = nibbles ? batch * rows : isShifted ? batch * count * tile.columns : 0
  const correction = totals > 0 ? scratch.buffer("i32", totals) : undefined
  const sizes = { rows, columns, depth, batch, group, parts, steps, count, transposeLeft, transposeRight, isFloat }
  const product: Product = {
    ...sizes,
    a: a.buffer,
    b: b.buffer,
    y: y.buffer,
    panels,
    correction,
    tile,
    scratch,
    epilogue: epilogue?.(),
  }
  if (nibbles) return { pack: packNibbles(product), body: [...totalsOfRows(product), ...multiply(product)] }
  return { pack: [...pack(product), ...totalsOfColumns(product)], body: multiply(product) }
}
/** A short sum takes two rounds where that is not too long a text: to begin and to end one costs a tenth of it. */
function forDepth(tile: Tile, depth: number): Tile {
  const half = depth / 2
  if (depth > SHORT_DEPTH || !Number.isInteger(half) || half <= tile.unroll) return tile
  return half * tile.rows <= UNROLLED_MAX ? { ...tile, unroll: half } : tile
}
const [SHORT_DEPTH, UNROLLED_MAX] = [32, 64]

/** Whether a product is large enough for a schedule. */
export const isWorthCutting = (
  { shape, attributes, inputs: [a] }: Node<"matmul">,
  { least = LEAST }: Tiles = TILES,
): boolean => sizeOf(shape) * a.shape.at(attributes.transposeLeft ? -2 : -1)! >= least

/** Whether a product may read its right side as nibbles: `rows` × `depth` bytes by numbers of four bits, stored along k. */
export const takesNibbles = (node: Node<"matmul">, tiles: Tiles): boolean => {
  const {
    attributes,
    inputs: [a, b],
  } = node
  return (
    isWorthCutting(node, tiles) &&
    tiles.integer.dot === "bytes" &&
    a.dtype === "i8" &&
    !attributes.transposeLeft &&
    attributes.transposeRight &&
    a.shape.at(-1)! % 8 === 0 &&
    a.shape.at(-1)! >= DEPTH_MIN &&
    b.shape.at(-2)! >= LANES
  )
}
const LANES = 4
const DEPTH_MIN = 8
/** Below this many rows a panel is used too seldom to repay its packing. */
const PACKING_PAYS = 4
const HALVES: readonly string[] = ["i8", "u8", "i16"]

function multiply(p: Product): Block {
  const { y, rows, columns, batch, tile, scratch } = p
  const [whole, rest] = [Math.floor(columns / tile.columns), columns % tile.columns]
  const main: Target = { into: y, stride: columns, width: tile.columns, first: 0, count: whole }
  if (rest === 0) return each(ir.parallel, scratch, batch, (matrix) => target(p, main, matrix))
  // The last panel is wider than what is left of y: its sums lie in a buffer of their own until they are copied.
  const width = Math.ceil(rest / LANES) * LANES
  const edge = scratch.buffer(y.dtype, batch * rows * width)
  const last: Target = { into: edge, stride: width, width, first: whole, count: 1 }
  return each(ir.parallel, scratch, batch, (matrix) => [
    ...target(p, main, matrix),
    ...target(p, last, matrix),
    ...each(ir.parallel, scratch, rows, (row) =>
      each(ir.parallel, scratch, rest, (j) => {
        const [leading, column] = [at([matrix, rows], [row, 1]), at([j, 1], [whole, tile.columns])]
        const sum = ir.load(edge, at([matrix, rows * width], [row, width], [j, 1]))
        return finish(p, leading, column, sum)
      }),
    ),
  ])
}

/**
 * Chunks of rows, then blocks of k, then panels, then the tiles of the chunk: what a chunk has of a block of k stays in the
 * second cache while every panel of the block passes, so that both sides come from memory about once. Few rows are one
 * chunk: then panels are what threads share.
 */
function target(p: Product, into: Target, matrix: Expression): Block {
  const { rows, tile, scratch } = p
  const [tiles, rest] = [Math.floor(rows / tile.rows), rows % tile.rows]
  const blocks = blocksOf(p)
  const strip = (
    place: Omit<Place, "row" | "side">,
    row: Expression,
    count: number,
    height: number,
    side: SideOf,
  ): Block =>
    each(ir.loop, scratch, count, (index) => {
      const within = at([index, height])
      const first = at([row, 1], [index, height])
      return tileOf(p, into, height, blocks, { ...place, row: first, side: side(first, within, place.block) })
    })
  const inPlace = sideInPlace(p, matrix, blocks)
  const chunk = (index: Expression, count: number, height: number): Block => {
    const row = at([index, count * height])
    const turned = turnedSide(p, matrix, index, count * height, blocks)
    return each(ir.loop, scratch, blocks, (block) => [
      ...(turned ? turned.turn(row, block) : []),
      ...each(ir.parallel, scratch, into.count, (panel) =>
        strip({ matrix, panel, block }, row, count, height, turned?.side ?? inPlace),
      ),
    ])
  }
  const single = (row: number, count: number, height: number): Block =>
    each(ir.parallel, scratch, count > 0 ? into.count : 0, (panel) =>
      each(ir.loop, scratch, blocks, (block) => strip({ matrix, panel, block }, ir.i32(row), count, height, inPlace)),
    )
  const long = Math.max(1, Math.floor(CHUNK_ROWS / tile.rows))
  const chunks = tiles < 2 * long ? 0 : Math.floor(tiles / long)
  const left = tiles - chunks * long
  return [
    ...each(ir.parallel, scratch, chunks, (index) => chunk(index, long, tile.rows)),
    ...single(chunks * long * tile.rows, left, tile.rows),
    ...single(tiles * tile.rows, rest > 0 ? 1 : 0, rest),
  ]
}
/** With 320 steps of k they are 80 KB of floats; a panel that passes is read once for so many rows. */
const CHUNK_ROWS = 64
