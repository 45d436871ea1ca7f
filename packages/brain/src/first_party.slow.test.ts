import { join } from "node:path"
import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, repository, requireOrSkip } from "../../../scripts/testing.ts"
import { CLINC150, readDataSet } from "./data/sets.ts"
import { load } from "./load.ts"
import { rebuild } from "./rebuild.ts"

test("modules/intent is built again from its data set, bit for bit", { timeout: 120_000 }, async (context) => {
  requireOrSkip(context, missingData(CLINC150.path), mirrorIsPromised())
  const { files } = await load(join(repository, "modules", "intent"))
  const examples = await readDataSet(CLINC150, mirror())
  expect(await rebuild(files, { examples })).toMatchObject({ isSame: true })
})
