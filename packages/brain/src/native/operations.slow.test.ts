import type { Name } from "@open-brains/core/graph/graph.ts"
import { allGraphs, CASES } from "@open-brains/core/graph/testing/cases.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler, USUAL_BUILDS } from "./c99.ts"
import { expectJudgedOutputs } from "./testing/judged.ts"

const missing = missingCompiler()

for (const [variant, build] of Object.entries(USUAL_BUILDS))
  for (const name of Object.keys(CASES) as Name[])
    test(`${name} in C (${variant}) equals the judge on hostile numbers, at every length (SEED=${SEED})`, (context) => {
      requireOrSkip(context, missing)
      expectJudgedOutputs(lowerGraph({ name, outputs: allGraphs(name) }), build, 6)
    }, 120_000)
