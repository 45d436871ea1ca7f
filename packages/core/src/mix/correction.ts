import { exp } from "../base/logarithm.ts"
import {
  add,
  and,
  buffer,
  clamp,
  i32,
  let_,
  load,
  local,
  loop,
  mul,
  shrS,
  shrU,
  store,
  sub,
  table,
  total,
} from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"

const v = local
const POINTS = 33
/** Logits beyond ±8 are corrected as ±8. */
const REACH = 8 * 256
const STEP_BITS = 7
const RATE_SHIFT = 6
/** Of four parts of the last chance, so many are corrected ones. */
const PARTS = 3

export interface Correction {
  readonly buffers: readonly Buffer[]
  /** Binds `chance`, in units of 2⁻¹⁶, from `mixed` and `mixed_chance`. */
  readonly correct: Block
  readonly learn: Block
  readonly reset: Block
}

/**
 * What chances of this size came to in the same small context before, for several contexts: secondary symbol estimation.
 * Between 33 points of the logit, straight lines; the nearer point moves by a 64th of its error.
 *
 * Shapes: a table u16 [rows, 33] for each of `contexts`, i32 that are hashed to rows. Numbers: a chance stays between 2⁻¹² and 1 − 2⁻¹².
 * Source: Mahoney 2005, section 3.5.
 */
export function correction(contexts: readonly Expression[], rows: number): Correction {
  const tables = contexts.map((_, c) => buffer("state", "u16", `corrections${c}`, rows * POINTS))
  const points = table(
    "u16",
    "correction_points",
    Array.from({ length: POINTS }, (_, i) => Math.min(65535, Math.round(65536 / (1 + exp((16 - i) / 2))))),
  )
  const correct: Block = [
    let_("reached", clamp(add(v("mixed"), i32(REACH)), 0, 2 * REACH - 1)),
    let_("point", shrU(v("reached"), STEP_BITS)),
    let_("beyond", and(v("reached"), 2 ** STEP_BITS - 1)),
    ...contexts.flatMap((context, c) => [
      let_(`line${c}`, mul(and(shrU(mul(context, i32(0x9e3779b1)), 12), i32(rows - 1)), i32(POINTS))),
      let_(`below${c}`, load(tables[c]!, add(v(`line${c}`), v("point")))),
      let_(`above${c}`, load(tables[c]!, add(v(`line${c}`), add(v("point"), i32(1))))),
      let_(
        `corrected${c}`,
        add(v(`below${c}`), shrS(mul(sub(v(`above${c}`), v(`below${c}`)), v("beyond")), STEP_BITS)),
      ),
    ]),
    let_(
      "corrected",
      shrU(mul(total(...contexts.map((_, c) => v(`corrected${c}`))), i32(Math.floor(4096 / contexts.length))), 12),
    ),
    let_(
      "chance",
      clamp(shrS(add(mul(v("mixed_chance"), i32(4 - PARTS)), mul(v("corrected"), i32(PARTS))), 2), 16, 65536 - 16),
    ),
  ]
  const learn: Block = contexts.flatMap((_, c) => [
    let_(`nearest${c}`, add(v(`line${c}`), add(v("point"), shrU(v("beyond"), STEP_BITS - 1)))),
    let_(`was${c}`, load(tables[c]!, v(`nearest${c}`))),
    store(
      tables[c]!,
      v(`nearest${c}`),
      clamp(add(v(`was${c}`), shrS(sub(v("target"), v(`was${c}`)), RATE_SHIFT)), 0, 65535),
    ),
  ])
  const reset: Block = [
    loop("line", rows, [
      loop(
        "on_line",
        POINTS,
        tables.map((each) => store(each, add(mul(v("line"), i32(POINTS)), v("on_line")), load(points, v("on_line")))),
      ),
    ]),
  ]
  return { buffers: [...tables, points], correct, learn, reset }
}
