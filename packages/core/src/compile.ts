import { DTYPE, type Numbers } from "./base/dtype.ts"
import { refuse } from "./base/problem.ts"
import { emitWasm, exportOf } from "./emit/wasm/emit.ts"
import { relaxedProbe } from "./emit/wasm/features.ts"
import { interpreter, type Memory, memoryOf } from "./ir/interpret.ts"
import type { Limits } from "./ir/limits.ts"
import type { Program } from "./ir/program.ts"
import { SELF_TEST_DIGEST, selfTest, selfTestProgram } from "./ir/self_test.ts"
import { validate } from "./ir/validate.ts"
import { type Entry, lowerGraph } from "./lower/lower.ts"
import { mapValues } from "./lower/names.ts"
import type { Tiles } from "./lower/schedule/contraction.ts"

/** Whatever runs programs: every engine gives the same bits, and the interpreter is their judge. */
export interface Engine {
  readonly name: string
  /**
   * Expects a program in which `validate` found nothing. `within` an instance of this engine the buffers that both
   * programs begin with, of one name, are the same memory; what follows may lie over what follows there.
   */
  instantiate(program: Program, within?: Instance): Instance
  /** How it likes its products cut, where that was measured (run/tune.ts). */
  readonly tiles?: Tiles
}

/** A program with its buffers: constants are filled in, all else starts as 0 and stays from run to run. */
export interface Instance {
  /** The buffers themselves, not copies: write inputs and state here before `run`, read outputs after it. */
  readonly memory: Memory
  run(): void
  /** The other entries of the program, by name. */
  readonly entries: Readonly<Record<string, () => void>>
}

export const interpreterEngine: Engine = {
  name: "interpreter",
  instantiate(program, within) {
    const own = memoryOf(program)
    const memory = mapValues(own, (array, name) => within?.memory[name] ?? array)
    const entries = mapValues(program.entries ?? {}, (block) => interpreter(program, memory, block))
    return { memory, run: interpreter(program, memory), entries }
  },
}

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

/** The buffers of a program in one memory, which never grows; constants are filled in. */
export function viewsOf(program: Program, memory: ArrayBufferLike, starts: ReadonlyMap<string, number>): Memory {
  const views = program.buffers.map(({ name, dtype, length, values }) => {
    const array: new (memory: ArrayBufferLike, at: number, length: number) => Numbers = DTYPE[dtype].array
    const view = new array(memory, starts.get(name)!, length)
    if (values) view.set(values)
    return [name, view] as const
  })
  return Object.fromEntries(views)
}

/** A graph, lowered, proved and ready to run. */
export const compileGraph = (entry: Entry, engine: Engine, limits?: Limits): Instance =>
  instantiate(programOf(entry, engine), engine, undefined, limits)

/** A graph as the program that engines run. */
export const programOf = (entry: Entry, { tiles }: Pick<Engine, "tiles"> = {}): Program =>
  lowerGraph(tiles ? { tiles, ...entry } : entry)

/** A program, proved and ready to run. Errors: OB210 when it is not sound, OB212 when it asks for too much. */
export function instantiate(program: Program, engine: Engine, within?: Instance, limits?: Limits): Instance {
  const problems = validate(program, limits)
  if (problems.length > 0) refuse(...problems)
  try {
    return engine.instantiate(program, within)
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof WebAssembly.CompileError)) throw error
    const seen = `Program \`${program.name}\` is more than ${engine.name} takes: ${error.message}.`
    return refuse({ code: "OB212", seen, hint: "Make it smaller: fewer nodes, or smaller shapes." })
  }
}

/** Why an engine must not be used on this machine, or nothing when it has proved itself. Runs once an engine. */
export function faultOf(engine: Engine): string | undefined {
  if (!faults.has(engine)) faults.set(engine, findFault(engine))
  return faults.get(engine)
}
const faults = new WeakMap<Engine, string | undefined>()
function findFault(engine: Engine): string | undefined {
  try {
    const found = selfTest(engine.instantiate(selfTestProgram()))
    return found === SELF_TEST_DIGEST ? undefined : `${engine.name} gives other bits in the self-test: ${found}`
  } catch (error) {
    return `${engine.name} does not run here: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The first of these that proves itself, and why each before it steps aside. Errors: OB240 when none does. */
export function soundEngine(engines: readonly Engine[] = [wasmEngine, interpreterEngine]): {
  readonly engine: Engine
  readonly asides: readonly string[]
} {
  const asides: string[] = []
  for (const engine of engines) {
    const fault = faultOf(engine)
    if (fault === undefined) return { engine, asides }
    asides.push(fault)
  }
  return refuse({
    code: "OB240",
    seen: `No engine is sound on this machine: ${asides.join("; ")}.`,
    hint: "Update Node or the browser, and report this machine.",
  })
}
