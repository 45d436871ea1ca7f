import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { readNames } from "./data.ts"
import { namesFiles } from "./names.ts"

test("the net that lies here is what its recipe makes, to the bit", { timeout: 600_000 }, async (context) => {
  requireOrSkip(context, missingData("names-makemore/names.txt"), mirrorIsPromised())
  const { train } = await readNames(mirror())
  for (const [name, content] of Object.entries(namesFiles(train)))
    expect(Buffer.compare(readFileSync(join(import.meta.dirname, "net", name)), Buffer.from(content)), name).toBe(0)
})
