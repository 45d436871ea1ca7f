import { DTYPE, type Scalar } from "../../base/dtype.ts"
import * as ir from "../../ir/build.ts"
import type { Block, Buffer, Expression } from "../../ir/program.ts"
import { at } from "./at.ts"
import type { Product, Target } from "./product.ts"
import type { Side } from "./side.ts"

const NIBBLES = 0x0f0f0f0f
/** Which tile it is. */
export interface Place {
  readonly matrix: Expression
  readonly panel: Expression
  readonly block: Expression
  /** The first row of the tile. */
  readonly row: Expression
  readonly side: Side
}
/** `height` rows by the columns of a panel, over one block of k. */
export function tileOf(p: Product, to: Target, height: number, blocks: number, place: Place): Block {
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

/** A sum where it belongs. */
export const finish = (
  { y, columns, epilogue }: Product,
  leading: Expression,
  column: Expression,
  sum: Expression,
): Block => (epilogue ? epilogue(leading, column, sum) : [ir.store(y, at([leading, columns], [column, 1]), sum)])
