import { emitWasm, exportOf, type WasmOptions } from "../../emit/wasm/emit.ts"
import { type Engine, viewsOf } from "../engine.ts"

/** WebAssembly printed otherwise than for this machine and this work: the bits must be the same. */
export const wasmWith = (name: string, options: WasmOptions): Engine => ({
  name,
  instantiate(program) {
    const { bytes, starts, pages } = emitWasm(program, options)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } })
    const entryOf = (entry?: string): (() => void) => exports[exportOf(entry)] as () => void
    const entries = Object.keys(program.entries ?? {}).map((entry) => [entry, entryOf(entry)] as const)
    return { memory: viewsOf(program, memory.buffer, starts), run: entryOf(), entries: Object.fromEntries(entries) }
  },
})
