import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import type { Net } from "@open-brains/core/graph/dims_text.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { freeze } from "@open-brains/core/ir/freeze.ts"
import { expect, test } from "vitest"
import { netProgram } from "./net_program.ts"

/** One entry sets what another one reads, which first computes with nothing but weights. */
const NET: Net = {
  maxima: {},
  state: { kept: 1 },
  at() {
    const kept = op.weight("kept", "i8", [1, 1])
    return {
      set: { outputs: {}, updates: [{ weight: kept, value: op.input("to", "i8", [1, 1]) }] },
      get: {
        outputs: { sum: op.matmul(op.input("x", "i8", [1, 1]), op.larger(kept, op.weight("fixed", "i8", [1, 1]))) },
      },
    }
  },
}
const number = (value: number) => ({ dtype: "i8", shape: [1, 1], data: Int8Array.of(value) }) as const

test("what depends on a state is computed when it is asked, whoever set it", () => {
  const { program, values, prepares, reset } = netProgram("net", NET, { kept: number(2), fixed: number(3) })
  const { memory, entries } = interpreterEngine.instantiate(freeze(program, { values, prepares }))
  entries[reset!]!()
  const sums = [undefined, 5, 7].map((to) => {
    if (to !== undefined) {
      memory["set_to"]![0] = to
      entries["set"]!()
    }
    memory["get_x"]![0] = 10
    entries["get"]!()
    return memory["get_sum"]![0]
  })
  expect(sums).toEqual([30, 50, 70])
})
