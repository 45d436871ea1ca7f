import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import Module from "node:module"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { faultOf, soundEngine } from "@open-brains/core/engine/sound.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { add, buffer, i32, load, local, mul, parallel, store } from "@open-brains/core/ir/build.ts"
import type { Expression } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { hostileProgram, memoryFor, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import fc from "fast-check"
import { expect, onTestFinished, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "./c99.ts"
import { compiledEngine, nativeEngine } from "./engine.ts"
import { counter, emptyCache, STEP } from "./testing/machine.ts"

const missing = missingCompiler()

test("native proves itself on this machine", (context) => {
  requireOrSkip(context, missing)
  expect(faultOf(nativeEngine)).toBeUndefined()
  expect(soundEngine([nativeEngine, wasmEngine])).toEqual({ engine: nativeEngine, asides: [] })
})

test(`random programs in native equal the interpreter, state and all (SEED=${SEED})`, (context) => {
  requireOrSkip(context, missing)
  const [program] = fc.sample(hostileProgram(5), { numRuns: 1, seed: SEED })
  const [judge, native] = [interpreterEngine, nativeEngine].map((engine) => engine.instantiate(program!))
  for (const given of fc.sample(memoryFor(program!, "input", "state"), { numRuns: 6, seed: SEED })) {
    for (const { memory, run } of [judge!, native!]) {
      for (const [name, numbers] of Object.entries(given)) memory[name]!.set(numbers)
      run()
      run()
    }
    expect(difference(judge!.memory, native!.memory)).toBeUndefined()
  }
})

test("a product is rounded before it is added", (context) => {
  requireOrSkip(context, missing)
  const [x, y] = [buffer("input", "f32", "x", 64), buffer("output", "f32", "y", 64)]
  const sum = (a: Expression, b: Expression, c: Expression): Expression => add(mul(a, b), c)
  const at = (place: number): Expression => load(x, i32(place))
  const body = [parallel("i", 64, [store(y, local("i"), sum(load(x, local("i")), at(0), at(1)))])]
  const { memory, run } = nativeEngine.instantiate({ name: "fused", buffers: [x, y], body })
  memory["x"]!.fill(1 + 2 ** -12).set([1 + 2 ** -12, -(1 + 2 ** -11)])
  run()
  expect([memory["y"]![0], memory["y"]![63]]).toEqual([0, 0]) // fused it would be 2⁻²⁴
})

test("a run keeps the memory alive that it works on", (context) => {
  requireOrSkip(context, missing)
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  const start = (): { run: () => void; memory: WeakRef<ArrayBufferLike> } => {
    const { memory, run } = nativeEngine.instantiate(counter("kept"))
    return { run, memory: new WeakRef(memory["sum"]!.buffer) }
  }
  const { run, memory } = start()
  return new Promise<void>((wake) => setImmediate(wake)).then(() => {
    collect()
    run()
    expect(memory.deref()).toBeDefined()
  })
})

test("a library is compiled once, and anew when its file is damaged or gone", (context) => {
  requireOrSkip(context, missing)
  const cache = emptyCache()
  const program = counter("cached")
  expect(() => compiledEngine.instantiate(program)).toThrow("not compiled yet")
  nativeEngine.instantiate(program)
  const [name] = readdirSync(cache)
  const made = statSync(join(cache, name!)).ino
  compiledEngine.instantiate(counter("another")) // the name is no part of the library
  expect([readdirSync(cache), statSync(join(cache, name!)).ino]).toEqual([[name], made])

  const damaged = readFileSync(join(cache, name!)).fill(0, 4096, 4200)
  rmSync(join(cache, name!)) // written into it would be written into what runs
  writeFileSync(join(cache, name!), damaged)
  expect(() => compiledEngine.instantiate(program)).toThrow("not compiled yet")
  const { memory, run, entries } = nativeEngine.instantiate(program)
  memory["step"]!.set(STEP)
  run()
  expect([...memory["count"]!]).toEqual([...STEP])
  entries["reset"]!()
  expect([...memory["count"]!]).toEqual([0, 0, 0, 0])
  expect(readdirSync(cache)).toHaveLength(1)
})

test("without koffi for this platform, programs stay where they are", (context) => {
  requireOrSkip(context, missing)
  const load = vi.spyOn(Module as unknown as { _load(name: string): unknown }, "_load").mockImplementation(() => {
    throw new Error("Cannot find module 'koffi'\nand more")
  })
  onTestFinished(() => load.mockRestore())
  expect(faultOf({ ...nativeEngine })).toBe(
    "native does not run here: koffi, which calls C, has nothing for this platform: Cannot find module 'koffi'",
  )
})
