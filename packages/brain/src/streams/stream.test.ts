import { createHash } from "node:crypto"
import { Worker } from "node:worker_threads"
import { Refusal } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import { PREDICTOR } from "@open-brains/core/run/testing/predictor.ts"
import { expect, test, vi } from "vitest"
import { clockMs } from "./control.ts"
import { openStepper, stepShape } from "./stepper.ts"
import { openStream, type Stream, type StreamOptions } from "./stream.ts"
import { recording, TINY, TINY_BYTES, TINY_GRAPH, TINY_WEIGHTS } from "./testing/tiny.ts"

const OPTIONS: StreamOptions = { graph: TINY_GRAPH, weights: TINY_BYTES }
const digestOf = (outputs: readonly Float32Array[]): string => {
  const hash = createHash("sha256")
  for (const each of outputs) hash.update(new Uint8Array(each.buffer, each.byteOffset, each.byteLength))
  return hash.digest("hex")
}
function stepped(samples: Float32Array, engine: Engine): readonly Float32Array[] {
  const stepper = openStepper(TINY, TINY_WEIGHTS, engine)
  return Array.from({ length: samples.length / 2 }, (_, i) => {
    stepper.input.set(samples.subarray(2 * i, 2 * i + 2))
    stepper.step()
    return stepper.output.slice()
  })
}
async function collected(stream: Stream): Promise<readonly Float32Array[]> {
  const outputs: Float32Array[] = []
  for await (const { values } of stream) outputs.push(values)
  return outputs
}
const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))

test("a stepper has the bits of calls of the net, on every engine, and again after a reset", () => {
  const samples = recording(40)
  const net = openNet(TINY, TINY_WEIGHTS, interpreterEngine)
  const called = Array.from(
    { length: 40 },
    (_, i) => net.call("step", { sample: samples.slice(2 * i, 2 * i + 2) })["probability"] as Float32Array,
  )
  for (const engine of [interpreterEngine, wasmEngine]) expect(stepped(samples, engine)).toEqual(called)
  const stepper = openStepper(TINY, TINY_WEIGHTS, wasmEngine)
  stepper.input.fill(1)
  for (let i = 0; i < 9; i++) stepper.step()
  stepper.input.set(samples.subarray(0, 2))
  stepper.step()
  expect(stepper.output).not.toEqual(called[0])
  stepper.reset()
  stepper.step()
  expect(stepper.output).toEqual(called[0])
})

test("a stream has the bits of the interpreter, whatever the timing", { timeout: 60_000 }, async () => {
  const samples = recording(600)
  const judged = digestOf(stepped(samples, interpreterEngine))
  for (const [round, spinUs] of [0, 50, 0].entries()) {
    await using stream = await openStream({ ...OPTIONS, slots: 16, spinUs, whenUnread: "wait" })
    const outputs = collected(stream)
    for (let i = 0; i < 600; i++) {
      if ((i * 7919 + round) % 97 < 3) await pause((i * round) % 4)
      while (stream.room() === 0) await pause(0)
      expect(stream.push(samples.subarray(2 * i, 2 * i + 2), clockMs())).toBe(true)
    }
    const { stats } = await stream.stop()
    expect(digestOf(await outputs)).toBe(judged)
    expect(stats).toMatchObject({ samples: 600, outputs: 600, dropped: 0, unread: 0 })
  }
})

test("what is dropped is known: by number, and by count", async () => {
  await using stream = await openStream({ ...OPTIONS, slots: 8 })
  const taken: number[] = []
  for (let i = 0; i < 5000; i++) if (stream.push(Float32Array.of(i, 1), clockMs())) taken.push(i)
  const { stats } = await stream.stop()
  const numbers: number[] = []
  for await (const { number } of stream) numbers.push(number)
  expect(stats).toMatchObject({ samples: 5000, dropped: 5000 - taken.length, outputs: taken.length })
  expect(stats.unread).toBe(taken.length - numbers.length)
  expect(numbers).toEqual(taken.slice(0, numbers.length))
  expect(stats.counts.reduce((a, b) => a + b)).toBe(taken.length)
})

