import { DTYPE } from "../../base/dtype.ts"
import { knownIn } from "../../ir/interval.ts"
import type { Block, Buffer, Program, Statement } from "../../ir/program.ts"
import { type Bytes, sized, unsigned, vector, wasmModule } from "./binary.ts"
import type { Place, Shared } from "./frame.ts"
import { defineEntry } from "./function.ts"
import { type Functions, functionsAfter } from "./functions.ts"
import * as op from "./opcode.ts"
import { CONTROL_BYTES, defineSharing } from "./threads.ts"

export interface WasmModule {
  /** Imports `memory` from the module `host`; exports `run`, and `run_NAME` for each entry. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The byte of memory at which each buffer starts. Constants are the host's to fill in. */
  readonly starts: ReadonlyMap<string, number>
  /** Size of the memory, each page 65,536 bytes. */
  readonly pages: number
}
export interface WasmOptions {
  /** Whether the host knows relaxed SIMD. It is used only where the result is proved to be one and the same. */
  readonly relaxed?: boolean
  /**
   * Work from which on a loop is a function of its own: an engine goes over to its faster code between two calls, never
   * inside one, and takes more than twice as long for a function twice as large. A call costs some nanoseconds.
   */
  readonly apart?: number
  /**
   * Loops to share out among threads, and how many rounds make a share at least (phases.ts). The memory is then shared,
   * the module imports `wake`, which calls those who sleep, and also exports `help` and `work` (threads.ts).
   */
  readonly phases?: ReadonlyMap<Statement, number>
  /** Tells programs apart that have one memory and share out their loops in it. */
  readonly number?: number
}

/** What the function of an entry is called, or that of the body. */
export const exportOf = (entry?: string): string => (entry === undefined ? "run" : `run_${entry}`)

/** The program as one WebAssembly module: its buffers side by side in one memory, each entry a function. */
export function emitWasm(
  program: Program,
  { relaxed = false, apart = 1 << 14, phases, number = 0 }: WasmOptions = {},
): WasmModule {
  const layout = layOut(program, phases ? CONTROL_BYTES : 0)
  const [functions, numbers]: [Functions, number[]] = [functionsAfter(phases ? 1 : 0), []]
  const sharing = phases && defineSharing(functions, WAKE, number)
  const shared: Shared = {
    ...{ functions, relaxed, apart, interval: knownIn(program), places: placesOf(program, layout.starts) },
    ...(phases && sharing && { sharing: { share: sharing.share, least: phases, phases: numbers } }),
  }
  const entry = (block: Block, name?: string): Bytes => exported(exportOf(name), defineEntry(block, shared))
  const entries = [
    entry(program.body),
    ...Object.entries(program.entries ?? {}).map(([name, block]) => entry(block, name)),
  ]
  const pages = unsigned(layout.pages)
  const memory = imported("memory", [2, sharing ? [SHARED, pages, unsigned(PAGES_MAX)] : [0, pages]])
  const sections: Parameters<typeof wasmModule>[0] = [
    [1, functions.types],
    [2, sharing ? [imported("wake", [0, unsigned(sharing.wakeType)]), memory] : [memory]],
    [3, functions.signatures],
    [4, sharing ? [[op.FUNCREF, 0, unsigned(numbers.length)]] : []],
    [7, sharing ? [...entries, exported("help", sharing.help), exported("work", sharing.work)] : entries],
    [9, sharing ? [[0, op.constI32(0), op.end, vector(numbers.map(unsigned))]] : []],
  ]
  return { bytes: wasmModule(sections, functions), ...layout }
}
/** The number of the imported function: those of the host come first. */
const WAKE = 0
const SHARED = 0x03 // with a maximum
const imported = (name: string, what: Bytes): Bytes => [sized("host"), sized(name), what]
const exported = (name: string, number: number): Bytes => [sized(name), 0, unsigned(number)]

/** As many as there can be: the host's memory may have room for other programs too. */
const PAGES_MAX = 65_536

function layOut({ buffers }: Program, from: number): Pick<WasmModule, "starts" | "pages"> {
  const starts = new Map<string, number>()
  let size = from
  for (const { name, dtype, length } of buffers) {
    starts.set(name, size)
    size += Math.ceil((length * DTYPE[dtype].bytes) / 16) * 16 // as wide as a vector, so that none straddles two
  }
  return { starts, pages: Math.max(1, Math.ceil(size / 65536)) }
}

function placesOf({ buffers }: Program, starts: WasmModule["starts"]): ReadonlyMap<string, Place> {
  const place = ({ name, dtype }: Buffer): Place => {
    const [{ bytes }, start] = [DTYPE[dtype], starts.get(name)!]
    return { dtype, bytes, start, immediates: unsigned(Math.log2(bytes)) + unsigned(start) }
  }
  return new Map(buffers.map((buffer) => [buffer.name, place(buffer)]))
}
