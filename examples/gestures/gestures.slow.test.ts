import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { gesturesFiles } from "./gestures.ts"
import { DATA } from "./strokes.ts"

const read = (name: string): Buffer => readFileSync(join(import.meta.dirname, "net", name))

test("the folder is what the recipe makes, to the bit", (context) => {
  requireOrSkip(context, missingData(DATA), mirrorIsPromised())
  const made = gesturesFiles(mirror()!)
  expect(made["graph.json"]).toBe(read("graph.json").toString())
  expect(Buffer.compare(made["weights.safetensors"], read("weights.safetensors"))).toBe(0)
})
