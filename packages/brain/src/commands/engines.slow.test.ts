import { join } from "node:path"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "../native/c99.ts"
import { ENGINES } from "../native/engines.ts"
import { teachModule } from "../teach.ts"
import { brain, temporary } from "../testing/command.ts"
import { MESSAGES } from "../testing/lesson.ts"

test("a lesson gives the same weights, answers and scores on every engine", async (context) => {
  requireOrSkip(context, missingCompiler())
  const told: object[] = []
  for (const name of ENGINES) {
    const into = join(temporary(), "desk")
    const recipe = { epochs: 8, buckets: 256, dims: 8 } // the interpreter takes its time
    const { brain: taught } = await teachModule({ examples: MESSAGES, into, name: "desk", engine: name, recipe })
    const asked = await brain(["ask", into, "where is my parcel", "--engine", name, "--json"])
    const tested = await brain(["test", into, "--engine", name, "--json"])
    expect([name, taught.asides, asked.err, tested.err]).toEqual([name, [], "", ""]) // none of them stepped aside
    told.push({ digest: taught.files.digest, answer: JSON.parse(asked.out), score: JSON.parse(tested.out).report })
  }
  expect(told).toEqual(ENGINES.map(() => told[0]))
}, 180_000)
