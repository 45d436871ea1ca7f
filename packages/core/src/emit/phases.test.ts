import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { add, buffer, i32, let_, load, local, loop, loopUpTo, mul, parallel, set, store, when } from "../ir/build.ts"
import type { Expression, Program, Statement } from "../ir/program.ts"
import { difference } from "../ir/testing/difference.ts"
import { memoryFrom, programFrom, RUNS, SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { GRAIN, MAILBOX_LOCALS, phasesOf } from "./phases.ts"

/** So fine that every parallel loop of two rounds is a phase. */
const DUST = { phase: 0, share: 1, vector: 1 }
const [x, y] = [buffer("input", "i32", "x", 120_000), buffer("output", "i32", "y", 120_000)]
const doubled = (index: Expression): Statement => store(y, index, add(load(x, index), load(x, index)))
const program = (...body: readonly Statement[]): Program => ({ name: "phased", buffers: [x, y], body })
const at = (...names: readonly string[]): Expression =>
  names.map((name): Expression => local(name)).reduce((sum, next) => add(mul(sum, i32(10)), next))

/** The rounds of each phase and of the loops that it holds, outermost first. */
function roundsIn(of: Program, grain = GRAIN): readonly string[] {
  const nest = (s: Statement): string =>
    s.kind === "loop" ? [`${s.maximum}`, ...s.body.map(nest).filter((text) => text !== "")].join(">") : ""
  return [...phasesOf(of, grain).phases.keys()].map(nest)
}
function expectSame(of: Program, grain = GRAIN): void {
  const cut = phasesOf(of, grain).program
  expect(validate(cut)).toEqual([])
  const memories = [of, cut].map((each) => {
    const { memory, run } = interpreterEngine.instantiate(each)
    for (const [name, array] of Object.entries(memoryFrom(SEED, of, "input", "state"))) memory[name]!.set(array)
    run()
    return memory
  })
  expect(difference(memories[0]!, memories[1]!)).toBeUndefined()
}

test(`a program cut into phases is a sound program that does the same (SEED=${SEED})`, () => {
  let phases = 0
  for (let run = 0; run < RUNS; run++) {
    const drawn = programFrom(SEED + run, 2)
    phases += phasesOf(drawn, DUST).phases.size
    expectSame(drawn, DUST)
  }
  expect(phases).toBeGreaterThan(RUNS / 4) // or the test would say nothing
})

test("a loop over elements becomes one over strips, and those that fill none are left to one thread", () => {
  const many = program(parallel("i", 100_001, [doubled(local("i"))]))
  expect(roundsIn(many)).toEqual(["10>9376"])
  expectSame(many)
})

test("rows are dealt out as they are, however deep in a row the lanes are", () => {
  const rows = parallel("a", 1000, [loop("b", 10, [parallel("c", 10, [doubled(at("a", "b", "c"))])])])
  expect(roundsIn(program(rows))).toEqual(["1000>10>10"])
})

test("few rounds become more by those of the loop inside, unless it is the one that runs as lanes", () => {
  const nest = (outer: number, inner: number): Program =>
    program(parallel("a", outer, [parallel("b", inner, [parallel("c", 10, [doubled(at("a", "b", "c"))])])]))
  expect(roundsIn(nest(4, 10), DUST)).toEqual(["40>10"])
  expectSame(nest(4, 10), DUST)
  const flat = program(parallel("a", 4, [parallel("b", 10, [doubled(at("a", "b"))])]))
  expect(roundsIn(flat, DUST)).toEqual(["4>10"])
})

test("phases are found in plain loops and branches, and in a loop of one round", () => {
  const wide = (name: string): Statement =>
    parallel(name, 20, [parallel(`${name}_lane`, 10, [doubled(at(name, `${name}_lane`))])])
  const all = program(
    loop("time", 5, [wide("a")]),
    when(load(x, i32(0)), [wide("b")], [wide("c")]),
    parallel("one", 1, [wide("d")]),
  )
  expect(roundsIn(all, DUST)).toEqual(["20>10", "20>10", "20>10", "20>10"])
  expectSame(all, DUST)
})

test("no phase: little work, rounds that carry a value on, or too many locals to hand over", () => {
  expect(roundsIn(program(parallel("i", 1000, [doubled(local("i"))])))).toEqual([])
  const carry = parallel("i", 100_000, [set("sum", add(local("sum"), load(x, local("i")))), doubled(local("i"))])
  expect(roundsIn(program(let_("sum", i32(0)), carry))).toEqual([])
  const outside = Array.from({ length: MAILBOX_LOCALS }, (_, n) => let_(`n${n}`, load(x, i32(n))))
  const sum = outside.map((_, n): Expression => local(`n${n}`)).reduce(add)
  const crowded = parallel("i", 100_000, [store(y, local("i"), add(sum, load(x, local("i"))))])
  expect(roundsIn(program(...outside, crowded))).toEqual([])
  expect(roundsIn(program(...outside.slice(1), let_("n0", i32(1)), crowded))).toEqual([])
})

test("a count that is read decides at run time how much there is to share", () => {
  const counted = { ...loopUpTo("i", load(x, i32(0)), 50_000, [doubled(local("i"))]), parallel: true } as Statement
  expect(roundsIn(program(counted))).toEqual(["50000"])
})
