import fc from "fast-check"
import { expect, test } from "vitest"
import { add, buffer, clamp, i32, let_, load, local, loop, set, store, table, when } from "./build.ts"
import { interpreter, memoryOf } from "./interpret.ts"
import { ANY } from "./interval.ts"
import type { Program } from "./program.ts"
import { rangesOf } from "./ranges.ts"
import { hostileProgram, memoryFor, RUNS, SEED } from "./testing/hostile.ts"
import { withoutFloats } from "./testing/integer.ts"

const [x, s, y] = [buffer("input", "u8", "x", 4), buffer("scratch", "i32", "s", 4), buffer("output", "i32", "y", 4)]
const few = table("i32", "few", [-3, 5, 200])
const [i, a, b] = [local("i"), local("a"), local("b")]
const program: Program = {
  name: "p",
  buffers: [x, s, few, y],
  body: [
    let_(a, load(few, clamp(load(x, i32(0)), 0, 2))),
    store(s, i32(0), add(load(x, i32(1)), i32(10))),
    let_(b, load(s, i32(2))),
    when(load(x, i32(0)), [set(b, i32(-7))]),
    loop(i, 4, [store(y, i, add(a, b))]),
  ],
}

test("constants lie between their own numbers, scratch between what is stored there, and a local that is set in the union", () => {
  const ranges = rangesOf(program)
  expect([ranges.ofLocal("a"), ranges.ofLocal("b"), ranges.ofLocal("i")]).toEqual([
    [-3, 200],
    [-7, 265],
    [0, 3],
  ])
  expect(ranges.stored.get("s")).toEqual([0, 265])
  expect(ranges.of(load(y, i32(0)))).toEqual(ANY)
})
test("of what does not fit where it is stored the low bits are kept, which may be anything", () => {
  const small = buffer("scratch", "u8", "small", 1)
  const cuts: Program = {
    name: "p",
    buffers: [x, small, y],
    body: [store(small, i32(0), add(load(x, i32(0)), i32(-1))), store(y, i32(0), load(small, i32(0)))],
  }
  expect(rangesOf(cuts).stored.get("y")).toEqual([0, 255])
})
test("what somebody has proved of a local is taken for proved", () => {
  expect(rangesOf(program, new Map([["a", [0, 1]]])).stored.get("y")).toEqual([-7, 266])
})
test(`what lies in memory after a run lies in what was said of it (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(
      hostileProgram(4)
        .map(withoutFloats)
        .chain((each) => fc.tuple(fc.constant(each), memoryFor(each, "input"))),
      ([each, inputs]) => {
        const { stored } = rangesOf(each)
        const memory = memoryOf(each)
        for (const [name, data] of Object.entries(inputs)) memory[name]?.set(data)
        interpreter(each, memory)()
        for (const { name, access } of each.buffers) {
          if (access !== "scratch") continue
          const [low, high] = stored.get(name) ?? [0, 0]
          const { length } = memory[name]!.filter((v) => (v < low || v > high) && low >= 0) // what wraps may be anything
          expect([name, length]).toEqual([name, 0])
        }
      },
    ),
    { seed: SEED, numRuns: RUNS },
  )
})
