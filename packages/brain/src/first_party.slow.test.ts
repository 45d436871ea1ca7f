import { join } from "node:path"
import { expect, test } from "vitest"
import { mirrorIsPromised, missingData, repository, requireOrSkip } from "../../../scripts/testing.ts"
import { load } from "./load.ts"
import { rebuild } from "./rebuild.ts"
import { CLINC150_IN_MIRROR, published } from "./testing/published.ts"

test("modules/intent is built again from its data set, bit for bit", { timeout: 120_000 }, async (context) => {
  requireOrSkip(context, missingData(CLINC150_IN_MIRROR), mirrorIsPromised())
  const { files } = await load(join(repository, "modules", "intent"))
  const examples = await published("clinc150")
  expect(await rebuild(files, { examples })).toMatchObject({ isSame: true })
})
