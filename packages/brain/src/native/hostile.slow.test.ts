import type { Json } from "@open-brains/core/base/json.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { parseProgram } from "@open-brains/core/ir/parse.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { TRICKS } from "@open-brains/core/ir/testing/tricks.ts"
import { expect, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "./c99.ts"
import { trialOf } from "./testing/batch.ts"
import { batchInC, batchInLibrary, ofTrial } from "./testing/batch_runs.ts"
import { judge, judgeBatch } from "./testing/hostile.ts"
import { differing, runsOn, SANITIZERS } from "./testing/runs.ts"

vi.setConfig({ testTimeout: 300_000 })
const missing = missingCompiler()

test(`generated and mutated programs agree on every engine, or are refused (SEED=${SEED})`, async (context) => {
  requireOrSkip(context, missing)
  const verdict = await judge({ programs: 150, mutants: 100, seed: SEED })
  expect(verdict.faults).toEqual([])
  expect([verdict.refused + verdict.long + verdict.ran, verdict.ran > 150, verdict.refused > 20]).toEqual([
    250,
    true,
    true,
  ])
})

test("a batch that does not end is ended, and is a fault", async () => {
  const { faults } = await judgeBatch({ seed: SEED, programs: 1e9, mutants: 0, sanitizers: "both" }, 2000)
  expect(faults.join()).toMatch(/^batch .* ended with SIGKILL/)
})

/** What the judge once found: the seed, and what was wrong then. */
const FOUND: readonly (readonly [seed: number, what: string])[] = [
  [20395, "gcc without traps took an f32 to i32 and back by trunc: -0.5 became -0"],
  [
    5558,
    "gcc folded the conversion of a constant that is too large for an i32 to the nearest one, where the processor has INT_MIN",
  ],
  [9488, "the same, in another expression"],
  [13079, "the same, of an intermediate value"],
]
test("what was found once agrees now", async (context) => {
  requireOrSkip(context, missing)
  for (const [seed] of FOUND)
    expect((await judgeBatch({ seed, programs: 1, mutants: 1, sanitizers: "both" })).faults).toEqual([])
})

test("tricks that are allowed do no harm in C either, the sanitizers watching", (context) => {
  requireOrSkip(context, missing)
  const allowed = Object.entries(TRICKS).filter(([, { code }]) => !code)
  const trials = allowed.map(([title, { buffers, body }], n) =>
    trialOf(title, parseProgram(JSON.parse(JSON.stringify({ name: "evil", buffers, body })) as Json), n),
  )
  const expected = trials.map((trial) => runsOn(interpreterEngine, trial))
  const native = batchInLibrary(trials)
  expect(native.stray).toBe(-1)
  const inC = batchInC(trials, { width: undefined, flags: SANITIZERS.both })
  const faults = [native.after, inC].flatMap((after) =>
    trials.flatMap((trial, n) => {
      const actual = after.map((each) => ofTrial(trial, n, each))
      return differing(trial, "C", expected[n]!, actual)
    }),
  )
  expect(faults).toEqual([])
})
