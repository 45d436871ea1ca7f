import * as ir from "@open-brains/core/ir/build.ts"
import type { Expression, Program, Statement } from "@open-brains/core/ir/program.ts"

/** A stroke has so many points at most; a board that has as many keeps every second one, and goes on half as often. */
export const POINTS_MAX = 128
/** What is made of it: so many points at equal distances along the way. */
export const PLACES = 16
/** So many parts of a piece of the way are told apart. */
const PARTS_BITS = 8

/**
 * A stroke as points at equal distances along it, seen from the middle of its bounding box in units of half of its longer
 * side: wherever it was drawn, how large and how fast, the same numbers.
 *
 * Shapes: points i16 [128 · 2], x and y in turns; count i32 [1] → places i8 [16 · 2], −127 … 127.
 * Numbers: distances are counted as long + short / 2, at most 12 % beyond √(dx² + dy²), so that no root is taken. A stroke
 * without a way gives zeros. No step can overflow, whatever the points: a piece of the way is at most 98302 long, 127 of
 * them 15 times are below 2²⁸, and one of them 2⁸ · 15 times is below 2²⁹.
 */
export function strokePlaces(): Program {
  const points = ir.buffer("input", "i16", "points", 2 * POINTS_MAX)
  const count = ir.buffer("input", "i32", "count", 1)
  const places = ir.buffer("output", "i8", "places", 2 * PLACES)
  const names = ["n", "i", "x", "y", "left", "right", "low", "high", "size", "total", "round"] as const
  const more = ["at", "done", "behind", "x0", "y0", "dx", "dy", "ahead", "goal", "part", "piece"] as const
  const local = Object.fromEntries([...names, ...more].map((name) => [name, ir.local(name)])) as Readonly<
    Record<(typeof names)[number] | (typeof more)[number], ir.Local>
  >
  const { n, i, x, y, left, right, low, high, size, total, round } = local
  const { at, done, behind, x0, y0, dx, dy, ahead, goal, part, piece } = local
  const point = (place: Expression, axis: 0 | 1): Expression =>
    ir.load(points, ir.add(ir.mul(place, ir.i32(2)), ir.i32(axis)))
  const zero = ir.i32(0)
  const [here, next] = [at, ir.add(at, ir.i32(1))].map((place) => ir.clamp(place, 0, POINTS_MAX - 1)) as [
    Expression,
    Expression,
  ]
  const absolute = (a: Expression): Expression => ir.max(a, ir.sub(zero, a))
  const distance = (a: Expression, b: Expression): Expression =>
    ir.add(ir.max(absolute(a), absolute(b)), ir.shrS(ir.min(absolute(a), absolute(b)), 1))
  /** From the point `at` to the next one; `ahead` is how far that is, PLACES − 1 times. */
  const toNext: readonly Statement[] = [
    ir.set(x0, point(here, 0)),
    ir.set(y0, point(here, 1)),
    ir.set(dx, ir.sub(point(next, 0), x0)),
    ir.set(dy, ir.sub(point(next, 1), y0)),
    ir.set(ahead, ir.mul(distance(dx, dy), ir.i32(PLACES - 1))),
  ]
  const seen = (from: Expression, by: Expression, least: Expression, most: Expression): Expression => {
    const place = ir.add(from, ir.shrS(ir.mul(by, part), PARTS_BITS))
    const middle = ir.sub(ir.add(place, place), ir.add(least, most))
    return ir.binary("i32.div_s", ir.mul(middle, ir.i32(127)), size)
  }
  const isOnThisPiece = ir.or(ir.lessOrEqual(goal, ir.add(behind, ahead)), ir.lessOrEqual(ir.sub(n, ir.i32(2)), at))
  return {
    name: "stroke",
    buffers: [points, count, places],
    body: [
      ir.let_(n, ir.clamp(ir.load(count, zero), 0, POINTS_MAX)),
      ...[x0, left, right].map((each) => ir.let_(each, point(zero, 0))),
      ...[y0, low, high].map((each) => ir.let_(each, point(zero, 1))),
      ir.let_(total, zero),
      ir.loopUpTo(i, n, POINTS_MAX, [
        ir.let_(x, point(i, 0)),
        ir.let_(y, point(i, 1)),
        ir.set(left, ir.min(left, x)),
        ir.set(right, ir.max(right, x)),
        ir.set(low, ir.min(low, y)),
        ir.set(high, ir.max(high, y)),
        ir.set(total, ir.add(total, distance(ir.sub(x, x0), ir.sub(y, y0)))),
        ir.set(x0, x),
        ir.set(y0, y),
      ]),
      ir.let_(size, ir.max(ir.max(ir.sub(right, left), ir.sub(high, low)), ir.i32(1))),
      // Each round either goes on to the next point or gives a place: the way is gone once.
      ...[at, done, behind, goal, dx, dy, ahead, part].map((each) => ir.let_(each, zero)),
      ...toNext,
      ir.loopUpTo(round, ir.add(n, ir.i32(PLACES)), POINTS_MAX + PLACES, [
        ir.when(ir.less(done, ir.i32(PLACES)), [
          ir.when(
            isOnThisPiece,
            [
              ir.let_(piece, ir.shl(ir.sub(goal, behind), PARTS_BITS)),
              ir.set(part, ir.clamp(ir.binary("i32.div_s", piece, ir.max(ahead, ir.i32(1))), 0, 2 ** PARTS_BITS)),
              ...[seen(x0, dx, left, right), seen(y0, dy, low, high)].map((value, axis) =>
                ir.store(
                  places,
                  ir.add(ir.mul(ir.clamp(done, 0, PLACES - 1), ir.i32(2)), ir.i32(axis)),
                  ir.clamp(value, -127, 127),
                ),
              ),
              ir.set(done, ir.add(done, ir.i32(1))),
              ir.set(goal, ir.add(goal, total)),
            ],
            [ir.set(behind, ir.add(behind, ahead)), ir.set(at, ir.add(at, ir.i32(1))), ...toNext],
          ),
        ]),
      ]),
    ],
  }
}
