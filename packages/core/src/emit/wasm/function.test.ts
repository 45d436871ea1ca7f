import { expect, test } from "vitest"
import { viewsOf } from "../../engine/engine.ts"
import { interpreterEngine } from "../../engine/interpreter.ts"
import { add, buffer, i32, let_, load, local, loop, mul, set, store } from "../../ir/build.ts"
import type { Program } from "../../ir/program.ts"
import { difference } from "../../ir/testing/difference.ts"
import { memoryFrom, programFrom, RUNS, SEED } from "../../ir/testing/hostile.ts"
import { emitWasm } from "./emit.ts"

/** Compares with the judge when every loop is a function of its own. */
function compare(program: Program, seed: number): void {
  const { bytes, starts, pages } = emitWasm(program, { apart: 0 })
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } })
  const own = { memory: viewsOf(program, memory.buffer, starts), run: exports["run"] as () => void }
  const judge = interpreterEngine.instantiate(program)
  for (const { memory, run } of [judge, own]) {
    for (const [name, array] of Object.entries(memoryFrom(seed, program, "input", "state"))) memory[name]!.set(array)
    run()
  }
  expect(difference(judge.memory, own.memory)).toBeUndefined()
}

test(`loops are functions that take locals and give them back (SEED=${SEED})`, () => {
  for (let n = 0; n < 2 * RUNS; n++) compare(programFrom(SEED + n, 3), SEED + n)
})

test("a loop that sets many locals of its surroundings gives each its own", () => {
  const [x, y] = [buffer("input", "f32", "x", 8), buffer("output", "f32", "y", 3)]
  const [a, b, n, i] = [local("a", "f32"), local("b", "f32"), local("n"), local("i")]
  const sums = [set(a, add(a, load(x, i))), set(b, add(b, mul(a, load(x, i)))), set(n, add(n, i))]
  const body = [
    ...[let_(a, load(x, i32(7))), let_(b, load(x, i32(6))), let_(n, i32(5)), loop("again", 2, [loop(i, 8, sums)])],
    ...[store(y, i32(0), a), store(y, i32(1), b), store(y, i32(2), { kind: "unary", op: "f32.from_i32", value: n })],
  ] as const
  compare({ name: "sums", buffers: [x, y], body }, SEED)
})

test("a loop at the top is a function, and so is one inside it that has much to do", () => {
  const y = buffer("output", "i32", "y", 8)
  const nest = (rounds: number): Program => {
    const body = [store(y, i32(0), add(load(y, i32(0)), local("a")))]
    return { name: "nest", buffers: [y], body: [loop("a", 4, [loop("b", rounds, body)])] }
  }
  const functions = (program: Program): number => {
    const { bytes } = emitWasm(program)
    let at = 8 // behind the header: sections, each with its number, its size and how many it holds, all below 128 here
    while (bytes[at] !== 3) at += 2 + bytes[at + 1]!
    return bytes[at + 2]!
  }
  expect([functions(nest(10)), functions(nest(100_000))]).toEqual([2, 3])
  const many = (count: number, rounds: number): Program => {
    const one = (n: number) => loop(`i_${n}`, rounds, [store(y, i32(n), local(`i_${n}`))])
    return { name: "many", buffers: [y], body: Array.from({ length: count }, (_, n) => one(n)) }
  }
  expect([functions(many(8, 10)), functions(many(8, 10_000))]).toEqual([3, 9]) // small neighbours are four a function
})
