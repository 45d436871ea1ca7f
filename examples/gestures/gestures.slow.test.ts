import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { netFile } from "./gestures.testing.ts"
import { gesturesFiles } from "./gestures.ts"
import { DATA } from "./strokes.ts"

test("the folder is what the recipe makes, to the bit", (context) => {
  requireOrSkip(context, missingData(DATA), mirrorIsPromised())
  const made = gesturesFiles(mirror()!)
  expect(made["graph.json"]).toBe(new TextDecoder().decode(netFile("graph.json")))
  for (const name of ["weights.safetensors", "samples.safetensors"] as const)
    expect([name, Buffer.compare(made[name], netFile(name))]).toEqual([name, 0])
})
