import { interpreterEngine } from "@open-brains/core/compile.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { memoryFor, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import fc from "fast-check"
import { expect } from "vitest"
import { nativeProgram } from "../c99.ts"

/** Expects a program built with these flags to give the judge's outputs on hostile inputs. */
export function expectJudgedOutputs(program: Program, flags: readonly string[], records: number): void {
  expect(validate(program)).toEqual([])
  const inputs = fc.sample(memoryFor(program, "input"), { numRuns: records, seed: SEED })
  using native = nativeProgram(program, { flags })
  const actual = native.runAll(inputs)
  const judge = interpreterEngine.instantiate(program)
  const outputs = program.buffers.filter(({ access }) => access === "output")
  for (const [n, record] of inputs.entries()) {
    for (const [name, numbers] of Object.entries(record)) judge.memory[name]!.set(numbers)
    judge.run()
    const expected = Object.fromEntries(outputs.map(({ name }) => [name, judge.memory[name]!]))
    expect([n, difference(expected, actual.outputs[n]!)]).toEqual([n, undefined])
  }
}
