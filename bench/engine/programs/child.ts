/** Tries programs by number: child.ts KIND FIRST COUNT; a Tally on stdout as JSON. What crashes or hangs ends this process. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { countOf } from "@open-brains/core/ir/count.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { renameProgram } from "@open-brains/core/ir/rename.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { memoryFrom, programFrom } from "@open-brains/core/ir/testing/hostile.ts"
import { mutated } from "@open-brains/core/ir/testing/mutate.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { missingCompiler, nativeProgram } from "../engines.testing.ts"
import { measuredEngine } from "../engines.ts"
import type { Kind, Tally } from "./programs.ts"

/** Programs that are compiled as one piece of C: a compiler takes longer to start than for one of them. */
const TOGETHER = 12
/** Operations beyond which the judge would take too long; few mutations ask for so many. */
const OPERATIONS_MAX = 1e6
const SANITISED = ["-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

/** A valid program with what it is given, and what it must give. */
interface Case {
  readonly seed: number
  readonly program: Program
  readonly given: Memory
  readonly expected: Memory
}

const [kind, first, count] = process.argv.slice(2) as [Kind, string, string]
const native = measuredEngine("native")
const tally = { programs: 0, refused: 0, long: 0, wasm: 0, native: 0, sanitised: 0 }
const faults: string[] = []

/** The program of that number, judged and tried in WebAssembly; none when it is refused or too long. */
function caseOf(seed: number): Case | undefined {
  tally.programs++
  const whole = programFrom(seed)
  const program = kind === "generated" ? whole : mutated(whole, seed)
  const problems = validate(program)
  if (problems.length > 0) {
    tally.refused++
    if (kind === "generated") faults.push(`program ${seed} is refused: ${problems[0]!.seen}`)
    return undefined
  }
  if (countOf(program).total.most > OPERATIONS_MAX) {
    tally.long++
    return undefined
  }
  const given = memoryFrom(seed, program, "input", "state")
  const expected = outcomeOn(interpreterEngine, program, given)
  note(seed, "wasm", () => difference(expected, outcomeOn(wasmEngine, program, given)))
  return { seed, program, given, expected }
}

/** Outputs and state after one run. */
function outcomeOn(engine: Engine, program: Program, given: Memory): Memory {
  const { memory, run } = engine.instantiate(program)
  for (const [name, numbers] of Object.entries(given)) memory[name]!.set(numbers)
  run()
  return outcomeOf(program, memory)
}
const outcomeOf = ({ buffers }: Program, memory: Memory): Memory =>
  Object.fromEntries(
    buffers.flatMap(({ name, access }) =>
      access === "output" || access === "state" ? [[name, memory[name]!.slice()] as const] : [],
    ),
  )

function note(seed: number, engine: "wasm" | "native" | "sanitised", fault: () => string | undefined): void {
  tally[engine]++
  let found: string | undefined
  try {
    found = fault()
  } catch (error) {
    found = error instanceof Error ? error.message : String(error)
  }
  if (found !== undefined) faults.push(`program ${seed}, ${engine}: ${found.slice(0, 300)}`)
}

/** The bodies of all as one program, each with names of its own. */
function tryInC(all: readonly Case[]): void {
  const joined = all.map(({ program: { name, buffers, body } }, n) => renameProgram({ name, buffers, body }, own(n)))
  const program: Program = {
    name: "joined",
    buffers: joined.flatMap(({ buffers }) => buffers),
    body: joined.flatMap(({ body }) => body),
  }
  const merged = (part: "given" | "expected"): Memory =>
    Object.assign({}, ...all.map((each, n) => renamed(each[part], n)))
  const compare = (engine: "native" | "sanitised", outcome: () => Memory): void => {
    let found: Memory
    try {
      found = outcome()
    } catch (error) {
      faults.push(`programs from ${all[0]!.seed}, ${engine}: ${String(error).slice(0, 600)}`)
      return
    }
    for (const [n, { seed, expected }] of all.entries())
      note(seed, engine, () => difference(renamed(expected, n), picked(found, n)))
  }
  if (typeof native !== "string") compare("native", () => outcomeOn(native, program, merged("given")))
  if (missingCompiler() === undefined)
    compare("sanitised", () => {
      using built = nativeProgram(program, { flags: SANITISED })
      const { outputs, state } = built.runAll([merged("given")], merged("given"))
      return { ...outputs[0], ...state }
    })
}
const own =
  (n: number) =>
  (name: string): string =>
    `q${n}_${name}`
const renamed = (memory: Memory, n: number): Memory =>
  Object.fromEntries(Object.entries(memory).map(([name, numbers]) => [own(n)(name), numbers]))
const picked = (memory: Memory, n: number): Memory =>
  Object.fromEntries(Object.entries(memory).filter(([name]) => name.startsWith(own(n)(""))))

const cases: Case[] = []
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const found = caseOf(seed)
  if (found) cases.push(found)
  if (cases.length === TOGETHER) tryInC(cases.splice(0))
}
if (cases.length > 0) tryInC(cases)
const result: Tally = { ...tally, faults }
console.log(JSON.stringify(result))
