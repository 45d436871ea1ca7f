import fc from "fast-check"
import { expect, test } from "vitest"
import { type Shape, sizeOf, stridesOf } from "../../base/shape.ts"
import { SEED } from "../../ir/testing/hostile.ts"
import type { Node } from "../graph.ts"
import * as op from "../operations.ts"
import { resultOf, type Values } from "../testing/evaluate.ts"

/** Every index of a shape, in row-major order. */
const indicesOf = (shape: Shape): readonly Shape[] => {
  const strides = stridesOf(shape)
  return Array.from({ length: sizeOf(shape) }, (_, at) => shape.map((n, axis) => Math.floor(at / strides[axis]!) % n))
}
const placeIn = (shape: Shape, index: Shape): number =>
  stridesOf(shape).reduce((at, stride, axis) => at + index[axis]! * stride, 0)
/** Element i is called i + 1: none is a 0 that came from nowhere. */
const counting = (shape: Shape): Values => Array.from({ length: sizeOf(shape) }, (_, i) => i + 1)
const x = (shape: Shape, name = "x"): Node => op.input(name, "i32", shape)

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
const draws = fc.array(fc.nat(1000), { minLength: 20, maxLength: 20 })
/** For random shapes and what follows from them: where each element of y comes from, by what the words say. */
function expectMoves(
  build: (x: Node, draw: (below: number) => number) => { y: Node; from(index: Shape): Shape | undefined },
  otherwise = 0,
): void {
  fc.assert(
    fc.property(shapes, draws, (shape, words) => {
      let next = 0
      const { y, from } = build(x(shape), (below) => words[next++ % words.length]! % below)
      const given = counting(shape)
      const wanted = indicesOf(y.shape).map((index) => {
        const source = from(index)
        return source ? given[placeIn(shape, source)] : otherwise
      })
      expect(resultOf(y, { x: given })).toEqual(wanted)
    }),
    { seed: SEED, numRuns: 40 },
  )
}

