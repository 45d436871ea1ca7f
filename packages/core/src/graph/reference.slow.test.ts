import { expect, test } from "vitest"
import { ulpErrors } from "./testing/ulp.ts"

for (const name of ["exp", "log"] as const)
  test(`${name} lies within a unit in the last place of Math for every float there is`, () => {
    expect(ulpErrors(name, 1).largest).toBeLessThanOrEqual(1)
  }, 600_000)
