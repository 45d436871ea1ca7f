import fc from "fast-check"
import { expect, test } from "vitest"
import { lanesOf } from "./emit/lanes.ts"
import { emitWasm } from "./emit/wasm/emit.ts"
import { SIMD128 } from "./emit/wasm/lanes.ts"
import { interpreterEngine } from "./engine/interpreter.ts"
import { wasmEngine } from "./engine/wasm.ts"
import { add, binary, buffer, i32, let_, load, local, loop, mul, parallel, set, store, table } from "./ir/build.ts"
import type { Memory } from "./ir/interpret.ts"
import { type Program, statementsOf } from "./ir/program.ts"
import { difference } from "./ir/testing/difference.ts"
import { everyOperation, hostileProgram, memoryFor, RUNS, SEED } from "./ir/testing/hostile.ts"
import { validate } from "./ir/validate.ts"

/** Runs the records one after another on the judge and on WebAssembly: state and outputs stay from one to the next. */
function compare(program: Program, state: Memory, records: readonly Memory[]): void {
  const [judge, wasm] = [interpreterEngine.instantiate(program), wasmEngine.instantiate(program)]
  for (const { memory } of [judge, wasm]) fill(memory, state)
  for (const record of records) {
    for (const { memory } of [judge, wasm]) fill(memory, record)
    judge.run()
    wasm.run()
    expect(difference(judge.memory, wasm.memory)).toBeUndefined()
  }
}
const fill = (memory: Memory, values: Memory): void => {
  for (const [name, array] of Object.entries(values)) memory[name]!.set(array)
}

test(`every operation in WebAssembly equals the interpreter, as plain code and as lanes (SEED=${SEED})`, () => {
  const { program, memory } = everyOperation()
  expect(validate(program)).toEqual([])
  compare(program, {}, [memory])
})

test(
  `random programs in WebAssembly equal the interpreter (SEED=${SEED})`,
  () => {
    const runs = hostileProgram().chain((program) =>
      fc.tuple(
        fc.constant(program),
        memoryFor(program, "state", "output", "scratch"),
        fc.array(memoryFor(program, "input"), { minLength: 2, maxLength: 2 }),
      ),
    )
    let [lanes, loops] = [0, 0]
    fc.assert(
      fc.property(runs, ([program, state, records]) => {
        expect(validate(program)).toEqual([])
        for (const s of statementsOf(program.body)) {
          if (s.kind !== "loop" || !s.parallel) continue
          loops++
          if (lanesOf(s, SIMD128)) lanes++
        }
        compare(program, state, records)
      }),
      { seed: SEED, numRuns: RUNS, interruptAfterTimeLimit: 100 * RUNS }, // so that shrinking ends too
    )
    expect(lanes / loops).toBeGreaterThan(0.3) // or the test would say nothing about lanes
  },
  60_000 + 200 * RUNS,
)

test("views are the engine's own memory: outputs and state stay from run to run, constants are there from the start", () => {
  const [state, step] = [buffer("state", "i32", "state", 1), table("i32", "step", [5])]
  const body = [store(state, i32(0), add(load(state, i32(0)), load(step, i32(0))))]
  for (const engine of [interpreterEngine, wasmEngine]) {
    const { memory, run } = engine.instantiate({ name: "count", buffers: [state, step], body })
    memory["state"]![0] = 100
    run()
    run()
    expect([engine.name, [...memory["state"]!]]).toEqual([engine.name, [110]])
  }
})

test("entries work on the same buffers as the body, each by its own name", () => {
  const [state, i] = [buffer("state", "i32", "state", 1), i32(0)]
  const plus = (amount: number) => [store(state, i, add(load(state, i), i32(amount)))]
  for (const engine of [interpreterEngine, wasmEngine]) {
    const program = { name: "entries", buffers: [state], body: plus(1), entries: { ten: plus(10), reset: plus(100) } }
    expect(validate(program)).toEqual([])
    const { memory, run, entries } = engine.instantiate(program)
    const seen = [run, entries["ten"]!, entries["reset"]!, run].map((call) => {
      call()
      return memory["state"]![0]
    })
    expect([engine.name, Object.keys(entries), seen]).toEqual([engine.name, ["ten", "reset"], [1, 11, 111, 112]])
  }
})

const hasSimd = (program: Program): boolean =>
  program.body.some((s) => s.kind === "loop" && lanesOf(s, SIMD128) !== undefined)
const [x, w, y] = [buffer("input", "f32", "x", 40), buffer("input", "f32", "w", 3), buffer("output", "f32", "y", 40)]

