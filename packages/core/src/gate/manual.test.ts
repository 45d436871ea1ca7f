import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { openGate } from "./gate.ts"

const page = readFileSync(join(repository, "docs/manual/commons/gate.md"), "utf8")
test("the program of docs/manual/commons/gate.md decides", () => {
  const program = /```ts\nimport \{ openGate \} from .*\n([\s\S]*?)```/.exec(page)![1]!
  const said: unknown[] = []
  const differencesOf = (name: string): readonly number[] =>
    Array.from({ length: 100 }, (_, i) => (name === "acme/intents" && i % 20 === 0 ? 1 : 0))
  const run = new Function("openGate", "differencesOf", "console", program)
  run(openGate, differencesOf, { log: (...words: unknown[]) => said.push(...words) })
  expect(said).toEqual(["better", "It is better on acme/intents, and not worse on any of 2 benchmarks."])
})
test("its table is what the bench measured last", () => {
  const results = readFileSync(join(repository, "bench/results/commons-gate.md"), "utf8")
  const [, ...cells] =
    /^\| \+3 points on the target, 2 % churn elsewhere \| ([\d.]+) % \| ([\d,]+) \| ([\d,]+) \|$/m.exec(page)!
  const [accepted, median, most] = cells.map((cell) => cell.replace(",", ""))
  const row = new RegExp(
    `^\\| \\+3 points on the target, 2 % churn elsewhere .* ${accepted} \\|.* ${median} \\| +${most} \\|$`,
    "m",
  )
  expect(results).toMatch(row)
})
