import { DTYPE } from "./base/dtype.ts"
import { refuse } from "./base/problem.ts"
import { emitWasm } from "./emit/wasm/emit.ts"
import { interpreter, type Memory, memoryOf } from "./ir/interpret.ts"
import type { Program } from "./ir/program.ts"
import { SELF_TEST_DIGEST, selfTest, selfTestProgram } from "./ir/self_test.ts"
import { validate } from "./ir/validate.ts"
import { type Entry, lowerGraph } from "./lower/lower.ts"

/** Whatever runs programs: every engine gives the same bits, and the interpreter is their judge. */
export interface Engine {
  readonly name: string
  /** Expects a program in which `validate` found nothing. */
  instantiate(program: Program): Instance
}

/** A program with its buffers: constants are filled in, all else starts as 0 and stays from run to run. */
export interface Instance {
  /** The buffers themselves, not copies: write inputs and state here before `run`, read outputs after it. */
  readonly memory: Memory
  run(): void
}

export const interpreterEngine: Engine = {
  name: "interpreter",
  instantiate(program) {
    const memory = memoryOf(program)
    return { memory, run: interpreter(program, memory) }
  },
}

/** In Node and in browsers alike. A main thread of a browser may refuse modules above 8 MB: use a worker there. */
export const wasmEngine: Engine = {
  name: "wasm",
  instantiate(program) {
    const { bytes, starts } = emitWasm(program)
    const { memory, run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as WasmExports
    const views = program.buffers.map(({ name, dtype, length }) => {
      const view = new DTYPE[dtype].array(memory.buffer, starts.get(name)!, length) // memory never grows: views stay
      return [name, view] as const
    })
    return { memory: Object.fromEntries(views), run }
  },
}
interface WasmExports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory
  readonly run: () => void
}

/** A graph, lowered, proved and ready to run. */
export function compileGraph(entry: Entry, engine: Engine): Instance {
  const program = lowerGraph(entry)
  const problems = validate(program)
  if (problems.length > 0) refuse(...problems)
  try {
    return engine.instantiate(program)
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof WebAssembly.CompileError)) throw error
    const seen = `Program \`${program.name}\` is more than ${engine.name} takes: ${error.message}.`
    return refuse({ code: "OB210", seen, hint: "Make it smaller: fewer nodes, or smaller shapes." })
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
