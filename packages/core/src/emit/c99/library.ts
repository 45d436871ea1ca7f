import { type Block, type Buffer, blocksOf, type Program, type Statement, statementsOf } from "../../ir/program.ts"
import { identifier, printerOf, type Style, stored, usesOf } from "./emit.ts"
import { TYPE } from "./prelude.ts"

/** What the function of an entry is called, or that of the body. */
export const symbolOf = (entry?: string): string => (entry === undefined ? "run" : `run_${entry}`)

/**
 * The program as C99 for a shared library: `void run(unsigned char *memory)`, and `run_NAME` for each entry, over a
 * memory that the host keeps, each buffer from its byte in `starts` on; no two may overlap. Constants are the host's to
 * fill in, so that other weights do not make another text.
 *
 * Buffers are parameters, for gcc heeds no other `restrict`. An outermost loop is a function of its own, for compilers
 * take more than twice as long for twice as long a function.
 */
export function emitLibrary(program: Program, starts: ReadonlyMap<string, number>, style: Style = {}): string {
  const { prelude, statement, block } = printerOf(program, style)
  const functions: string[] = []
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  /** Defines a function over the buffers that these statements use: how it is called, given what the buffers are. */
  const define = (names: Iterable<string>, text: string): ((argument: (buffer: Buffer) => string) => string) => {
    const used = [...names].flatMap((name) => buffers.get(name) ?? [])
    const name = `part_${functions.length}`
    const parameters = used.map((buffer) => `${pointer(buffer)}restrict ${identifier(buffer.name)}`)
    functions.push(`static __attribute__((noinline)) void ${name}(${parameters.join(", ") || "void"}) ${text}`)
    return (argument) => `${name}(${used.map(argument).join(", ")});`
  }
  const ofBlock = (all: Block): string => {
    const shared = new Set(all.flatMap((s) => (s.kind === "let" ? s.name : [])))
    const whole = new Set<string>()
    const lines = all.map((s) => {
      const { names } = usesOf({ buffers: [], body: [s] })
      for (const name of names) whole.add(name)
      return isApart(s, names, shared) ? define(names, block([s]))((buffer) => identifier(buffer.name)) : statement(s)
    })
    return define(
      whole,
      `{\n${lines.join("\n").replace(/^/gm, "  ")}\n}`,
    )((buffer) => `(${pointer(buffer)})(memory + ${starts.get(buffer.name)})`)
  }
  const symbols = [symbolOf(), ...Object.keys(program.entries ?? {}).map(symbolOf)]
  const exported = blocksOf(program).map((all, i) => {
    const call = ofBlock(all)
    return `void ${symbols[i]}(unsigned char *memory) { (void)memory; ${call} }`
  })
  return [prelude(), ...functions, ...exported, ""].join("\n")
}
const pointer = (buffer: Buffer): string => `${TYPE[stored(buffer)]} *`

/** Whether it is a loop that needs no local of the block around it: reads none and sets none. */
function isApart(s: Statement, names: ReadonlySet<string>, shared: ReadonlySet<string>): boolean {
  if (s.kind !== "loop" || [...shared].some((name) => names.has(name))) return false
  return shared.size === 0 || ![...statementsOf([s])].some((each) => each.kind === "set" && shared.has(each.name))
}
