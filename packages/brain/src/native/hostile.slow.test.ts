import { spawnSync } from "node:child_process"
import { join } from "node:path"
import type { Json } from "@open-brains/core/base/json.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import * as ir from "@open-brains/core/ir/build.ts"
import { parseProgram } from "@open-brains/core/ir/parse.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { TRICKS } from "@open-brains/core/ir/testing/tricks.ts"
import { expect, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { WIDE_FLAGS, widenVectors } from "../wide.ts"
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

test(`programs and graphs agree where V8 joins vectors, and it does join some (SEED=${SEED})`, async (context) => {
  const reason = widenVectors()
  if (reason !== undefined) return context.skip(reason) // a matter of the processor, which nobody can install
  const batch = { seed: SEED, programs: 300, mutants: 100, sanitizers: "both", isWide: true } as const
  const { ran, faults } = await judgeBatch(batch)
  expect([faults, ran >= 300]).toEqual([[], true])
  const words = [...WIDE_FLAGS, "--trace-wasm-revectorize", "--disable-warning=ExperimentalWarning"]
  const graphs = [join(import.meta.dirname, "testing/wide_graphs.ts"), `${SEED}`, "40"]
  const { stdout } = spawnSync(process.execPath, [...words, ...graphs], { encoding: "utf8", maxBuffer: 2 ** 30 })
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("[]")
  expect(stdout.match(/Decided to vectorize/g)?.length).toBeGreaterThan(50)
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

/** gcc 12 alone took bytes of the stack for the lanes of a mask, where a comparison in a loop is an index (AVX-512). */
test("a comparison is a number, also where gcc would make vectors of its own", (context) => {
  requireOrSkip(context, missing)
  const [floats, bytes, out] = [
    ir.buffer("input", "f32", "floats", 32),
    ir.buffer("input", "u8", "bytes", 32),
    ir.buffer("output", "i32", "out", 16),
  ]
  const i = ir.local("i")
  const less = ir.binary("f32.lt", ir.load(floats, i), ir.load(floats, ir.add(i, ir.i32(16))))
  const word = ir.loadPacked(4, bytes, ir.clamp(less, 0, 16))
  for (const rounds of [4, 8, 16]) {
    const body = [ir.loop("i", rounds, [ir.store(out, i, word)])]
    const trial = trialOf("a comparison as an index", { name: "masks", buffers: [floats, bytes, out], body }, rounds)
    const actual = batchInLibrary([trial]).after.map((each) => ofTrial(trial, 0, each))
    expect(differing(trial, "native", runsOn(interpreterEngine, trial), actual)).toEqual([])
  }
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
