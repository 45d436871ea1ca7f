import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { memoryFor, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import fc from "fast-check"
import { expect } from "vitest"
import { type Build, nativeProgram } from "../c99.ts"

/** The outputs after each record and the state after the last, on the interpreter. */
function judged(
  { buffers, ...rest }: Program,
  records: readonly Memory[],
  state: Memory,
): { outputs: Memory[]; state: Memory } {
  const { memory, run } = interpreterEngine.instantiate({ buffers, ...rest })
  const kept = (access: "output" | "state"): Memory =>
    Object.fromEntries(buffers.flatMap((b) => (b.access === access ? [[b.name, memory[b.name]!.slice()]] : [])))
  const fill = (values: Memory): void => {
    for (const [name, numbers] of Object.entries(values)) memory[name]!.set(numbers)
  }
  fill(state)
  const outputs = records.map((record) => {
    fill(record)
    run()
    return kept("output")
  })
  return { outputs, state: kept("state") }
}
/** Expects a program built like this to give the judge's outputs after each record, and its state after the last. */
export function expectJudged(program: Program, build: Build, records: readonly Memory[], state: Memory): void {
  using native = nativeProgram(program, build)
  const [expected, actual] = [judged(program, records, state), native.runAll(records, state)]
  for (const [n, outputs] of expected.outputs.entries())
    expect([n, difference(outputs, actual.outputs[n]!)]).toEqual([n, undefined])
  expect(difference(expected.state, actual.state)).toBeUndefined()
}

/** The same on hostile inputs, of a program without state. */
export function expectJudgedOutputs(program: Program, build: Build, records: number): void {
  expect(validate(program)).toEqual([])
  expectJudged(program, build, fc.sample(memoryFor(program, "input"), { numRuns: records, seed: SEED }), {})
}
