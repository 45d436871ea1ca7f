import { DTYPE, type Scalar } from "../../base/dtype.ts"
import { sizeOf } from "../../base/shape.ts"
import { LEAST, TILES, type Tile, type Tiles } from "../../base/tiles.ts"
import type { Node } from "../../graph/graph.ts"
import type { Operand, Scratch } from "../../graph/reference.ts"
import * as ir from "../../ir/build.ts"
import type { Block, Buffer, Expression } from "../../ir/program.ts"
import { at } from "./at.ts"

/** What is done with the sum at [leading axes counted as one, column] in place of storing it. */
export type Epilogue = (leading: Expression, column: Expression, sum: Expression) => Block

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
  const tile = isFloat ? tiles.float : tiles.integer
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

interface Product {
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

/** A loop over `count` rounds; for one round its body alone. */
function each(make: typeof ir.loop, scratch: Scratch, count: number, body: (index: Expression) => Block): Block {
  if (count === 1) return body(ir.i32(0))
  const { index } = scratch.locals({ index: "i32" })
  return count === 0 ? [] : [make(index, count, body(index))]
}

/** b into panels, one panel after another, so that threads can share the work. */
function pack(p: Product): Block {
  const { b, panels, columns, depth, batch, group, steps, count, transposeRight, tile, scratch } = p
  const [alongK, alongN] = transposeRight ? [1, depth] : [columns, 1]
  const size = steps * group * tile.columns
  const move = (matrix: Expression, panel: Expression, step: Expression, width: number, parts: number): Block =>
    each(ir.parallel, scratch, width, (j) =>
      Array.from({ length: parts }, (_, part) => {
        const first = at([matrix, depth * columns], [panel, tile.columns * alongN], [step, group * alongK])
        const from = at([first, 1], [j, alongN], [part, alongK])
        const to = at([matrix, count * size], [panel, size], [step, group * tile.columns], [j, group], [part, 1])
        return ir.store(panels, to, ir.load(b, from))
      }),
    )
  const panel = (matrix: Expression, panel: Expression, width: number): Block => [
    ...each(ir.loop, scratch, Math.floor(depth / group), (step) => move(matrix, panel, step, width, group)),
    ...(depth % group === 0 ? [] : move(matrix, panel, ir.i32(steps - 1), width, depth % group)),
  ]
  const [whole, rest] = [Math.floor(columns / tile.columns), columns % tile.columns]
  return each(ir.parallel, scratch, batch, (matrix) => [
    ...each(ir.parallel, scratch, whole, (index) => panel(matrix, index, tile.columns)),
    ...(rest > 0 ? panel(matrix, ir.i32(whole), rest) : []),
  ])
}

/** Panels of one width, and where their sums go. */
interface Target {
  readonly into: Buffer
  /** Elements of `into` in a row. */
  readonly stride: number
  readonly width: number
  /** The first panel, and how many. */
  readonly first: number
  readonly count: number
}
/** Σₖ b[k,n] of each column, times −128: what taking 128 from every element of a comes to. */
function totalsOfColumns({
  correction,
  b,
  columns,
  depth,
  batch,
  count,
  tile,
  transposeRight,
  scratch,
}: Product): Block {
  if (!correction) return []
  const [alongK, alongN] = transposeRight ? [1, depth] : [columns, 1]
  return each(ir.parallel, scratch, batch, (matrix) =>
    each(ir.parallel, scratch, columns, (n) => {
      const { sum, k } = scratch.locals({ sum: "i32", k: "i32" })
      const value = ir.load(b, at([matrix, depth * columns], [n, alongN], [k, alongK]))
      return [
        ir.let_(sum, ir.i32(0)),
        ir.loop(k, depth, [ir.set(sum, ir.sub(sum, value))]),
        ir.store(correction, at([matrix, count * tile.columns], [n, 1]), ir.shl(sum, 7)),
      ]
    }),
  )
}
/** −8 · Σₖ a[m,k] of each row: what the 8 that is stored with every nibble comes to. */
function totalsOfRows({ a, correction, rows, depth, batch, scratch }: Product): Block {
  return each(ir.parallel, scratch, batch * rows, (row) => {
    const { sum, k } = scratch.locals({ sum: "i32", k: "i32" })
    const word = ir.loadPacked(4, a, at([row, depth], [k, 4]))
    return [
      ir.let_(sum, ir.i32(0)),
      ir.loop(k, depth / 4, [ir.set(sum, ir.add(sum, ir.dot4(word, 0x01010101)))]),
      ir.store(correction!, row, ir.mul(sum, ir.i32(-8))),
    ]
  })
}

/** b [n, k/2] into panels whose words hold nibbles k … k+3 in the low halves of their bytes and k+4 … k+7 in the high ones. */
function packNibbles({ b, panels, columns, depth, batch, steps, count, tile, scratch }: Product): Block {
  const size = steps * 4 * tile.columns
  return each(ir.parallel, scratch, batch, (matrix) =>
    each(ir.parallel, scratch, columns, (n) =>
      each(ir.parallel, scratch, steps, (step) => {
        const nibble = (k: number): Expression => {
          const byte = ir.load(b, at([matrix, (columns * depth) / 2], [n, depth / 2], [step, 4], [k >> 1, 1]))
          return ir.and(ir.shrU(byte, 4 * (k & 1)), 15)
        }
        const [panel, j] = [
          ir.binary("i32.div_u", n, ir.i32(tile.columns)),
          ir.binary("i32.rem_u", n, ir.i32(tile.columns)),
        ]
        const to = (part: number): Expression =>
          at([matrix, count * size], [panel, size], [step, 4 * tile.columns], [j, 4], [part, 1])
        return [0, 1, 2, 3].map((k) => ir.store(panels, to(k), ir.or(nibble(k), ir.shl(nibble(k + 4), 4))))
      }),
    ),
  )
}

/** A sum where it belongs. */
const finish = ({ y, columns, epilogue }: Product, leading: Expression, column: Expression, sum: Expression): Block =>
  epilogue ? epilogue(leading, column, sum) : [ir.store(y, at([leading, columns], [column, 1]), sum)]

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

/** Where a tile finds its left side: element [m, k] of it at start + m · alongM + k · alongK. */
interface Side {
  readonly buffer: Buffer
  readonly start: Expression
  readonly alongM: number
  readonly alongK: number
}
/** Of the tile that begins at row `row`, which is the row `within` of its chunk, in a block of k. */
type SideOf = (row: Expression, within: Expression, block: Expression) => Side

function sideInPlace(
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
function turnedSide(
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
/**
 * Blocks of k whose panel fills less than half of a first cache of 48 KB, for the rows that pass it have their lines there too;
 * one block where none divides.
 */
function blocksOf({ steps, depth, group, parts, isFloat, tile }: BlockSizes): number {
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

const NIBBLES = 0x0f0f0f0f
interface Place {
  readonly matrix: Expression
  readonly panel: Expression
  readonly block: Expression
  /** The first row of the tile. */
  readonly row: Expression
  readonly side: Side
}
/** `height` rows by the columns of a panel, over one block of k. */
function tileOf(p: Product, to: Target, height: number, blocks: number, place: Place): Block {
  const { panels, rows, depth, group, parts: width, steps, count, isFloat, tile, scratch } = p
  const { matrix, panel, block, row, side } = place
  const [size, scalar] = [steps / blocks, isFloat ? DTYPE[to.into.dtype].scalar : "i32"] as const
  const fresh = (stem: string, of: Scalar = "i32"): ir.Local => scratch.locals({ [stem]: of })[stem]!
  const { alongM, alongK } = side
  const [left, right, out, j, k] = [fresh("left"), fresh("right"), fresh("out"), fresh("j"), fresh("k")]
  const all = Array.from({ length: height }, (_, r) => r)
  const sums = all.map(() => (group === 4 ? [fresh("sum"), fresh("twice")] : [fresh("sum", scalar)]))

  /** The step of k that is `unrolled` after `from`, of which `parts` are there. */
  const step = (from: Expression, unrolled: number, parts: number): Block => {
    const column = fresh("column", scalar)
    const stride = width * tile.columns
    const index = at([right, 1], [from, stride], [unrolled, stride], [j, width])
    const rights = group === 8 ? [ir.and(column, NIBBLES), ir.and(ir.shrU(column, 4), NIBBLES)] : [column, column]
    const halves = rights.map(() => (group === 8 ? fresh("half") : column))
    return [
      ir.let_(column, isFloat ? ir.load(panels, index) : ir.loadPacked(width as 2 | 4, panels, index)),
      ...(group === 8 ? halves.map((half, i) => ir.let_(half, rights[i]!)) : []),
      ...all.flatMap((r) => {
        const first = at([left, 1], [from, group * alongK], [unrolled, group * alongK], [r, alongM])
        return leftsOf(p, side.buffer, first, parts).flatMap((value, i) => {
          const [element, sum, half] = [fresh("element", scalar), sums[r]![i] ?? sums[r]![0]!, halves[i]!]
          const product = isFloat ? ir.mul(element, half) : (group === 2 ? ir.dot2 : ir.dot4)(half, element)
          return [ir.let_(element, value), ir.set(sum, ir.add(sum, product))]
        })
      }),
    ]
  }
  const whole = depth % group === 0 ? size : size - 1 // steps that have all their parts; blocks have no others
  const [rounds, over] = [Math.floor(whole / tile.unroll), whole % tile.unroll]
  const unrolled = Array.from({ length: tile.unroll }, (_, u) => step(ir.mul(k, ir.i32(tile.unroll)), u, group))
  const inner: Block = [
    ...(rounds > 0 ? [ir.loop(k, rounds, unrolled.flat())] : []),
    ...Array.from({ length: over }, (_, u) => step(ir.i32(rounds * tile.unroll), u, group)).flat(),
    ...(whole < size ? step(ir.i32(whole), 0, depth % group) : []),
  ]
  const panelSize = steps * width * tile.columns
  const result = (r: number): Expression => at([out, 1], [r, to.stride], [j, 1])
  const started = (r: number): Expression => {
    const column = at([matrix, count * tile.columns], [panel, tile.columns], [to.first, tile.columns], [j, 1])
    const total = group === 8 ? at([matrix, rows], [row, 1], [r, 1]) : column
    const first = p.correction ? ir.load(p.correction, total) : ir.constant(scalar, 0)
    return blocks === 1 ? first : ir.select(block, ir.load(to.into, result(r)), first)
  }
  const ended = ([sum, twice]: readonly ir.Local[]): Expression => (twice ? ir.add(sum!, ir.shl(twice, 1)) : sum!)
  const isLast = p.epilogue !== undefined && to.into === p.y
  const leading = isLast ? all.map(() => fresh("leading")) : []
  const stored = (r: number, sum: Expression): Block => {
    if (!isLast) return [ir.store(to.into, result(r), sum)]
    return finish(p, leading[r]!, at([panel, tile.columns], [to.first, tile.columns], [j, 1]), sum)
  }
  return [
    ir.let_(left, side.start),
    ir.let_(
      right,
      at([matrix, count * panelSize], [panel, panelSize], [to.first, panelSize], [block, size * width * tile.columns]),
    ),
    ...(isLast ? [] : [ir.let_(out, at([matrix, rows * to.stride], [row, to.stride], [panel, to.width]))]),
    ...leading.map((local, r) => ir.let_(local, at([matrix, rows], [row, 1], [r, 1]))),
    ir.parallel(j, to.width, [
      ...all.flatMap((r) => sums[r]!.map((sum, i) => ir.let_(sum, i === 0 ? started(r) : ir.i32(0)))),
      ...inner,
      ...all.flatMap((r) => stored(r, ended(sums[r]!))),
    ]),
  ]
}

/**
 * What a step multiplies the columns with, from element `first` of a on; parts that are not there count as 0.
 *
 * Fours of bytes are multiplied by x = 2h + l − 128 (i8) or x = 2h + l (u8), with h in 0 … 127 and l in 0 … 1, because the
 * fastest dot product of most machines wants one side below 128. The masks are what proves it: each stands right here.
 */
function leftsOf(
  { group, isFloat, transposeLeft }: Product,
  a: Buffer,
  first: Expression,
  parts: number,
): readonly Expression[] {
  if (isFloat) return [ir.load(a, first)]
  if (transposeLeft) throw new Error("bug: words of a column")
  const width = 32 / group
  const part = (i: number): Expression =>
    ir.shl(ir.and(ir.load(a, ir.add(first, ir.i32(i))), 2 ** width - 1), i * width)
  const word =
    parts === group
      ? ir.loadPacked(Math.min(group, 4) as 2 | 4, a, first)
      : Array.from({ length: parts }, (_, i) => part(i)).reduce((word, next) => ir.or(word, next))
  if (group === 2) return [word]
  if (group === 8) return [word, ir.loadPacked(4, a, ir.add(first, ir.i32(4)))]
  const there = parts === group ? -1 : 2 ** (8 * parts) - 1
  const low = ir.and(word, 0x01010101 & there)
  const positive = a.dtype === "i8" ? ir.xor(word, 0x80808080 | 0) : word
  return [low, ir.and(ir.shrU(positive, 1), 0x7f7f7f7f & there)]
}
