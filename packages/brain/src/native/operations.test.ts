import type { Name, Node } from "@open-brains/core/graph/graph.ts"
import { allGraphs, CASES } from "@open-brains/core/graph/testing/cases.ts"
import { giver } from "@open-brains/core/graph/testing/give.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "./c99.ts"
import { expectJudgedOutputs } from "./testing/judged.ts"

// Leaves are left to operations.slow.test.ts: there they do not meet those of the other operations.
const names = (Object.keys(CASES) as Name[]).filter((name) => name !== "input" && name !== "weight")

test(`every graph operation in C equals the judge on hostile numbers, at one odd length (SEED=${SEED})`, (context) => {
  requireOrSkip(context, missingCompiler())
  const give = giver()
  const outputs = names.reduce<Record<string, Node>>((all, name) => Object.assign(all, allGraphs(name, [5], give)), {})
  expectJudgedOutputs(lowerGraph({ name: "operations", outputs }), { flags: ["-O1"] }, 2)
})
