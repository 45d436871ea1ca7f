import { log2 } from "../base/logarithm.ts"

const STEPS = 2048
const TABLE = Int32Array.from({ length: STEPS }, (_, i) => Math.round(256 * log2(STEPS + i)))

/**
 * log₂ of a whole number from 1 to 2⁵³, in units of 1/256: a table of the numbers from 2¹¹ to 2¹², which a smaller one is
 * doubled into and a larger one halved, its remainder dropped. Integers only, and never falling. Error: at most one unit.
 */
export function logUnits(x: number): number {
  let [mantissa, units] = [x, 0]
  for (; mantissa < STEPS; mantissa *= 2) units -= 256
  for (; mantissa >= 2 * STEPS; mantissa = Math.floor(mantissa / 2)) units += 256
  return units + TABLE[mantissa - STEPS]!
}
