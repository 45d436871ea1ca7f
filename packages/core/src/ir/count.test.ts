import { expect, test } from "vitest"
import * as ir from "./build.ts"
import { type Between, countOf } from "./count.ts"
import { type Memory, memoryOf } from "./interpret.ts"
import { ANY, boundsOf } from "./interval.ts"
import { LIMITS } from "./limits.ts"
import type { Program } from "./program.ts"
import { type Observed, observe } from "./testing/counting.ts"
import { memoryFrom, programFrom, SEED } from "./testing/hostile.ts"
import { validate } from "./validate.ts"

const filled = (program: Program, values: Memory): Memory => {
  const memory = memoryOf(program)
  for (const [name, numbers] of Object.entries(values)) memory[name]!.set(numbers)
  return memory
}
const SEEDS = Array.from({ length: 150 }, (_, n) => SEED + n)
const observed = (program: Program, seed: number): Observed =>
  observe(program, filled(program, memoryFrom(seed, program, "input", "state")))

test(`every value of a local lies within its bounds, whatever the bytes in memory (SEED=${SEED})`, () => {
  let bounded = 0
  for (const seed of SEEDS) {
    const program = programFrom(seed, 2)
    const bounds = boundsOf(program)
    for (const [name, [least, most]] of observed(program, seed).locals) {
      const known = bounds.get(name)
      if (!known || known === ANY) continue // ANY says nothing, and a float has no bounds
      bounded++
      expect([seed, name, least >= known[0], most <= known[1]]).toEqual([seed, name, true, true])
    }
  }
  expect(bounded).toBeGreaterThan(100)
})

test(`what happens lies between the counts (SEED=${SEED})`, () => {
  const within = (seen: number, { least, most }: Between): boolean => least <= seen && seen <= most
  let exact = 0
  for (const seed of SEEDS) {
    const program = programFrom(seed, 2)
    expect([seed, validate(program)]).toEqual([seed, []])
    const [seen, counts] = [observed(program, seed), countOf(program)]
    for (const [what, times] of seen.operations) {
      const between = counts.operations.get(what) ?? { least: 0, most: 0 }
      expect([seed, what, times, between, within(times, between)]).toEqual([seed, what, times, between, true])
    }
    for (const [what, { least }] of counts.operations)
      if (least > 0) expect([seed, what, seen.operations.has(what)]).toEqual([seed, what, true])
    for (const sum of ["total", "bytesLoaded", "bytesStored"] as const)
      expect([seed, sum, within(seen[sum], counts[sum])]).toEqual([seed, sum, true])
    if (counts.total.least === counts.total.most) exact++
  }
  expect(exact).toBeGreaterThan(10)
})

test(`what is held against the limit is the count of the longest entry (SEED=${SEED})`, () => {
  for (const seed of SEEDS) {
    const program = programFrom(seed, 2)
    const entries = [undefined, ...Object.keys(program.entries ?? {})]
    const work = Math.max(...entries.map((entry) => countOf(program, entry).total.most))
    expect([seed, validate(program, { ...LIMITS, work })]).toEqual([seed, []])
    if (work > 0) expect(validate(program, { ...LIMITS, work: work - 1 })[0]?.code).toBe("OB212")
  }
})

const [x, y, w, z] = [
  ir.buffer("input", "i8", "x", 3),
  ir.buffer("output", "i32", "y", 2),
  ir.table("i16", "w", [1, 2, 3, 4]),
  ir.buffer("scratch", "f32", "z", 5),
]
const program = (body: Program["body"], entries: Program["entries"] = {}): Program => ({
  ...{ name: "p", buffers: [x, y, w, z], body, entries },
})
const between = (least: number, most: number): Between => ({ least, most })

test("a program without choices is counted exactly, with its bytes", () => {
  const product = ir.mul(ir.load(x, ir.local("k")), ir.load(w, ir.local("k")))
  const inner = ir.loop("k", 3, [ir.set("sum", ir.add(ir.local("sum"), product))])
  const body = [ir.loop("n", 2, [ir.let_("sum", ir.i32(0)), inner, ir.store(y, ir.local("n"), ir.local("sum"))])]
  const counts = countOf(program(body))
  expect(Object.fromEntries(counts.operations)).toEqual({
    "i32.mul": between(6, 6),
    "i32.add": between(6, 6),
    load: between(12, 12),
    store: between(2, 2),
    round: between(8, 8),
  })
  expect([counts.total, counts.bytesLoaded, counts.bytesStored]).toEqual([
    between(34, 34),
    between(6 * (1 + 2), 6 * (1 + 2)),
    between(8, 8),
  ])
  expect(counts.bytes).toEqual({ input: 3, output: 8, state: 0, scratch: 20, constant: 8 })
})
test("a count and a condition out of memory give bounds, and those that are known late but narrow give narrow ones", () => {
  const byte = ir.load(x, ir.i32(0))
  const put = ir.store(y, ir.i32(0), ir.i32(1))
  const stores = (body: Program["body"]): Between | undefined => countOf(program(body)).operations.get("store")
  expect(stores([ir.loopUpTo("i", byte, 5, [put])])).toEqual(between(0, 5))
  expect(stores([ir.loopUpTo("i", ir.clamp(byte, 2, 4), 5, [put])])).toEqual(between(2, 4))
  expect(stores([ir.when(byte, [put, put], [put])])).toEqual(between(1, 2))
  expect(stores([ir.when(ir.i32(7), [put, put], [put])])).toEqual(between(2, 2))
  expect(stores([ir.when(ir.less(ir.and(byte, 7), 8), [], [put])])).toEqual(between(0, 0))
  expect(countOf(program([put], { reset: [put, put] }), "reset").operations.get("store")).toEqual(between(2, 2))
})
