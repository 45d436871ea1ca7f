import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { expect, test } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { firstWordOf } from "./brains/sources.ts"
import { load } from "./load.ts"
import { PRIMER, unpackPrimer } from "./scribe/primer.ts"
import { readPredictorModule } from "./store/folder.ts"

const folder = join(repository, "modules")
const manifestOf = (name: string): string => join(folder, name, "module.brain")
const all = readdirSync(folder, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && existsSync(manifestOf(entry.name)),
)
const isScribe = (name: string): boolean => firstWordOf(readFileSync(manifestOf(name), "utf8")) === "predictor"
const modules = all.filter(({ name }) => !isScribe(name))

for (const { name } of all.filter((entry) => isScribe(entry.name)))
  test(`modules/${name} is whole, and its primer, of at most 100 KB, is packed by the experts of today`, async () => {
    const { parts } = await readPredictorModule(join(folder, name))
    expect(parts[PRIMER]!.length).toBeLessThanOrEqual(100_000)
    const text = await unpackPrimer(parts[PRIMER]!, name, wasmEngine)
    expect(text.length).toBeGreaterThan(200_000)
  })

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
