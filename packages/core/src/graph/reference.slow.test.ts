import { expect, test } from "vitest"
import { FUNCTIONS, ulpErrors } from "./testing/ulp.ts"

// All of them take minutes: once, they gave 0.992 for exp, 0.829 for log, 1.33 for tanh, 2.40 for sigmoid, 2.82 for sin
// and 2.99 for cos. STRIDE=1 takes them again.
for (const name of Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[])
  test(`${name} lies within its stated units in the last place of Math, for floats all over the range`, () => {
    expect(ulpErrors(name, Number(process.env["STRIDE"] ?? 127)).largest).toBeLessThanOrEqual(FUNCTIONS[name].ulps)
  }, 600_000)
