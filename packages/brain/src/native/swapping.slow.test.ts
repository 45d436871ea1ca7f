import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { expect, test, vi } from "vitest"
import { findProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { startBuild } from "./background.ts"
import { missingCompiler } from "./c99.ts"
import { findCompiler } from "./compiler.ts"
import { nativeEngine, sourceOf } from "./engine.ts"
import { libraryOf } from "./library.ts"
import { swappingEngine } from "./swapping.ts"
import { compilerThat, counter, emptyCache, testFolder } from "./testing/machine.ts"

vi.setConfig({ testTimeout: 120_000 })
const missing = missingCompiler()

// Before the others: a process asks for the proof until it has it.
test("a library that was there before its self-test is used when the builder has made that", async (context) => {
  requireOrSkip(context, missing)
  const cache = emptyCache()
  nativeEngine.instantiate(counter("early"))
  expect(readdirSync(cache)).toHaveLength(1)
  const engine = swappingEngine(wasmEngine, { longMs: 0 })
  const { run, engine: now } = engine.instantiate(counter("early"))
  const isOver = (): boolean => {
    run()
    return now() === "native" || engine.asides.length > 0
  }
  await vi.waitUntil(isOver, { timeout: 50_000 })
  expect([now(), engine.asides]).toEqual(["native", []])
})

test("a compiler that flushes subnormals fails the self-test, in a process that this one does not share", async (context) => {
  requireOrSkip(context, missing ?? (process.arch === "x64" ? undefined : "the way to flush is that of x86-64"))
  const header = join(testFolder(), "flush.h")
  const flush = "__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);"
  writeFileSync(header, `static __attribute__((constructor)) void flush_(void) { ${flush} }\n`)
  compilerThat(`exec ${findProgram("gcc")} -include ${header} "$@"`)
  emptyCache()
  const engine = swappingEngine(wasmEngine, { longMs: 0 })
  const { run } = engine.instantiate(counter("flushed"))
  const deadline = performance.now() + 50_000
  while (engine.asides.length === 0 && performance.now() < deadline) run()
  expect(engine.asides).toEqual([expect.stringContaining("native gives other bits in the self-test")])
  expect(Math.fround(2 ** -149) / 1).toBeGreaterThan(0)
})

test("processes that build the same at once end with one library, and a killed one with a reason", async (context) => {
  requireOrSkip(context, missing)
  const cache = emptyCache()
  const source = sourceOf(counter("twice"), wasmEngine.instantiate(counter("twice")))
  const builds = [startBuild(source), startBuild(source)]
  const outcomes = await Promise.all(builds.map((build) => vi.waitUntil(() => build.outcome(), { timeout: 50_000 })))
  expect(outcomes).toEqual([outcomes[0], { path: libraryOf(source, findCompiler()!) }])
  expect(readdirSync(cache)).toHaveLength(2) // the other is the self-test's

  compilerThat("kill -9 $PPID")
  const killed = startBuild(source)
  const outcome = await vi.waitUntil(() => killed.outcome(), { timeout: 50_000 })
  expect(outcome).toEqual({ reason: "the builder ended with SIGKILL" })
})
