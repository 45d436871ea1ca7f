import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { faultOf } from "@open-brains/core/engine/sound.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { expect, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "./c99.ts"
import { chooseEngine } from "./choice.ts"
import { NO_COMPILER } from "./compiler.ts"
import { nativeEngine } from "./engine.ts"
import { swappingEngine } from "./swapping.ts"
import { compilerThat, counter, emptyCache, STEP } from "./testing/machine.ts"

vi.setConfig({ testTimeout: 60_000 })
const missing = missingCompiler()

test("a program goes on in native between two runs of a thread that never waits; its state and views stay", (context) => {
  requireOrSkip(context, missing)
  const program = counter("swaps", Date.now() % 2 ** 31) // never compiled before
  const engine = swappingEngine(wasmEngine, { longMs: 0 })
  expect(validate(program)).toEqual([])
  const [judge, swapping] = [interpreterEngine.instantiate(program), engine.instantiate(program)]
  const views = { ...swapping.memory }
  judge.memory["step"]!.set(STEP)
  views["step"]!.set(STEP)
  const engines = new Set<string>()
  const deadline = performance.now() + 50_000
  let after = 0
  for (let runs = 0; after < 3 && performance.now() < deadline; runs++) {
    for (const { run, entries } of [judge, swapping]) {
      if (runs % 1000 === 999) entries["reset"]!()
      run()
    }
    engines.add(swapping.engine())
    if (swapping.engine() === "native") after++
    if (after > 0 || runs % 5000 === 0) expect(difference(judge.memory, views)).toBeUndefined()
  }
  expect([[...engines], engine.asides]).toEqual([["wasm", "native"], []])

  const again = engine.instantiate(program) // compiled before: no build, and so no wait
  again.run()
  expect(again.engine()).toBe("native")
})

test("programs share the buffers that both begin with, whichever engine runs each", (context) => {
  requireOrSkip(context, missing)
  for (const engine of [nativeEngine, swappingEngine(wasmEngine, { longMs: 0 }), chooseEngine("native").engine]) {
    const first = engine.instantiate(counter("first"))
    const second = engine.instantiate(counter("second"), first)
    first.memory["step"]!.set(STEP)
    first.run()
    second.run()
    expect([...first.memory["count"]!]).toEqual(Array.from(STEP, (each) => Math.imul(each, 2)))
  }
})

/** What native gives as a reason, asked both ways: before a run, and in the background of one. */
async function reasonsNow(): Promise<readonly [now: string | undefined, later: readonly string[]]> {
  emptyCache()
  const engine = swappingEngine(wasmEngine, { longMs: 0 })
  const { memory, run } = engine.instantiate(counter("falls"))
  memory["step"]!.set(STEP)
  const deadline = performance.now() + 50_000
  let runs = 0
  for (; engine.asides.length === 0 && performance.now() < deadline; runs++) {
    run()
    await new Promise((wake) => setTimeout(wake, 10))
  }
  run()
  expect([...memory["count"]!]).toEqual([...STEP.map((each) => Math.imul(each, runs + 1))]) // it never stopped answering
  return [faultOf({ ...nativeEngine }), engine.asides]
}

test("without a compiler, programs stay where they are", async () => {
  compilerThat(undefined)
  expect(await reasonsNow()).toEqual([`native does not run here: ${NO_COMPILER}`, [NO_COMPILER]])
})

test("what a compiler says when it fails is the reason, its first lines", async () => {
  compilerThat(`for n in 1 2 3 4 5 6; do echo "broken $n" >&2; done; exit 3`)
  const [now, later] = await reasonsNow()
  expect(now).toMatch(/gcc ended with 3: broken 1\nbroken 2\nbroken 3\nbroken 4$/)
  expect(later).toEqual([now])
})
