/** A trial on an engine of this process, and what differs between two runs of it. */

import { emitWasm, exportOf, type WasmOptions } from "@open-brains/core/emit/wasm/emit.ts"
import { type Engine, viewsOf } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import type { Trial } from "./batch.ts"

/** Both together on optimised code take the compiler thrice as long. */
export const SANITIZERS = {
  both: ["-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  address: ["-O1", "-fsanitize=address"],
} as const

/** WebAssembly printed otherwise than for this machine and this work: the bits must be the same. */
const wasmWith = (name: string, options: WasmOptions): Engine => ({
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
/** As it is; and every loop a function of its own, without relaxed SIMD. */
export const WASM: readonly Engine[] = [wasmEngine, wasmWith("wasm, loops apart", { apart: 0, relaxed: false })]

/** All buffers after each record. */
export function runsOn(engine: Engine, { program, start, records }: Trial): readonly Memory[] {
  const { memory, run, entries } = engine.instantiate(program)
  const put = (contents: Memory): void => {
    for (const [name, numbers] of Object.entries(contents)) memory[name]!.set(numbers)
  }
  put(start)
  return records.map((record) => {
    put(record)
    for (const call of [run, ...Object.values(entries)]) call()
    return Object.fromEntries(Object.entries(memory).map(([name, numbers]) => [name, numbers.slice()]))
  })
}

/** What differs in the buffers that an engine tells of. */
export function differing(
  { title }: Trial,
  engine: string,
  expected: readonly Memory[],
  actual: readonly Memory[],
): readonly string[] {
  return actual.flatMap((after, n) => {
    const known = Object.fromEntries(Object.entries(expected[n]!).filter(([name]) => name in after))
    const found = difference(known, after)
    return found === undefined ? [] : [`${title} on ${engine}, record ${n}: ${found}`]
  })
}
