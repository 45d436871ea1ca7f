import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { add, buffer, i32, let_, load, local, loop, mul, store } from "@open-brains/core/ir/build.ts"
import type { Expression, Program } from "@open-brains/core/ir/program.ts"
import { everyOperation, hostileProgram, memoryFor, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import fc from "fast-check"
import { expect, onTestFinished, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler, nativeProgram, USUAL_BUILDS, VARIANTS } from "./c99.ts"
import { expectJudged, expectJudgedOutputs } from "./testing/judged.ts"
import { productsProgram } from "./testing/products.ts"

const missing = missingCompiler()
vi.setConfig({ testTimeout: 60_000 })

// The other builds, and many more random parts of one executable, are for c99.slow.test.ts.
const [random] = fc.sample(hostileProgram(8), { numRuns: 1, seed: SEED })
for (const [name, build] of Object.entries(USUAL_BUILDS)) {
  test(`every operation in C (${name}) equals the interpreter (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missing)
    const { program, memory } = everyOperation()
    expectJudged(program, build, [memory], {})
  })
  test(`sums of products in C (${name}) equal the interpreter's (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missing)
    expectJudgedOutputs(productsProgram(), build, 20)
  })
  test(`random programs in C (${name}) equal the interpreter (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missing)
    const [state] = fc.sample(memoryFor(random!, "state"), { numRuns: 1, seed: SEED })
    expectJudged(random!, build, fc.sample(memoryFor(random!, "input"), { numRuns: 8, seed: SEED }), state!)
  })
}

const [step, seen, sum] = [
  buffer("input", "i32", "int", 1),
  buffer("state", "i32", "y0", 1),
  buffer("output", "i32", "main", 1),
]
const counter: Program = {
  name: "printf",
  buffers: [step, seen, sum],
  body: [
    loop("index", 1, [let_("INT32_MAX", add(load(seen, local("index")), load(step, i32(0))))]),
    store(seen, i32(0), add(load(seen, i32(0)), load(step, i32(0)))),
    store(sum, i32(0), load(seen, i32(0))),
  ],
}
test("a product is rounded before it is added, in every variant", (context) => {
  requireOrSkip(context, missing)
  const [x, y] = [buffer("input", "f32", "x", 3), buffer("output", "f32", "y", 1)]
  const [a, b, c] = [0, 1, 2].map((i) => load(x, i32(i))) as [Expression, Expression, Expression]
  const program: Program = { name: "fused", buffers: [x, y], body: [store(y, i32(0), add(mul(a, b), c))] }
  const records = [{ x: Float32Array.of(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) }] // 0; fused it would be 2⁻²⁴
  for (const build of Object.values(USUAL_BUILDS)) expectJudged(program, build, records, {})
})
test("10,000 records run in one process, and state passes from one to the next", (context) => {
  requireOrSkip(context, missing)
  using native = nativeProgram(counter, { flags: VARIANTS.plain })
  const records = Array.from({ length: 10_000 }, (_, n) => ({ int: Int32Array.of(n) }))
  const { outputs, state } = native.runAll(records, { y0: Int32Array.of(5) })
  expect([outputs.length, outputs[2]!["main"]![0], outputs[9999]!["main"]![0]]).toEqual([10_000, 5 + 3, 5 + 49_995_000])
  expect([...state["y0"]!]).toEqual([5 + 49_995_000])
})
test("names that C has taken are no trouble, and the folder goes when the program does", (context) => {
  requireOrSkip(context, missing)
  const folder = mkdtempSync(join(tmpdir(), "native-"))
  vi.stubEnv("TMPDIR", folder)
  onTestFinished(() => void vi.unstubAllEnvs())
  onTestFinished(() => rmSync(folder, { recursive: true }))
  expectJudged(counter, { flags: VARIANTS.checked }, [{ int: Int32Array.of(3) }], {})
  expect(() => nativeProgram(counter, { flags: ["-no-such-flag"] })).toThrow("no-such-flag")
  expect(readdirSync(folder)).toEqual([])
})
