import { interpreterEngine } from "@open-brains/core/compile.ts"
import type { Name, Node } from "@open-brains/core/graph/graph.ts"
import { allGraphs, CASES, giver } from "@open-brains/core/graph/testing/cases.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { memoryFor, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler, nativeProgram, VARIANTS } from "./c99.ts"

const missing = missingCompiler()

// One executable for all operations at all lengths: gcc takes longer to start than to compile them. As inputs and
// weights of one name are one buffer, the leaves are left to WebAssembly.
const give = giver()
const names = (Object.keys(CASES) as Name[]).filter((name) => name !== "input" && name !== "weight")
const outputs = names.reduce<Record<string, Node>>((all, name) => Object.assign(all, allGraphs(name, give)), {})
const program = lowerGraph({ name: "operations", outputs })

for (const [variant, flags] of Object.entries(VARIANTS))
  test(`every graph operation in C (${variant}) equals the judge on hostile numbers (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missing)
    expect(validate(program)).toEqual([])
    const records = fc.sample(memoryFor(program, "input"), { numRuns: 2, seed: SEED })
    using native = nativeProgram(program, { flags })
    const actual = native.runAll(records)
    const judge = interpreterEngine.instantiate(program)
    for (const [n, record] of records.entries()) {
      for (const [name, numbers] of Object.entries(record)) judge.memory[name]!.set(numbers)
      judge.run()
      const expected = Object.fromEntries(Object.keys(outputs).map((name) => [name, judge.memory[name]!]))
      expect([n, difference(expected, actual.outputs[n]!)]).toEqual([n, undefined])
    }
  })
