import { everyOperation, hostileProgram, memoryFor, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import fc from "fast-check"
import { test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { BUILDS, missingCompiler } from "./c99.ts"
import { expectJudged, expectJudgedOutputs } from "./testing/judged.ts"
import { productsProgram } from "./testing/products.ts"

const missing = missingCompiler()
vi.setConfig({ testTimeout: 120_000 })

const [random] = fc.sample(hostileProgram(40), { numRuns: 1, seed: SEED })
for (const [name, build] of Object.entries(BUILDS)) {
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
