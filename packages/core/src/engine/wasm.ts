import { mapValues } from "../base/record.ts"
import { emitWasm, exportOf } from "../emit/wasm/emit.ts"
import { relaxedProbe } from "../emit/wasm/features.ts"
import { type Engine, type Instance, viewsOf } from "./engine.ts"

/** In Node and in browsers alike. A main thread of a browser may refuse modules above 8 MB: use a worker there. */
export const wasmEngine: Engine = {
  name: "wasm",
  instantiate(program, within) {
    const { bytes, starts, pages } = emitWasm(program, { relaxed: hasRelaxed() })
    const memory = (within && memories.get(within)) ?? new WebAssembly.Memory({ initial: pages, maximum: pages })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } })
    const entryOf = (name?: string): (() => void) => exports[exportOf(name)] as () => void
    const entries = mapValues(program.entries ?? {}, (_, name) => entryOf(name))
    const instance = { memory: viewsOf(program, memory.buffer, starts), run: entryOf(), entries }
    memories.set(instance, memory)
    return instance
  },
}
let relaxed: boolean | undefined
/** Asked once, of the host. */
export const hasRelaxed = (): boolean => (relaxed ??= WebAssembly.validate(relaxedProbe()))

const memories = new WeakMap<Instance, WebAssembly.Memory>()
