import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { freeze } from "@open-brains/core/ir/freeze.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { expect } from "vitest"
import { answerMemory, buildProbe, type ProbeAnswers, portsOf, requestBytes } from "./probe.ts"
import type { Target } from "./targets.ts"

/** For a compiler: random programs multiply conditions and compare what is always less; what people export does neither. */
export const RANDOM_FLAGS = ["-Wno-int-in-bool-context", "-Wno-type-limits", "-Wno-bool-compare"]

/** One call: `entry` 0 is the body, n the nth entry. Inputs that are left out are 0. */
export interface Call {
  readonly entry: number
  readonly inputs: Memory
}

/** Outputs and states after each call, on the interpreter: states are 0 before the first. */
function judged(program: Program, calls: readonly Call[]): readonly Memory[] {
  const { memory, run, entries } = interpreterEngine.instantiate(program)
  const functions = [run, ...Object.keys(program.entries ?? {}).map((name) => entries[name]!)]
  return calls.map(({ entry, inputs }) => {
    for (const { name, access } of program.buffers) {
      if (access !== "input") continue
      const given = inputs[name]
      if (given) memory[name]!.set(given)
      else memory[name]!.fill(0)
    }
    functions[entry]!()
    const kept = program.buffers.filter(({ access }) => access === "output" || access === "state")
    return Object.fromEntries(kept.map(({ name }) => [name, memory[name]!.slice()]))
  })
}

/** Expects a program of integers, frozen, exported and run on a target, to give the interpreter's bytes after each call. */
export async function expectSameBits(
  program: Program,
  target: Target,
  calls: readonly Call[],
  flags: readonly string[] = [],
): Promise<ProbeAnswers> {
  const frozen = freeze(program, { values: {}, prepares: [] })
  using probe = await buildProbe(emitChip(frozen), portsOf(program.name, program), target, flags)
  const answers = await probe.run(calls.map(({ entry, inputs }) => ({ entry, input: requestBytes(program, inputs) })))
  for (const [n, expected] of judged(program, calls).entries()) {
    const actual = answerMemory(program, answers.outputs[n]!)
    expect([n, difference(expected, actual)]).toEqual([n, undefined])
  }
  return answers
}

/** Bytes of memory that a program takes at most, whatever its scratch shares. */
export const memoryBytes = ({ buffers }: Program): number =>
  buffers
    .filter(({ access }) => access !== "constant")
    .reduce((sum, { dtype, length }) => sum + DTYPE[dtype].bytes * length, 0)