test("an index that two statements share is computed by each, since its locals may change between them", () => {
  const [i, from, z] = [local("i"), local("from"), buffer("output", "f32", "z", 32)]
  const index = add(i, from)
  const body = [
    ...[let_("from", i32(0)), store(y, i, load(x, index))],
    ...[set("from", i32(8)), store(z, i, load(x, index))],
  ]
  const program = { name: "anew", buffers: [x, y, z], body: [parallel("i", 32, body)] }
  expect(hasSimd(program)).toBe(true)
  compare(program, {}, fc.sample(memoryFor(program, "input"), { numRuns: 5, seed: SEED }))
})

test("a value shared by all lanes serves addresses and arithmetic at once", () => {
  const [shared, k, sum] = [local("shared"), local("k"), local("sum", "f32")]
  const inner = [
    let_("shared", mul(k, i32(10))),
    let_("weight", load(w, k)),
    set("sum", add(sum, mul(load(x, add(shared, local("i"))), local("weight", "f32")))),
    set("sum", add(sum, { kind: "unary", op: "f32.from_i32", value: shared })),
  ]
  const body = [parallel("i", 10, [let_("sum", load(x, local("i"))), loop("k", 3, inner), store(y, local("i"), sum)])]
  const program = { name: "shared", buffers: [x, w, y], body }
  expect(hasSimd(program)).toBe(true)
  const state = fc.sample(memoryFor(program, "input"), { numRuns: 20, seed: SEED })
  compare(program, {}, state)
})

test("a shared value that is set again is new in every lane", () => {
  const [shared, k] = [local("shared", "f32"), local("k")]
  const inner = [set("shared", load(w, k)), set("sum", add(local("sum", "f32"), mul(load(x, local("i")), shared)))]
  const first = [let_("shared", load(w, i32(0))), let_("sum", load(x, local("i")))]
  const body = [parallel("i", 40, [...first, loop("k", 3, inner), store(y, local("i"), local("sum", "f32"))])]
  const program = { name: "again", buffers: [x, w, y], body }
  expect(hasSimd(program)).toBe(true)
  compare(program, {}, fc.sample(memoryFor(program, "input"), { numRuns: 5, seed: SEED }))
})

test("a value that comes to vary late in a loop varies at its beginning too", () => {
  const [before, late] = [local("before", "f32"), local("late", "f32")]
  const inner = [set("before", late), set("late", load(x, local("i")))]
  const first = [let_("before", load(w, i32(0))), let_("late", load(w, i32(1)))]
  const body = [parallel("i", 40, [...first, loop("k", 2, inner), store(y, local("i"), before)])]
  const program = { name: "late", buffers: [x, w, y], body }
  expect(hasSimd(program)).toBe(true)
  compare(program, {}, fc.sample(memoryFor(program, "input"), { numRuns: 5, seed: SEED }))
})

test("every second element is not what neighbouring lanes can read", () => {
  const i = local("i")
  const program = { name: "strided", buffers: [x, y], body: [parallel("i", 20, [store(y, i, load(x, add(i, i)))])] }
  expect(hasSimd(program)).toBe(false)
  compare(program, {}, fc.sample(memoryFor(program, "input"), { numRuns: 5, seed: SEED }))
})

test("a loop that carries a value from round to round stays a plain loop, whatever it promises", () => {
  const sum = local("sum", "f32")
  const carry = parallel("i", 40, [set("sum", add(sum, load(x, local("i")))), store(y, local("i"), sum)])
  const program = { name: "carry", buffers: [x, y], body: [let_("sum", load(x, i32(0))), carry] }
  expect(lanesOf(carry as Extract<typeof carry, { kind: "loop" }>, SIMD128)).toBeUndefined()
  compare(program, {}, fc.sample(memoryFor(program, "input"), { numRuns: 5, seed: SEED }))
})

test("lanes of bytes stay inside the memory, even at its very end", () => {
  const [bytes, out] = [buffer("input", "u8", "bytes", 65536 - 16), buffer("output", "i8", "out", 16)]
  const at = add(i32(65536 - 32), local("i"))
  const value = binary("i32.mul", load(bytes, at), i32(3))
  const program = { name: "end", buffers: [bytes, out], body: [parallel("i", 16, [store(out, local("i"), value)])] }
  expect(hasSimd(program)).toBe(true)
  compare(program, {}, fc.sample(memoryFor(program, "input"), { numRuns: 3, seed: SEED }))
})

test("the module of a small program, byte for byte", () => {
  const out = buffer("output", "i32", "out", 1)
  const { bytes } = emitWasm({ name: "one", buffers: [out], body: [store(out, i32(0), i32(-7))] })
  expect(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")).toMatchInlineSnapshot(
    `"00 61 73 6d 01 00 00 00 01 04 01 60 00 00 02 10 01 04 68 6f 73 74 06 6d 65 6d 6f 72 79 02 00 01 03 02 01 00 07 07 01 03 72 75 6e 00 00 0a 0e 01 0c 00 41 00 41 02 74 41 79 36 02 00 0b"`,
  )
})