test("an output is late by the time stamp of its sample, and is delivered all the same", async () => {
  await using stream = await openStream({ ...OPTIONS, latencyMsMax: 500 })
  const ages = [0, 1000, 0, 3000, 499_000]
  const now = clockMs()
  for (const age of ages) stream.push(Float32Array.of(1, 2), now - age)
  const { stats } = await stream.stop()
  const outputs: { isLate: boolean; latencyMs: number; timeStampMs: number }[] = []
  for await (const each of stream) outputs.push(each)
  expect(outputs.map(({ isLate }) => isLate)).toEqual([false, true, false, true, true])
  for (const [i, { latencyMs, timeStampMs }] of outputs.entries()) {
    expect(timeStampMs).toBe(now - ages[i]!)
    expect(latencyMs).toBeGreaterThan(ages[i]!)
    expect(latencyMs).toBeLessThan(ages[i]! + 500)
  }
  expect(stats.late).toBe(3)
  expect(stats.worstMs).toBeGreaterThan(499_000)
  expect(stats.p50Ms).toBeGreaterThan(1000)
  expect(stats.p50Ms).toBeLessThan(1600)
})

test("each output is told, as it comes", async () => {
  await using stream = await openStream(OPTIONS)
  const numbers: number[] = []
  const told = stream.onOutput(({ number }) => numbers.push(number))
  for (let i = 0; i < 3; i++) {
    stream.push(Float32Array.of(i, i), clockMs())
    await vi.waitFor(() => expect(numbers.length).toBe(i + 1), { timeout: 5000 })
  }
  await stream.stop()
  await told
  expect(numbers).toEqual([0, 1, 2])
  expect(() => stream.push(Float32Array.of(0, 0), clockMs())).toThrow("stopped")
})

test("after warming up nothing is allocated for a sample", { timeout: 60_000 }, async () => {
  await using stream = await openStream({ ...OPTIONS, slots: 8192 })
  const sample = Float32Array.of(1, 2)
  for (let i = 0; i < 400_000; i++) {
    while (stream.room() === 0) await pause(0)
    stream.push(sample, clockMs())
  }
  const { steady } = await stream.stop()
  expect(steady?.samples).toBe(398_000)
  // The compiler and the account itself take 2 to 6 MB, once; a single number on the heap would be 16 bytes a sample more.
  if (steady?.bytesAllocated !== undefined) expect(steady.bytesAllocated / 398_000).toBeLessThan(20)
})

test("a worker that dies is an error for who pushes, who reads and who waits", { timeout: 60_000 }, async () => {
  const terminated = vi.spyOn(Worker.prototype, "emit")
  await using stream = await openStream(OPTIONS)
  const worker = terminated.mock.contexts.at(-1) as Worker
  const waiting = collected(stream)
  waiting.catch(() => {})
  await worker.terminate()
  await expect(waiting).rejects.toThrow("its worker died with exit code 1")
  expect(() => stream.push(Float32Array.of(1, 2), clockMs())).toThrow("its worker died")
  const reading = { values: new Float32Array(3), stamps: new Float64Array(3) }
  expect(() => stream.read(reading)).toThrow("its worker died")
  await expect(stream.stop()).rejects.toThrow("its worker died")
})

test("what cannot be followed is refused before a thread starts, or by the one that did", async () => {
  const codes = async (work: () => unknown): Promise<readonly string[]> => {
    try {
      await work()
      return []
    } catch (error) {
      return error instanceof Refusal ? error.problems.map(({ code }) => code) : [String(error)]
    }
  }
  expect(stepShape(TINY)).toEqual({ takes: 2, gives: 3 })
  expect(await codes(() => stepShape(TINY, "predict"))).toEqual(["OB681"])
  expect(await codes(() => stepShape(PREDICTOR))).toEqual(["OB681"])
  expect(await codes(() => stepShape(PREDICTOR, "reset"))).toEqual(["OB681"])
  expect(await codes(() => openStream({ ...OPTIONS, weights: new Uint8Array(3) }))).toEqual(["OB130"])
  await using stream = await openStream(OPTIONS)
  expect(await codes(() => stream.push(Float32Array.of(1), clockMs()))).toEqual(["OB680"])
  expect(await codes(() => stream.push(Float32Array.of(1, 2), Number.NaN))).toEqual(["OB680"])
})
