import { expect, test } from "vitest"
import { ulpErrors } from "./testing/ulp.ts"

for (const name of ["exp", "log"] as const)
  test(`${name} lies within 2 units in the last place of Math for every float there is`, () => {
    expect(ulpErrors(name, 1).largest).toBeLessThanOrEqual(2)
  }, 600_000)
