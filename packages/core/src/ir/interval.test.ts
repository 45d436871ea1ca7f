import fc from "fast-check"
import { expect, test } from "vitest"
import { binary, buffer, i32, let_, load, local, select, store } from "./build.ts"
import { interpret, memoryOf } from "./interpret.ts"
import { type Interval, intervalOf } from "./interval.ts"
import { BINARY, type Binary, type Expression } from "./program.ts"
import { SEED } from "./testing/hostile.ts"

const OPS = (Object.keys(BINARY) as Binary[]).filter((op) => op.startsWith("i32."))
const NUMBERS = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 5, 31, 32, 33, 127, -128, 255, 2 ** 16, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer({ min: -40, max: 40 }),
  fc.integer(),
)
/** A local whose bounds are known, with a value between them. */
const LOCAL = fc.tuple(NUMBERS, NUMBERS, fc.nat()).map(([a, b, n]): { interval: Interval; value: number } => {
  const [low, high] = [Math.min(a, b), Math.max(a, b)]
  return { interval: [low, high], value: low + (n % (high - low + 1)) }
})

test(`the value of an expression lies within its bounds, whatever the locals in it (SEED=${SEED})`, () => {
  const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "medium" },
      fc.constantFrom("a", "b", "c").map((name) => local(name)),
      NUMBERS.map(i32),
      fc.tuple(fc.constantFrom(...OPS), tie("tree"), tie("tree")).map(([op, l, r]) => binary(op, l, r)),
      fc.tuple(tie("tree"), tie("tree"), tie("tree")).map(([c, yes, no]) => select(c, yes, no)),
    ),
  }))
  const out = buffer("output", "i32", "out", 1)
  fc.assert(
    fc.property(tree, fc.record({ a: LOCAL, b: LOCAL, c: LOCAL }), (e, locals) => {
      const bounds = new Map(Object.entries(locals).map(([name, { interval }]) => [name, interval]))
      const lets = Object.entries(locals).map(([name, { value }]) => let_(name, i32(value)))
      const program = { name: "one", buffers: [out], body: [...lets, store(out, i32(0), e)] }
      const memory = memoryOf(program)
      interpret(program, memory)
      const [low, high] = intervalOf(e, (name) => bounds.get(name)!)
      expect(memory["out"]![0]).toBeGreaterThanOrEqual(low)
      expect(memory["out"]![0]).toBeLessThanOrEqual(high)
    }),
    { seed: SEED, numRuns: 5000 },
  )
})

test("the usual ways to bring an index into range are understood", () => {
  const any = load(buffer("input", "i32", "x", 1), i32(0))
  const bounds = (op: Binary, right: number): Interval => intervalOf(binary(op, any, i32(right)), () => [0, 0])
  expect(bounds("i32.and", 15)).toEqual([0, 15])
  expect(bounds("i32.rem_u", 10)).toEqual([0, 9])
  expect(bounds("i32.shr_u", 24)).toEqual([0, 255])
  expect(bounds("i32.lt_s", 0)).toEqual([0, 1])
  const clamped = binary("i32.min", binary("i32.max", any, i32(0)), i32(9))
  expect(intervalOf(binary("i32.add", binary("i32.mul", clamped, i32(10)), clamped), () => [0, 0])).toEqual([0, 99])
})
