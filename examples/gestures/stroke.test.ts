import { stream } from "@open-brains/core/base/random.ts"
import { instantiate } from "@open-brains/core/compile.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { expect, test } from "vitest"
import { PLACES, POINTS_MAX, strokePlaces } from "./stroke.ts"
import { thinned } from "./strokes.ts"

const engines = [interpreterEngine, wasmEngine].map((engine) => instantiate(strokePlaces(), engine))
function placesOf(points: readonly (readonly [number, number])[], count = points.length): readonly number[] {
  const [judge, wasm] = engines.map(({ memory, run }) => {
    memory["points"]!.set(points.flat())
    memory["count"]!.set([count])
    run()
    return [...memory["places"]!]
  })
  expect(wasm).toEqual(judge)
  return judge!
}
const furthest = (some: readonly number[], others: readonly number[]): number =>
  Math.max(...some.map((value, i) => Math.abs(value - others[i]!)))
const SEED = 3
const random = stream(SEED, "draw")

test("places lie evenly along the way, however fast it was gone", () => {
  const even = Array.from({ length: PLACES }, (_, i) => Math.trunc((2 * i * 127) / (PLACES - 1)) - 127)
  const xs = (places: readonly number[]): readonly number[] => places.filter((_, i) => i % 2 === 0)
  const slow: [number, number][] = Array.from({ length: 100 }, (_, i) => [Math.min(i, 60) * 10, 0])
  for (const line of [
    [
      [0, 0],
      [600, 0],
    ] as [number, number][],
    slow,
  ]) {
    const places = placesOf(line)
    expect(furthest(xs(places), even)).toBeLessThan(3)
    expect(places.filter((_, i) => i % 2 === 1)).toEqual(new Array(PLACES).fill(0))
  }
})
test("where a stroke is and how large changes little, and its longer side decides", () => {
  const corner: [number, number][] = [
    [0, 0],
    [100, 0],
    [100, 50],
  ]
  const found = placesOf(corner)
  const moved = placesOf(corner.map(([x, y]) => [7 * x - 20_000, 7 * y + 9000]))
  expect(furthest(found, moved)).toBeLessThan(3)
  expect(found.slice(0, 2)).toEqual([-127, -63])
  expect(found.slice(-2)).toEqual([127, 63])
})
test("a stroke without a way is all zeros, whatever the buffer held and however many points it claims", () => {
  const zeros = new Array(2 * PLACES).fill(0)
  expect(placesOf([[5, 5]])).toEqual(zeros)
  expect(
    placesOf(
      [
        [9, -9],
        [100, 100],
      ],
      0,
    ),
  ).toEqual(zeros)
  expect(
    placesOf(
      [
        [9, -9],
        [100, 100],
      ],
      -3,
    ),
  ).toEqual(zeros)
  const whole = Array.from({ length: POINTS_MAX }, (_, i): [number, number] => [i, -i])
  expect(placesOf(whole, 2 ** 31 - 1)).toEqual(placesOf(whole))
})
/** The same in exact arithmetic, distance by distance. */
function exactly(points: readonly (readonly [number, number])[]): readonly number[] {
  const lengths = points.slice(1).map(([x, y], i) => {
    const [a, b] = [Math.abs(x - points[i]![0]), Math.abs(y - points[i]![1])]
    return Math.max(a, b) + Math.floor(Math.min(a, b) / 2)
  })
  const total = lengths.reduce((sum, each) => sum + each, 0)
  const bounds = [0, 1].map((axis) => {
    const all = points.map((point) => point[axis]!)
    return [Math.min(...all), Math.max(...all)] as const
  })
  const size = Math.max(...bounds.map(([least, most]) => most - least))
  return Array.from({ length: PLACES }, (_, k) => {
    let left = (total * k) / (PLACES - 1)
    let i = 0
    while (i < lengths.length - 1 && left > lengths[i]!) left -= lengths[i++]!
    return [0, 1].map((axis) => {
      const [from, to] = [points[i]![axis]!, points[i + 1]![axis]!]
      const place = from + ((to - from) * left) / Math.max(1, lengths[i]!)
      return ((2 * place - bounds[axis]![0] - bounds[axis]![1]) * 127) / size
    })
  }).flat()
}
test(`random strokes, up to the ends of i16, are what exact arithmetic makes of them (SEED=${SEED})`, () => {
  for (let round = 0; round < 40; round++) {
    const count = 2 + random.below(round, POINTS_MAX - 1)
    const reach = round % 2 === 0 ? 65536 : 400
    const points = Array.from({ length: count }, (_, i): [number, number] => [
      random.below(1000 * round + 2 * i, reach) - reach / 2,
      random.below(1000 * round + 2 * i + 1, reach) - reach / 2,
    ])
    expect(furthest(placesOf(points), exactly(points))).toBeLessThan(3)
  }
})
test("a board that has all points that it has place for keeps every second one", () => {
  const line = (count: number): number[] => Array.from({ length: count }, (_, i) => [i, i + 1]).flat()
  expect([...thinned(line(POINTS_MAX))]).toEqual(line(POINTS_MAX))
  const kept = thinned(line(300))
  expect(kept.length).toBeLessThanOrEqual(2 * POINTS_MAX)
  expect([...kept.filter((_, i) => i % 2 === 0)]).toEqual(Array.from({ length: 75 }, (_, i) => 4 * i))
})
