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
  parallel,
  shrS,
  store,
  sub,
  total,
} from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"
import { LOGIT_MAX, squash } from "../kernels/logistic.ts"

const v = local

/** One of the mixer's sets of weights: what chooses among its rows, an i32 of 0 … 255. */
export interface Selector {
  readonly name: string
  readonly row: Expression
}
export interface Mixer {
  readonly buffers: readonly Buffer[]
  /** Binds `mixed`, the logit of the mix, and `mixed_chance` in units of 2⁻¹⁶, from `inputs`. */
  readonly mix: Block
  /** Learns from `target`, 65535 for a one and 0 for a zero. */
  readonly learn: Block
  /** After each byte that was learnt: inputs that are louder than most learn in smaller steps. */
  readonly adjust: Block
  readonly reset: Block
  /** The weights of each selector, rows of as many as there are inputs, and of the second layer. */
  readonly sets: readonly Buffer[]
  readonly final: Buffer
}

/** Of weights: 1 is 2¹⁶, and none leaves ±8. */
export const WEIGHT_ONE = 65536
const WEIGHT_MAX = 8 * WEIGHT_ONE - 1
/** Learning rates in units of 2⁻¹⁶: of the first layer at last, what is added to it at first, and of the second layer. */
const RATE = 131
const RATE_FIRST = 1311
const FINAL_RATE = 40
/** An input whose mean square is above this, in units of 2⁻¹⁶, learns in steps that are smaller by as much; the mean is over 2¹⁰ bits. */
const POWER_FREE = 3 * 65536
const POWER_SHIFT = 10
const GAIN_BITS = 11
/** Bits after which half of what was added is gone. */
const RATE_HALF = 800

/** Whether a buffer of a mixer has a weight for each input in its rows. */
export const isInputWeights = (name: string): boolean => name.startsWith("weights_")

/**
 * Logistic mixing in two layers: p = σ(Σ wᵢ stretch(pᵢ)). Each selector has a set of weights, one row of which mixes all
 * inputs; the mixes are mixed once more by a row that `rows[0]` chooses. Each layer follows the gradient of its own coding
 * cost: w ← w + η · (bit − p) · input, whose regret against the best fixed weights is O(√T). Inputs whose mean square m is above
 * 3 learn with η · 3 / m: what shouts at random would else shake the mix by what its own weight trembles.
 *
 * Shapes: inputs i16 [n], n a multiple of 4, in units of 1/256; sets i32 [rows, n]. Numbers: Σ is exact in i32 for n ≤ 64.
 * Sources: Mahoney 2005, section 3.3; Mattern 2013, arXiv:1302.2820, for the regret.
 */
export function mixer(inputs: Buffer, selectors: readonly Selector[], rows: number, firstWeight: number): Mixer {
  const width = inputs.length
  const count = selectors.length
  const sets = selectors.map(({ name }) => buffer("state", "i32", `weights_${name}`, rows * width))
  const final = buffer("state", "i32", "final_weights", rows * count)
  const sums = buffer("scratch", "i32", "sums", 4 * count)
  const powers = buffer("state", "i32", "powers", width)
  const gains = buffer("state", "i32", "gains", width)
  const seen = buffer("state", "i32", "bits_learnt", 1)
  const each = selectors.map((_, s) => s)
  const finalAt = (s: number): Expression => add(v("final_row"), i32(s))
  const mix: Block = [
    ...selectors.map(({ row }, s) => let_(`row${s}`, mul(and(row, i32(rows - 1)), i32(width)))),
    // Four partial sums, one to a lane.
    parallel("lane", 4, [
      ...each.map((s) => let_(`sum${s}`, i32(0))),
      loop("four", width / 4, [
        let_("x", load(inputs, add(mul(v("four"), i32(4)), v("lane")))),
        ...each.map((s) => {
          const weight = load(sets[s]!, add(v(`row${s}`), add(mul(v("four"), i32(4)), v("lane"))))
          return { kind: "set", name: `sum${s}`, value: add(v(`sum${s}`), shrS(mul(weight, v("x")), 8)) } as const
        }),
      ]),
      ...each.map((s) => store(sums, add(i32(4 * s), v("lane")), v(`sum${s}`))),
    ]),
    ...each.flatMap((s) => {
      const sum = total(...[0, 1, 2, 3].map((lane) => load(sums, i32(4 * s + lane))))
      return [
        let_(`logit${s}`, clamp(shrS(sum, 8), -LOGIT_MAX, LOGIT_MAX - 1)),
        ...squash(`chance${s}`, v(`logit${s}`)),
      ]
    }),
    let_("final_row", mul(and(selectors[0]!.row, i32(rows - 1)), i32(count))),
    let_(
      "mixed",
      clamp(
        shrS(total(...each.map((s) => shrS(mul(load(final, finalAt(s)), v(`logit${s}`)), 4))), 12),
        -LOGIT_MAX,
        LOGIT_MAX - 1,
      ),
    ),
    ...squash("mixed_chance", v("mixed")),
  ]
  /** w + input · error, rounded, where the error has 2⁴ units to the rate's 2⁻¹⁶ of a chance's 2⁻¹⁶. */
  const moved = (weight: Expression, input: Expression, error: Expression): Expression =>
    clamp(add(weight, shrS(add(mul(input, error), i32(2048)), 12)), -WEIGHT_MAX, WEIGHT_MAX)
  const learn: Block = [
    let_("bits_before", max(load(seen, i32(0)), i32(0))),
    let_(
      "rate",
      add(i32(RATE), binary("i32.div_s", i32(RATE_FIRST * RATE_HALF), add(i32(RATE_HALF), v("bits_before")))),
    ),
    ...each.map((s) => let_(`error${s}`, shrS(mul(sub(v("target"), v(`chance${s}`)), v("rate")), 12))),
    parallel("i", width, [
      let_("vote", load(inputs, v("i"))),
      let_("power", load(powers, v("i"))),
      store(powers, v("i"), add(v("power"), shrS(sub(mul(v("vote"), v("vote")), v("power")), POWER_SHIFT))),
      let_("input", shrS(mul(v("vote"), load(gains, v("i"))), GAIN_BITS)),
      ...each.map((s) => {
        const place = add(v(`row${s}`), v("i"))
        return store(sets[s]!, place, moved(load(sets[s]!, place), v("input"), v(`error${s}`)))
      }),
    ]),
    let_("final_error", shrS(mul(sub(v("target"), v("mixed_chance")), i32(FINAL_RATE)), 12)),
    ...each.map((s) => store(final, finalAt(s), moved(load(final, finalAt(s)), v(`logit${s}`), v("final_error")))),
    store(seen, i32(0), min(add(v("bits_before"), i32(1)), i32(2 ** 28))),
  ]
  const adjust: Block = [
    loop("of_input", width, [
      let_("spread", max(load(powers, v("of_input")), i32(POWER_FREE))),
      store(gains, v("of_input"), binary("i32.div_s", i32(POWER_FREE << GAIN_BITS), v("spread"))),
    ]),
  ]
  const reset: Block = [
    loop("gain", width, [store(gains, v("gain"), i32(1 << GAIN_BITS))]),
    loop(
      "weight",
      rows * width,
      sets.map((set) => store(set, v("weight"), i32(firstWeight))),
    ),
    loop("final_weight", rows * count, [store(final, v("final_weight"), i32(Math.floor(WEIGHT_ONE / count)))]),
  ]
  return { buffers: [...sets, final, sums, powers, gains, seen], mix, learn, adjust, reset, sets, final }
}
