import type { Problem } from "../../base/problem.ts"
import { sameShape, sizeOf } from "../../base/shape.ts"
import { add, clamp, constant, i32, let_, load, loop, loopUpTo, mul, parallel, set, store } from "../../ir/build.ts"
import type { Expression } from "../../ir/program.ts"
import * as read from "../attributes.ts"
import type { Node } from "../graph.ts"
import { fill, gatherSum, reshape, scatterAdd, type Table } from "../operations.ts"
import { type Loops, type Operand, offset, scalarIn } from "../reference.ts"
import { accumulator, floats, isInteger, loops, noMatrix, rank2, wrongDtype } from "./shared.ts"

/** Rows of a table by their numbers, and back. */
export const GATHER: Table<"take" | "gather_sum" | "scatter_add"> = {
  take: {
    inputs: 2,
    attributes: {},
    shape: ([table, indices]) =>
      table.shape.length === 0 ? noMatrix(table) : [...indices.shape, ...table.shape.slice(1)],
    dtype: ([table, indices]) => whole(indices) ?? table.dtype,
    gradient(dy, { inputs: [table, indices] }) {
      const [rows, places] = [table.shape[0]!, sizeOf(indices.shape)]
      const flat = reshape(dy, [places, sizeOf(table.shape) / rows])
      const once = fill(1, { shape: [places, 1], dtype: "i32" })
      return [reshape(scatterAdd(flat, reshape(indices, [places, 1]), once, rows), table.shape), undefined]
    },
    reference: loops(takeLoops),
  },
  gather_sum: {
    inputs: 3,
    attributes: {},
    shape: ([table, slots, count]) => rank2(table) ?? bag(slots, count) ?? [slots.shape[0]!, table.shape[1]!],
    dtype: ([table, slots, count]) => whole(slots, count) ?? accumulator(table, table),
    gradient: (dy, { inputs: [table, slots, count] }) => [
      scatterAdd(dy, slots, count, table.shape[0]!),
      undefined,
      undefined,
    ],
    reference: loops(gatherSumLoops),
  },
  scatter_add: {
    inputs: 3,
    attributes: { length: read.length },
    shape: ([rows, slots, count], { length }) =>
      rank2(rows) ?? bag(slots, count, rows.shape[0]) ?? [length, rows.shape[1]!],
    dtype: ([rows, slots, count]) => whole(slots, count) ?? floats([rows]),
    gradient: (dy, { inputs: [, slots, count] }) => [gatherSum(dy, slots, count), undefined, undefined],
    reference: loops(scatterAddLoops),
  },
}

function bag(slots: Node, count: Node, rows = slots.shape[0]): Problem | undefined {
  const fits = slots.shape.length === 2 && slots.shape[0] === rows
  if (fits && sameShape(count.shape, [slots.shape[0]!, 1])) return undefined
  const seen = `Slots [${slots.shape}] with counts [${count.shape}] for ${rows} rows.`
  return { code: "OB315", seen, hint: "Slots are [B,F], counts [B,1], rows to scatter [B,D]." }
}
const whole = (...nodes: readonly Node[]): Problem | undefined =>
  nodes.flatMap((node) => (isInteger(node) ? [] : [wrongDtype(node, "an integer")]))[0]

/** A slot out of range counts as the nearest row: memory may hold anything. */
const rowOf = (slots: Operand, at: Expression, rows: number): Expression => clamp(load(slots.buffer, at), 0, rows - 1)

/** y[i,:] = table[indices[i], :]. */
function takeLoops(...[[table, indices], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const [rows, width] = [table!.shape[0]!, sizeOf(table!.shape.slice(1))]
  const { i, d, row } = scratch.locals({ i: "i32", d: "i32", row: "i32" })
  return [
    parallel(i, sizeOf(indices!.shape), [
      let_(row, mul(rowOf(indices!, i, rows), i32(width))),
      parallel(d, width, [store(y.buffer, offset([i, width], [d, 1]), load(table!.buffer, add(row, d)))]),
    ]),
  ]
}

/** y[b,:] = Σ_{f < count[b]} table[slots[b,f], :], summed in the order of f. An embedding bag. */
function gatherSumLoops(...[[table, slots, count], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const [rows, width, most] = [table!.shape[0]!, table!.shape[1]!, slots!.shape[1]!]
  const scalar = scalarIn(y)
  const { b, d, f, row, sum } = scratch.locals({ b: "i32", d: "i32", f: "i32", row: "i32", sum: scalar })
  return [
    parallel(b, y.shape[0]!, [
      parallel(d, width, [
        let_(sum, constant(scalar, 0)),
        loopUpTo(f, load(count!.buffer, b), most, [
          let_(row, mul(rowOf(slots!, offset([b, most], [f, 1]), rows), i32(width))),
          set(sum, add(sum, load(table!.buffer, add(row, d)))),
        ]),
        store(y.buffer, offset([b, width], [d, 1]), sum),
      ]),
    ]),
  ]
}

/** y[r,:] = Σ over all (b, f < count[b]) with slots[b,f] = r of rows[b,:], summed in the order of (b, f). */
function scatterAddLoops(...[[rows, slots, count], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const [length, width, most] = [y.shape[0]!, y.shape[1]!, slots!.shape[1]!]
  const { i, b, f, d, row, source } = scratch.locals({
    ...{ i: "i32", b: "i32", f: "i32", d: "i32", row: "i32", source: "i32" },
  })
  const at = add(row, d)
  return [
    parallel(i, length * width, [store(y.buffer, i, constant(scalarIn(y), 0))]),
    loop(b, rows!.shape[0]!, [
      let_(source, mul(b, i32(width))),
      loopUpTo(f, load(count!.buffer, b), most, [
        let_(row, mul(rowOf(slots!, offset([b, most], [f, 1]), length), i32(width))),
        parallel(d, width, [store(y.buffer, at, add(load(y.buffer, at), load(rows!.buffer, add(source, d))))]),
      ]),
    ]),
  ]
}
