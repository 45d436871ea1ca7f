import { exp, ln } from "../base/logarithm.ts"
import { add, and, clamp, i32, let_, load, local, mul, shrS, shrU, sub, table } from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"

/**
 * Chances and their logits as integers, as all experts and the mixer have them.
 *
 * stretch(p) = ln(p / (1 − p)) in units of 1/256, of a chance in units of 2⁻¹²; squash(x) = 1 / (1 + e⁻ˣ) in units of 2⁻¹⁶.
 * Tables of fixed bits: base/logarithm.ts makes them of the four operations. Error of squash: a relative 0.0005, by straight
 * lines between points a sixteenth apart. Source: Mahoney 2005, section 3.3, which calls them so.
 */
export const LOGIT_UNITS = 256
/** Logits end here, at ±12: a chance of 2⁻¹⁷. */
export const LOGIT_MAX = 12 * LOGIT_UNITS
/** What `stretch` gives at most. */
export const STRETCH_MAX = Math.round(LOGIT_UNITS * ln(8191))
const STEP = 16
const POINTS = (2 * LOGIT_MAX) / STEP + 1

/** One name each in every program, so that all experts of a program share them. */
export const stretchTable: Buffer = table(
  "i16",
  "stretch",
  Array.from({ length: 4096 }, (_, i) => Math.round(LOGIT_UNITS * ln((2 * i + 1) / (8191 - 2 * i)))),
)
export const squashTable: Buffer = table(
  "u16",
  "squash",
  Array.from({ length: POINTS + 1 }, (_, i) => {
    const x = (Math.min(i, POINTS - 1) * STEP - LOGIT_MAX) / LOGIT_UNITS
    return Math.min(65535, Math.max(1, Math.round(65536 / (1 + exp(-x)))))
  }),
)

/** Of a chance below 2¹². */
export const stretch = (chance: Expression): Expression => load(stretchTable, and(chance, 4095))

/** Binds `name` to the chance of a logit within ±LOGIT_MAX, in units of 2⁻¹⁶. */
export function squash(name: string, logit: Expression): Block {
  const from = local(`${name}_from`)
  const point = clamp(shrU(from, 4), 0, POINTS - 1)
  const [low, high] = [load(squashTable, point), load(squashTable, add(point, i32(1)))]
  return [
    let_(from, add(logit, i32(LOGIT_MAX))),
    let_(name, add(low, shrS(mul(sub(high, low), and(from, STEP - 1)), 4))),
  ]
}
