import { load, rebuild } from "open-brains"
import { expect, test } from "vitest"

test("its net is built again to the bit", { timeout: 300_000 }, async () => {
  const { files } = await load(`${import.meta.dirname}/tone`)
  expect(await rebuild(files)).toMatchObject({ isSame: true })
})
