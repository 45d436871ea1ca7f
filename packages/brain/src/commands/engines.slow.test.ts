import { join } from "node:path"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "../native/c99.ts"
import { ENGINES } from "../native/engines.ts"
import { brain, fileWith, temporary } from "../testing/command.ts"
import { CSV } from "../testing/lesson.ts"

test("a lesson gives the same weights, answers and scores on every engine", async (context) => {
  requireOrSkip(context, missingCompiler())
  const told: object[] = []
  for (const name of ENGINES) {
    const into = join(temporary(), "desk")
    const engine = ["--engine", name, "--json"]
    const taught = await brain(["teach", fileWith(CSV), "--into", into, "--base", "none", ...engine])
    const asked = await brain(["ask", into, "where is my parcel", ...engine])
    const tested = await brain(["test", into, ...engine])
    expect([name, taught.err, asked.err, tested.err]).toEqual([name, "", "", ""]) // none of them stepped aside
    const { weights, report } = JSON.parse(taught.out)
    told.push({ weights, report, answer: JSON.parse(asked.out), score: JSON.parse(tested.out).report })
  }
  expect(told).toEqual(ENGINES.map(() => told[0]))
}, 180_000)
