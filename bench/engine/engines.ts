/** The engines that are measured. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { faultOf } from "@open-brains/core/engine/sound.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { tune, tuned } from "@open-brains/core/run/tune.ts"
import { widenVectors } from "open-brains"
import { nativeEngine, threadedEngine } from "./engines.testing.ts"

/** Threads end with the process; who is done with them before says so. */
export type MeasuredEngine = Engine & Partial<Disposable>

/** As few as this make loops of a small network worth dealing out. */
const FINE = { phase: 1 << 8, share: 1 << 6, vector: 32 }
const clock = (): number => performance.now()
const ENGINES = {
  /** With the cut of products that a person's machine is given after a moment of trying. */
  wasm: () => tuned(wasmEngine, clock),
  native: () => nativeEngine,
  /** As a user has it: threads help while that is faster. */
  threads: () => Object.assign(threadedEngine({ threads: 2 }), { tiles: tune(wasmEngine, clock) }),
  /** Threads at work wherever they can be, whether it is faster or not. */
  scattered: () => threadedEngine({ threads: 2, grain: FINE, longMs: 0, always: true }),
} as const satisfies Readonly<Record<string, () => MeasuredEngine>>
export type EngineName = keyof typeof ENGINES

/** The engine, or why it must not be used on this machine. Vectors are joined where the command joins them. */
export function measuredEngine(name: EngineName): MeasuredEngine | string {
  widenVectors()
  const engine = ENGINES[name]()
  return faultOf(engine) ?? engine
}

/** The same in a process that is about this engine alone. Errors: an Error that says why it must not be used. */
export function engineNamed(name: string | undefined): MeasuredEngine {
  if (name === undefined || !Object.hasOwn(ENGINES, name)) throw new Error(`There is no engine ${name}.`)
  const found = measuredEngine(name as EngineName)
  if (typeof found === "string") throw new Error(found)
  return found
}
