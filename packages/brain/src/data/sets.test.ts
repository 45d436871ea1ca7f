import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseModule, printManifest } from "@open-brains/core/module/text.ts"
import { expect, test } from "vitest"
import { mirrorIsPromised, missingData, repository, requireOrSkip } from "../../../../scripts/testing.ts"
import { published } from "../testing/published.ts"
import { needDataSet } from "./sets.ts"
import { SPLITS } from "./split.ts"

const folder = join(repository, "modules", "datasets")

/** Examples to learn from, to choose on and to test; labels; examples that fit none. */
const READ = {
  clinc150: [15_100, 3100, 5500, 150, 1200],
  "langid-17": [7387, 821, 2047, 17, 0],
  "sms-spam": [3694, 410, 1026, 2, 0],
  snips: [13_084, 700, 700, 7, 0],
  sst2: [6920, 872, 1821, 2, 0],
  trec: [4830, 536, 500, 6, 0],
}

test("every data set has a manifest in canonical form, under its own name", () => {
  const names = readdirSync(folder)
  expect(names.sort()).toEqual(Object.keys(READ).sort())
  for (const name of names) {
    const source = readFileSync(join(folder, name, "module.brain"), "utf8")
    const manifest = parseModule(source, name)
    expect([manifest.name, printManifest(manifest)]).toEqual([name, source])
  }
})

for (const [name, expected] of Object.entries(READ))
  test(`${name} is read out of the mirror, whole`, async (context) => {
    const { manifest } = await needDataSet(join(folder, name))
    requireOrSkip(
      context,
      manifest.files.map(({ mirror }) => missingData(mirror ?? "")).find((missing) => missing !== undefined),
      mirrorIsPromised(),
    )
    const examples = await published(name)
    const labels = new Set(examples.flatMap(({ label }) => label ?? []))
    const counts = SPLITS.map((split) => examples.filter((each) => each.split === split).length)
    expect([...counts, labels.size, examples.filter(({ label }) => label === undefined).length]).toEqual(expected)
  })
