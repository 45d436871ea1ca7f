import { refuse } from "./base/problem.ts"
import type { Engine, Instance } from "./engine/engine.ts"
import type { Limits } from "./ir/limits.ts"
import type { Program } from "./ir/program.ts"
import { validate } from "./ir/validate.ts"
import { type Entry, lowerGraph } from "./lower/lower.ts"

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
