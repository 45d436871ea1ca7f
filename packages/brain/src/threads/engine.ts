import { mapValues } from "@open-brains/core/base/record.ts"
import { GRAIN, type Grain, phasesOf } from "@open-brains/core/emit/phases.ts"
import { emitWasm, exportOf } from "@open-brains/core/emit/wasm/emit.ts"
import { type Engine, type Instance, viewsOf } from "@open-brains/core/engine/engine.ts"
import { hasRelaxed, wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { type Crew, startCrew } from "./crew.ts"
import { helpedBy } from "./help.ts"
import { type Call, fasterOf } from "./trial.ts"

export interface ThreadedEngine extends Engine, Disposable {
  /** How many shares of the work other threads have done. */
  shares(): number
  /** Why threads do not help. Grows as reasons are found. */
  readonly asides: readonly string[]
}
export interface ThreadedOptions {
  /** All in all, with the one that calls; a thread for each core when it is left out. */
  readonly threads?: number
  /** Which loops are worth several threads. */
  readonly grain?: Grain
  /** Work that has taken so long goes on for long enough to start threads for. */
  readonly longMs?: number
  /** Whether to have help whenever there is any, even where one thread is found to be faster. */
  readonly always?: boolean
}

/**
 * WebAssembly on several threads, with the bits of one. Begins on one thread; when the work proves long, others start and
 * take shares of its large loops for as long as that is faster. A program without such loops is `wasmEngine`'s.
 */
export function threadedEngine(options: ThreadedOptions = {}): ThreadedEngine {
  const { threads, grain = GRAIN, longMs = 20, always = false } = options
  let crew: Crew | undefined
  const memories = new WeakMap<Instance, WebAssembly.Memory>()
  let programs = 0
  return {
    name: "threads",
    shares: () => crew?.shares() ?? 0,
    get asides() {
      return crew?.asides ?? []
    },
    instantiate(program, within) {
      const { program: phased, phases } = phasesOf(program, grain)
      const known = within && memories.get(within)
      if (within ? !known : phases.size === 0 || threads === 1) return wasmEngine.instantiate(program, within)
      const { bytes, starts, pages } = emitWasm(phased, { phases, relaxed: hasRelaxed(), number: ++programs })
      const memory = known ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
      const module = new WebAssembly.Module(bytes)
      const helped = helpedBy(() => (crew ??= startCrew(threads)), module, memory, longMs)
      const { exports } = new WebAssembly.Instance(module, { host: { memory, wake: helped.wake } })
      const entryOf = (name?: string): Call => {
        const alone = exports[exportOf(name)] as Call
        const together = helped.call(alone)
        return helped.whenReady(alone, always ? together : fasterOf(alone, together))
      }
      const entries = mapValues(program.entries ?? {}, (_, name) => entryOf(name))
      const instance = { memory: viewsOf(phased, memory.buffer, starts), run: entryOf(), entries }
      memories.set(instance, memory)
      return instance
    },
    [Symbol.dispose]() {
      crew?.[Symbol.dispose]()
    },
  }
}
