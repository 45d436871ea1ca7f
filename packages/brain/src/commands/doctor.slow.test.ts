import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "../native/c99.ts"
import { brain } from "../testing/command.ts"

test("doctor measures every engine of this machine", async (context) => {
  requireOrSkip(context, missingCompiler())
  const { code, out } = await brain(["doctor", "--json"])
  const { engines, relaxedSimd } = JSON.parse(out)
  expect([code, relaxedSimd]).toEqual([0, true])
  for (const [i, name] of ["interpreter", "wasm", "threads", "native"].entries()) {
    expect(engines[i]).toMatchObject({ name })
    for (const figure of ["int8", "f32", "compileMs"]) expect(engines[i][figure]).toBeGreaterThan(0)
  }
  expect(engines[2].f32).toBeGreaterThan(20 * engines[0].f32) // it ran what was compiled, not the judge
})
