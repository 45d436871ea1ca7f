import { spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { CONTROL } from "@open-brains/core/emit/wasm/threads.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { add, buffer, i32, load, local, loop, mul, parallel, store, sub } from "@open-brains/core/ir/build.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { memoryFrom, programFrom, RUNS, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { afterAll, expect, test } from "vitest"
import type { Crew } from "./crew.ts"
import { type ThreadedEngine, threadedEngine } from "./engine.ts"
import { helpedBy } from "./help.ts"

/** So fine that every parallel loop is shared out. */
const DUST = { phase: 0, share: 1, vector: 1 }
const start = (threads: number): ThreadedEngine => threadedEngine({ threads, grain: DUST, longMs: 0, always: true })
const [two, three] = [start(2), start(3)]
afterAll(() => {
  for (const engine of [two, three]) engine[Symbol.dispose]()
})
const fill = (memory: Memory, values: Memory): void => {
  for (const [name, array] of Object.entries(values)) memory[name]!.set(array)
}

const [x, y] = [buffer("input", "i32", "x", 64), buffer("state", "i32", "y", 4096)]
const z = buffer("scratch", "i32", "z", 64)
const [i, k] = [local("i"), local("k")]
/** y[i] += Σ x, so that a round that is left out, or done twice, shows. */
const inner = loop(k, 4, [store(y, i, add(load(y, i), load(x, k)))])
const sums: Program = { name: "sums", buffers: [x, y], body: [parallel(i, 4096, [inner])] }
/** The same buffers, and phases of other numbers: y[i] -= 1000 Σ x. */
const less = loop(k, 4, [store(y, i, sub(load(y, i), mul(load(x, k), i32(1000))))])
const others: Program = {
  ...sums,
  buffers: [x, y, z],
  body: [parallel("j", 64, [store(z, local("j"), local("j"))]), parallel(i, 4096, [less])],
}

/** Runs until others have done some of the work: they start when they can. */
async function runUntilHelped(engine: ThreadedEngine, run: () => void): Promise<number> {
  const before = engine.shares()
  for (let runs = 1; ; runs++) {
    run()
    if (engine.shares() > before) return runs
    if (runs % 100 === 0) await sleep(1)
  }
}

test(`one, two and three threads give the judge's bits (SEED=${SEED})`, async () => {
  const engines = [start(1), two, three]
  for (const engine of engines.slice(1)) await runUntilHelped(engine, engine.instantiate(sums).run)
  for (let n = 0; n < RUNS / 4; n++) {
    const program = programFrom(SEED + n, 3)
    const all = [interpreterEngine, ...engines].map((engine) => engine.instantiate(program))
    for (let run = 0; run < 2; run++) {
      const kinds = run === 0 ? (["input", "state"] as const) : (["input"] as const)
      const values = memoryFrom(SEED + 2 * n + run, program, ...kinds)
      for (const each of all) {
        fill(each.memory, values)
        each.run()
      }
      for (const each of all.slice(1)) expect(difference(all[0]!.memory, each.memory)).toBeUndefined()
    }
  }
})

test("no round is left out and none is done twice, with as many threads as cores or more", async () => {
  for (const engine of [two, three]) {
    const { memory, run } = engine.instantiate(sums)
    memory["x"]!.fill(1)
    let runs = await runUntilHelped(engine, run)
    for (; runs < 3000; runs++) run()
    expect(new Set(memory["y"]!)).toEqual(new Set([4 * runs]))
  }
})

test("when the other threads are gone, the work goes on", async () => {
  using engine = start(2)
  const { memory, run } = engine.instantiate(sums)
  memory["x"]!.fill(1)
  let runs = await runUntilHelped(engine, run)
  engine[Symbol.dispose]()
  for (; runs < 200; runs++) run()
  expect(new Set(memory["y"]!)).toEqual(new Set([4 * runs]))
})

test("threads that sleep or work keep no process alive", async () => {
  const script = `
    import { threadedEngine } from "${new URL("./engine.ts", import.meta.url).href}"
    const engine = threadedEngine({ threads: 2, longMs: 0, grain: ${JSON.stringify(DUST)}, always: true })
    const { run } = engine.instantiate(${JSON.stringify(sums)})
    while (engine.shares() === 0) { run(); await new Promise((go) => setTimeout(go, 1)) }
    console.log("helped")`
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "pipe" })
  let said = ""
  child.stdout.on("data", (bytes: Buffer) => (said += bytes))
  child.stderr.on("data", (bytes: Buffer) => (said += bytes))
  const [code] = await once(child, "close")
  expect([code, said]).toEqual([0, "helped\n"])
})

test("programs take turns, and one that knows the other's memory goes on with it", async () => {
  const engine = two
  const first = engine.instantiate(sums)
  const [second, other] = [engine.instantiate(others, first), engine.instantiate(sums)]
  for (const { memory } of [first, other]) memory["x"]!.fill(1)
  await runUntilHelped(engine, second.run)
  const before = first.memory["y"]![0]!
  for (let turn = 0; turn < 100; turn++)
    for (const { run } of [first, second, other]) for (let runs = 0; runs < 20; runs++) run() // long enough for others to be awake at the end of a turn
  expect(new Set(first.memory["y"]!)).toEqual(new Set([before + 2000 * (4 - 4 * 1000)]))
  expect(new Set(other.memory["y"]!)).toEqual(new Set([2000 * 4]))
})

test("a thread that fails within a share ends the run with its reason, and is not asked again", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const presented: number[] = []
  const crew: Crew = {
    ...{ isReady: () => true, shares: () => 0, asides: ["a thread does not help: it is ill"], add: () => 7 },
    ...{ forget() {}, wake() {}, present: (program) => void presented.push(program), [Symbol.dispose]() {} },
  }
  const help = helpedBy(() => crew, new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)), memory, 0)
  const words = new Int32Array(memory.buffer)
  const seen: number[] = []
  const alone = (): void => {
    seen.push(words[CONTROL.help / 4]!)
    if (seen.length < 2) return
    words[CONTROL.failed / 4] = 1
    throw new WebAssembly.RuntimeError("unreachable")
  }
  const run = help.whenReady(alone, help.call(alone))
  run()
  expect(run).toThrow("bug: a thread failed within its share: a thread does not help: it is ill")
  expect([seen, presented, words[CONTROL.help / 4]]).toEqual([[0, 1], [7], 0])
})
