import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { load } from "./load.ts"

const folder = join(repository, "modules")
const modules = readdirSync(folder, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "module.brain")),
)

for (const { name } of modules) {
  test(`modules/${name} gives the answers that it was published with, to the 256th of a bit`, async () => {
    const brain = await load(join(folder, name))
    const lines = readFileSync(join(folder, name, "tests", "answers.jsonl"), "utf8")
      .trim()
      .split("\n")
    const expected = lines.map((line) => JSON.parse(line) as { text: string; label: string | null; evidence: number })
    const found = expected.map(({ text }) => {
      const { label, evidence } = brain.ask(text)
      return { text, label: label ?? null, evidence }
    })
    expect(found).toEqual(expected)
  })
  test(`modules/${name} is at most 300 KB of weights`, async () => {
    const { files } = await load(join(folder, name))
    expect(files.parts["weights.safetensors"]!.length).toBeLessThanOrEqual(300_000)
  })
}
