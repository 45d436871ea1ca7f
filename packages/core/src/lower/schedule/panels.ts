import * as ir from "../../ir/build.ts"
import type { Block, Expression } from "../../ir/program.ts"
import { at } from "./at.ts"
import { each, type Product } from "./product.ts"

/** b into panels, one panel after another, so that threads can share the work. */
export function pack(p: Product): Block {
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

/** Σₖ b[k,n] of each column, times −128: what taking 128 from every element of a comes to. */
export function totalsOfColumns({
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
export function totalsOfRows({ a, correction, rows, depth, batch, scratch }: Product): Block {
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
export function packNibbles({ b, panels, columns, depth, batch, steps, count, tile, scratch }: Product): Block {
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
