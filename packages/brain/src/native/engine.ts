import { emitLibrary, symbolOf } from "@open-brains/core/emit/c99/library.ts"
import type { Engine, Instance } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { findLibrary } from "./cache.ts"
import { type Compiler, keyOf, laneWidth, requireCompiler } from "./compiler.ts"
import { bind, libraryOf } from "./library.ts"
import { tilesOf } from "./tiles.ts"

/**
 * Programs in C, built by the compiler of this machine before their first run, which takes a second or more the first time.
 * Errors: an Error that says why this machine cannot; `soundEngine` makes it an aside.
 */
export const nativeEngine: Engine = over((source, compiler) => libraryOf(source, compiler))

/** The same, of what is compiled already: takes no time, and refuses the rest. */
export const compiledEngine: Engine = over(
  (source, compiler) => findLibrary(keyOf(source, compiler)) ?? fail("it is not compiled yet"),
)

function over(pathOf: (source: string, compiler: Compiler) => string): Engine {
  return {
    name: "native",
    tiles: tilesOf(laneWidth()),
    instantiate(program, within) {
      const compiler = requireCompiler()
      const instance = wasmEngine.instantiate(program, beneath(within))
      return inNative(instance, pathOf(sourceOf(program, instance), compiler))
    },
  }
}
const fail = (reason: string): never => {
  throw new Error(reason)
}

/** The C of a program over the very memory that an instance of it has: nothing moves when one follows the other. */
export function sourceOf(program: Program, { memory }: Instance): string {
  const starts = new Map(Object.entries(memory).map(([name, view]) => [name, view.byteOffset]))
  return emitLibrary(program, starts, { width: laneWidth() })
}

/** What the compiler is given for a program with a memory of its own. */
export const nativeSource = (program: Program): string => sourceOf(program, wasmEngine.instantiate(program))

/** The instance, run by a library from now on: same memory, same bits. */
export function inNative(instance: Instance, path: string): Instance {
  const { memory } = instance
  const names = Object.keys(instance.entries)
  const symbols = [symbolOf(), ...names.map((name) => symbolOf(name))]
  const [run, ...others] = bind(path, symbols, sharedBy(memory) ?? fail("bug: the buffers lie apart"))
  const entries = Object.fromEntries(names.map((name, i) => [name, others[i]!]))
  return atop(instance, { memory, run: run!, entries })
}

/** The one memory that all buffers lie in, if they do. */
export function sharedBy(memory: Instance["memory"]): ArrayBufferLike | undefined {
  const [first, ...others] = new Set(Object.values(memory).map(({ buffer }) => buffer))
  return others.length === 0 ? first : undefined
}

const bases = new WeakMap<Instance, Instance>()
/** Remembers whose memory an instance runs on, for programs that are to share it. */
export function atop<I extends Instance>(base: Instance, instance: I): I {
  bases.set(instance, beneath(base))
  return instance
}
/** The instance, of the engine that it began on. */
export const beneath = <I extends Instance | undefined>(instance: I): Instance | I =>
  (instance && bases.get(instance)) ?? instance
