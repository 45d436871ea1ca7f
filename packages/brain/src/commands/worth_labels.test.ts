import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { expect, test } from "vitest"
import { load } from "../load.ts"
import { brain, temporary } from "../testing/command.ts"
import { CSV, MESSAGES, teachDesk } from "../testing/lesson.ts"
import { worthOfLabels } from "../worth_of_labels.ts"

test("modules of the same labels are mixed, and each is told what it saves", async () => {
  const folder = temporary()
  await teachDesk(folder)
  await teachDesk(folder, "other")
  writeFileSync(join(folder, "messages.csv"), CSV)
  const [desk, other, on] = ["desk", "other", "messages.csv"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const { code, out } = await brain(["worth", desk, other, "--on", on, "--json"])
  expect(code).toBe(0)
  const found = JSON.parse(out) as ReturnType<typeof worthOfLabels>
  expect(found.experts.map(({ name }) => name)).toEqual([desk, other])
  // Two of a kind share what there is, so that neither is missed.
  const [first, second] = found.experts
  expect(first!.bitsAlone).toBeCloseTo(second!.bitsAlone, 9)
  expect(Math.abs(first!.bitsWithout - found.bits)).toBeLessThan(0.05)
  const brains = [
    { name: "desk", brain: await load(desk) },
    { name: "other", brain: await load(other) },
  ]
  const judged = worthOfLabels(
    brains,
    MESSAGES.filter(({ label }) => label !== undefined),
    interpreterEngine,
  )
  expect(judged.experts.map(({ weight }) => weight).every((weight) => weight > 0)).toBe(true)
  const shown = await brain(["worth", desk, other, "--on", on])
  expect(shown.out).toContain("bits an answer")
})
