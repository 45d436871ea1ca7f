import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { readHeader } from "@open-brains/core/module/safetensors_header.ts"
import { expect, test } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { firstWordOf } from "./brains/sources.ts"
import { load } from "./load.ts"
import { NET } from "./scribe/experts.ts"
import { RECIPE, scribeRecipeOf } from "./scribe/make.ts"
import { PRIMER } from "./scribe/primer.ts"
import { readPredictorModule } from "./store/folder.ts"

const folder = join(repository, "modules")
const manifestOf = (name: string): string => join(folder, name, "module.brain")
const all = readdirSync(folder, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && existsSync(manifestOf(entry.name)),
)
const isScribe = (name: string): boolean => firstWordOf(readFileSync(manifestOf(name), "utf8")) === "predictor"
const modules = all.filter(({ name }) => !isScribe(name))

for (const { name } of all.filter((entry) => isScribe(entry.name)))
  test(`modules/${name} is whole: a net, a primer of text if any, and the recipe of both, each of at most 300 KB`, async () => {
    const { parts, manifest } = await readPredictorModule(join(folder, name))
    for (const [part, { length }] of Object.entries(parts)) expect([part, length <= 300_000]).toEqual([part, true])
    const { primer, net } = scribeRecipeOf(parts[RECIPE]!, name)
    const text = parts[PRIMER] ?? new Uint8Array()
    expect(text.length).toBe(primer.reduce((sum, { from, to }) => sum + to - from, 0))
    expect(Buffer.from(text).toString()).not.toContain("\uFFFD")
    const { metadata } = readHeader(parts[NET]!, NET)
    expect(JSON.parse(metadata["recipe"]!)).toEqual({ ...net!.recipe, seed: net!.seed })
    expect(manifest.built.seed).toBe(net!.seed)
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
