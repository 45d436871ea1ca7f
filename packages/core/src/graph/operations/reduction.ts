import type { Problem } from "../../base/problem.ts"
import { type Shape, sizeOf, stridesOf } from "../../base/shape.ts"
import * as ir from "../../ir/build.ts"
import type { Expression } from "../../ir/program.ts"
import * as read from "../attributes.ts"
import type { Node } from "../graph.ts"
import { broadcastLike, divide, equal, multiply, sum, type Table } from "../operations.ts"
import { type Loops, offset, scalarIn } from "../reference.ts"
import { accumulator, hasAxis, integers, loops, noAxis, noSlopes, rank2, uniform } from "./shared.ts"

/** Many elements into one, along an axis that stays with length 1. */
export const REDUCTION: Table<"sum" | "maximum" | "minimum" | "argmax"> = {
  sum: {
    inputs: 1,
    attributes: { axis: read.axis },
    shape: reduced,
    dtype: ([a]) => accumulator(a, a),
    gradient: (dy, { inputs: [a] }) => [broadcastLike(dy, a)],
    reference: { kind: "loops", body: ({ attributes: { axis } }) => sumLoops(axis) },
  },
  maximum: {
    inputs: 1,
    attributes: { axis: read.axis },
    shape: reduced,
    dtype: uniform,
    gradient: amongEquals,
    reference: { kind: "loops", body: ({ attributes: { axis } }) => extremeLoops(axis, ir.max) },
  },
  minimum: {
    inputs: 1,
    attributes: { axis: read.axis },
    shape: reduced,
    dtype: uniform,
    gradient: amongEquals,
    reference: { kind: "loops", body: ({ attributes: { axis } }) => extremeLoops(axis, ir.min) },
  },
  argmax: {
    inputs: 1,
    attributes: {},
    shape: ([a]) => rank2(a) ?? [a.shape[0]!, 1],
    dtype: (inputs) => integers(inputs, "i32"),
    gradient: noSlopes,
    reference: loops(argmaxLoops),
  },
}

function reduced([a]: readonly [Node], { axis }: { readonly axis: number }): Shape | Problem {
  return hasAxis(a, axis) ? a.shape.with(axis, 1) : noAxis(a, axis)
}
/** The slope of the largest or smallest is shared among equals. */
function amongEquals(dy: Node, y: Node<"maximum"> | Node<"minimum">): readonly Node[] {
  const {
    inputs: [a],
    attributes: { axis },
  } = y
  const isTaken = equal(a, broadcastLike(y, a))
  return [multiply(isTaken, broadcastLike(divide(dy, sum(isTaken, axis)), a))]
}

/**
 * y = Σ x along an axis, which stays with length 1: 16 interleaved partial sums, then a fixed tree. The bits depend
 * neither on the width of vectors nor on the place of the axis. Integers wrap in i32.
 * Partial p of column s lies at p · inner + s, so that one parallel loop runs over both; where the axis has fewer
 * than 16 elements, the partials that would stay 0 are left out.
 */
const sumLoops =
  (axis: number): Loops =>
  ([x], y, scratch) => {
    const [length, inner] = [x!.shape[axis]!, stridesOf(x!.shape)[axis]!]
    const [outer, chunks, rest] = [sizeOf(x!.shape.slice(0, axis)), Math.floor(length / 16), length % 16]
    const scalar = scalarIn(y)
    const lanes = Math.min(16, length)
    const partial = scratch.buffer(y.buffer.dtype, outer * lanes * inner)
    const { o, start, own, lane, chunk, left, s, sum } = scratch.locals({
      ...{ o: "i32", start: "i32", own: "i32", lane: "i32", chunk: "i32", left: "i32", s: "i32" },
      sum: scalar,
    })
    const held = (at: Expression): Expression => ir.load(partial, ir.add(own, at))
    const element = (at: Expression, from: Expression): Expression =>
      ir.load(x!.buffer, ir.add(ir.add(start, from), at))
    let live = lanes
    const tree = [8, 4, 2, 1].map((half) => {
      const { place } = scratch.locals({ place: "i32" })
      const pairs = Math.max(0, live - half)
      live = Math.min(live, half)
      const both = ir.add(held(place), ir.load(partial, ir.add(ir.add(own, ir.i32(half * inner)), place)))
      return ir.parallel(place, pairs * inner, [ir.store(partial, ir.add(own, place), both)])
    })
    return [
      ir.parallel(o, outer, [
        ir.let_(start, ir.mul(o, ir.i32(length * inner))),
        ir.let_(own, ir.mul(o, ir.i32(lanes * inner))),
        ir.parallel(lane, lanes * inner, [
          ir.let_(sum, ir.constant(scalar, 0)),
          ir.loop(chunk, chunks, [ir.set(sum, ir.add(sum, element(lane, offset([chunk, 16 * inner]))))]),
          ir.store(partial, ir.add(own, lane), sum),
        ]),
        ir.parallel(left, rest * inner, [
          ir.store(partial, ir.add(own, left), ir.add(held(left), element(left, ir.i32(16 * chunks * inner)))),
        ]),
        ...tree,
        ir.parallel(s, inner, [ir.store(y.buffer, offset([o, inner], [s, 1]), held(s))]),
      ]),
    ]
  }

/** y = the largest or smallest x along an axis, compared in order: the first of equals stays, NaN loses unless it comes first. */
const extremeLoops =
  (axis: number, better: typeof ir.max): Loops =>
  ([x], y, scratch) => {
    const [length, inner] = [x!.shape[axis]!, stridesOf(x!.shape)[axis]!]
    const { o, s, k, best } = scratch.locals({ o: "i32", s: "i32", k: "i32", best: scalarIn(x!) })
    const at = (step: Expression): Expression => ir.load(x!.buffer, offset([o, length * inner], [s, 1], [step, inner]))
    return [
      ir.parallel(o, sizeOf(x!.shape.slice(0, axis)), [
        ir.parallel(s, inner, [
          ir.let_(best, at(ir.i32(0))),
          ir.loop(k, length, [ir.set(best, better(best, at(k)))]),
          ir.store(y.buffer, offset([o, inner], [s, 1]), best),
        ]),
      ]),
    ]
  }

/** y[b] = the place of the largest x[b,·]; of equals the first. */
function argmaxLoops(...[[x], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const [rows, columns] = [x!.shape[0]!, x!.shape[1]!]
  const { b, c, start, best, place, value } = scratch.locals({
    ...{ b: "i32", c: "i32", start: "i32", best: "i32", place: "i32", value: "i32" },
  })
  return [
    ir.parallel(b, rows, [
      ir.let_(start, ir.mul(b, ir.i32(columns))),
      ir.let_(best, ir.load(x!.buffer, start)),
      ir.let_(place, ir.i32(0)),
      ir.loop(c, columns, [
        ir.let_(value, ir.load(x!.buffer, ir.add(start, c))),
        ir.set(place, ir.select(ir.less(best, value), c, place)),
        ir.set(best, ir.max(best, value)),
      ]),
      ir.store(y.buffer, b, place),
    ]),
  ]
}
