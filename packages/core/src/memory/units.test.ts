import { expect, test } from "vitest"
import { logUnits } from "./units.ts"

test("logUnits is within a unit of 256 log₂ x, never falls, and is exact at powers of two", () => {
  let before = -1
  for (let x = 1; x < 200_000; x += x < 5000 ? 1 : 97) {
    const units = logUnits(x)
    expect(units).toBeGreaterThanOrEqual(before)
    expect(Math.abs(units - 256 * Math.log2(x))).toBeLessThan(1)
    before = units
  }
  for (let power = 0; power <= 53; power++) expect(logUnits(2 ** power)).toBe(256 * power)
})
