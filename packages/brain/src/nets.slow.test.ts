import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import { PREDICTOR, predictorWeights } from "@open-brains/core/run/testing/predictor.ts"
import { expect, test } from "vitest"
import { nativeEngine } from "./native/engine.ts"
import { threadedEngine } from "./threads/engine.ts"

/** What a predictor has learnt and said after windows of many lengths, with single bytes between them. */
function lesson(engine: Engine): readonly unknown[] {
  const net = openNet(PREDICTOR, predictorWeights(1), engine)
  const windows = Array.from({ length: 10 }, () => [17, 64, 32, 64, 3]).flat()
  return windows.map((T) => {
    const bytes = Uint8Array.from({ length: T + 1 }, (_, i) => (i * 31 + T) % 256)
    const learnt = net.call("learn", { bytes, rate: Float32Array.of(0.5) }, { T })
    return [learnt, net.call("step", { byte: Uint8Array.of(T) }), net.digest()]
  })
}

test("bindings of a net share its memory on every engine, and have the same bits", () => {
  using threads = threadedEngine({
    threads: 2,
    grain: { phase: 2000, share: 500, vector: 32 },
    longMs: 0,
    always: true,
  })
  const judged = lesson(interpreterEngine)
  for (const engine of [wasmEngine, nativeEngine, threads, threads]) expect(lesson(engine), engine.name).toEqual(judged)
})
