import {
  add,
  and,
  binary,
  buffer,
  clamp,
  i32,
  let_,
  load,
  local,
  loop,
  max,
  min,
  mul,
  set,
  shrS,
  store,
  sub,
  total,
} from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"
import { LOGIT_MAX, squash } from "../kernels/logistic.ts"
import type { Selector } from "./mixer.ts"

const v = local

/** Of weights: 1 is 2¹³, and none leaves ±4. */
export const NARROW_ONE = 2 ** 13
const WEIGHT_MAX = 4 * NARROW_ONE - 1
/** Of each weight at first: with three sets, an input begins with a quarter. */
const FIRST = 700
/** Learning rates in units of 2⁻¹⁶: at last, and what is added at first, of which half is gone after so many bits. */
const RATE = 80
const RATE_FIRST = 900
const RATE_HALF = 800

/** A selector whose set has a number of rows of its own, a power of two. */
export interface RowedSelector extends Selector {
  readonly rows: number
}
export interface NarrowMixer {
  readonly buffers: readonly Buffer[]
  /** Binds `mixed`, the logit of the mix, and `mixed_chance` in units of 2⁻¹⁶, from `inputs`. */
  readonly mix: Block
  /** Learns from `target`, 65535 for a one and 0 for a zero. */
  readonly learn: Block
  readonly reset: Block
}

/**
 * Logistic mixing in one layer: the weight of an input is the sum of those that each selector's row has for it, and all of them
 * learn by the one error of the mix, w ← w + η · (bit − p) · input. Half the bytes of `mixer` a weight, and one product and one
 * chance where that one has as many as there are selectors.
 *
 * Shapes: inputs i16 [n] in units of 1/256; sets i16 [rows, n]. Numbers: Σ is exact in i32 for n · selectors ≤ 64.
 * Source: Mahoney 2005, section 3.3; sets that are added up as in paq8 (2006).
 */
export function narrowMixer(inputs: Buffer, selectors: readonly RowedSelector[]): NarrowMixer {
  const width = inputs.length
  const sets = selectors.map(({ name, rows }) => buffer("state", "i16", `weights_${name}`, rows * width))
  const seen = buffer("state", "i32", "bits_learnt", 1)
  const at = (s: number, input: string): Expression => add(v(`row${s}`), v(input))
  const mix: Block = [
    ...selectors.map(({ row, rows }, s) => let_(`row${s}`, mul(and(row, i32(rows - 1)), i32(width)))),
    let_("sum", i32(0)),
    loop("input", width, [
      let_("weight", total(...sets.map((each, s) => load(each, at(s, "input"))))),
      set("sum", add(v("sum"), shrS(mul(v("weight"), load(inputs, v("input"))), 5))),
    ]),
    let_("mixed", clamp(shrS(v("sum"), 8), -LOGIT_MAX, LOGIT_MAX - 1)),
    ...squash("mixed_chance", v("mixed")),
  ]
  const learn: Block = [
    let_("bits_before", max(load(seen, i32(0)), i32(0))),
    let_(
      "rate",
      add(i32(RATE), binary("i32.div_s", i32(RATE_FIRST * RATE_HALF), add(i32(RATE_HALF), v("bits_before")))),
    ),
    let_("error", shrS(mul(sub(v("target"), v("mixed_chance")), v("rate")), 12)),
    loop("of_input", width, [
      let_("step", shrS(add(mul(load(inputs, v("of_input")), v("error")), i32(2 ** 14)), 15)),
      ...sets.map((each, s) => {
        const place = at(s, "of_input")
        return store(each, place, clamp(add(load(each, place), v("step")), -WEIGHT_MAX, WEIGHT_MAX))
      }),
    ]),
    store(seen, i32(0), min(add(v("bits_before"), i32(1)), i32(2 ** 28))),
  ]
  const reset: Block = sets.map((each, s) =>
    loop(`first_weight${s}`, each.length, [store(each, v(`first_weight${s}`), i32(FIRST))]),
  )
  return { buffers: [...sets, seen], mix, learn, reset: [store(seen, i32(0), i32(0)), ...reset] }
}