test(`reshape keeps the order of the elements (SEED=${SEED})`, () => {
  const y = op.reshape(x([2, 3, 2]), [4, 1, 3])
  expect([y.shape, resultOf(y, { x: counting([12]) })]).toEqual([[4, 1, 3], counting([12])])
})
test(`transpose: axis i of y is axis order[i] of x (SEED=${SEED})`, () => {
  expectMoves((x, draw) => {
    const order = x.shape.map((_, axis) => axis)
    for (let i = order.length - 1; i > 0; i--) {
      const j = draw(i + 1)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return { y: op.transpose(x, order), from: (index) => order.map((_, axis) => index[order.indexOf(axis)]!) }
  })
})
test(`slice takes from start, before stop, by step (SEED=${SEED})`, () => {
  expectMoves((x, draw) => {
    const start = x.shape.map((n) => draw(n))
    const stop = x.shape.map((n, axis) => start[axis]! + 1 + draw(n - start[axis]!))
    const step = x.shape.map(() => 1 + draw(3))
    const y = op.slice(x, start, stop, step)
    const wanted = x.shape.map((n, axis) =>
      Array.from({ length: n }, (_, i) => i).filter(
        (i) => i >= start[axis]! && i < stop[axis]! && (i - start[axis]!) % step[axis]! === 0,
      ),
    )
    expect(y.shape).toEqual(wanted.map(({ length }) => length))
    return { y, from: (index) => index.map((i, axis) => wanted[axis]![i]!) }
  })
})
test(`pad puts its value before, after and between (SEED=${SEED})`, () => {
  expectMoves((x, draw) => {
    const [before, after, between] = [0, 1, 2].map(() => x.shape.map(() => draw(3))) as readonly Shape[] as [
      Shape,
      Shape,
      Shape,
    ]
    const along = (n: number, axis: number): readonly (number | undefined)[] => {
      const gap = (length: number): undefined[] => Array<undefined>(length).fill(undefined)
      const inside = Array.from({ length: n }, (_, i) => [i, ...(i < n - 1 ? gap(between[axis]!) : [])]).flat()
      return [...gap(before[axis]!), ...inside, ...gap(after[axis]!)]
    }
    const lines = x.shape.map(along)
    const y = op.pad(x, before, after, { between, value: -7 })
    expect(y.shape).toEqual(lines.map(({ length }) => length))
    return {
      y,
      from(index) {
        const found = index.map((i, axis) => lines[axis]![i])
        return found.some((i) => i === undefined) ? undefined : (found as Shape)
      },
    }
  }, -7)
})
test(`reverse and iota count along one axis (SEED=${SEED})`, () => {
  expectMoves((x, draw) => {
    const axis = draw(x.shape.length)
    return { y: op.reverse(x, axis), from: (index) => index.with(axis, x.shape[axis]! - 1 - index[axis]!) }
  })
  const shape = [2, 3, 2]
  for (const axis of [0, 1, 2])
    expect(resultOf(op.iota(shape, axis), {})).toEqual(indicesOf(shape).map((index) => index[axis]))
})
test("concatenate lines up its parts along an axis", () => {
  const parts = [x([2, 1, 2], "a"), x([2, 2, 2], "b"), x([2, 1, 2], "c")]
  const given = { a: [1, 2, 3, 4], b: [11, 12, 13, 14, 15, 16, 17, 18], c: [21, 22, 23, 24] }
  expect(resultOf(op.concatenate(parts, 1), given)).toEqual([
    1, 2, 11, 12, 13, 14, 21, 22, 3, 4, 15, 16, 17, 18, 23, 24,
  ])
  expect(resultOf(op.concatenate([parts[0]!, parts[2]!], 0), { a: given.a, c: given.c })).toEqual([
    ...given.a,
    ...given.c,
  ])
  expect(resultOf(op.concatenate([parts[0]!, parts[2]!], 2), { a: given.a, c: given.c })).toEqual([
    1, 2, 21, 22, 3, 4, 23, 24,
  ])
})
test("take: a row out of range is the nearest one, and slopes add up in order on the rows that were taken", () => {
  const y = op.take(x([3, 2]), op.input("at", "i8", [2, 2]))
  expect([y.shape, resultOf(y, { x: [1, 2, 3, 4, 5, 6], at: [1, -128, 127, 2] })]).toEqual([
    [2, 2, 2],
    [3, 4, 1, 2, 5, 6, 5, 6],
  ])
})
test(`fold is adjoint to unfold: Σ g · unfold(x) = Σ fold(g) · x (SEED=${SEED})`, () => {
  const one = fc.integer({ min: 1, max: 3 })
  const few = fc.integer({ min: 0, max: 2 })
  const axis = fc.record({ kernel: one, stride: one, dilation: one, before: few, after: few, more: fc.nat(4) })
  fc.assert(
    fc.property(fc.array(axis, { minLength: 1, maxLength: 2 }), fc.nat(), (axes, word) => {
      const of = (key: "kernel" | "stride" | "dilation" | "before" | "after"): Shape => axes.map((each) => each[key])
      const windows = {
        kernel: of("kernel"),
        stride: of("stride"),
        dilation: of("dilation"),
        before: of("before"),
        after: of("after"),
      }
      const spatial = axes.map((a) => Math.max(1, (a.kernel - 1) * a.dilation + 1 - a.before - a.after) + a.more)
      const unfolded = op.unfold(x([2, ...spatial, 2]), windows)
      const folded = op.fold(op.input("g", "i32", unfolded.shape), spatial, windows)
      const some = (length: number, factor: number): Values =>
        Array.from({ length }, (_, i) => ((i * factor + word) % 19) - 9)
      const [given, g] = [some(sizeOf(folded.shape), 7), some(sizeOf(unfolded.shape), 5)]
      const dot = (a: Values, b: Values): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
      expect(dot(g, resultOf(unfolded, { x: given }))).toBe(dot(resultOf(folded, { g }), given))
    }),
    { seed: SEED, numRuns: 60 },
  )
})
