import { log2 } from "../base/logarithm.ts"
import { powersOfHalf } from "../base/powers.ts"
import {
  add,
  and,
  belowU,
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
  shl,
  shrS,
  shrU,
  store,
  sub,
  table,
  when,
} from "../ir/build.ts"
import type { Program } from "../ir/program.ts"

const v = local
/** Of weights: 1 is 2¹⁶. */
export const LABEL_WEIGHT_ONE = 65536
const WEIGHT_MAX = 4 * LABEL_WEIGHT_ONE
/** Of a difference of a 256th of a bit, in weight; at first, and what is left after many answers. */
const RATE_FIRST = 6
const RATE = 1
const RATE_HALF = 100
export const LABELS_MAX = 1024
export const LABEL_EXPERTS_MAX = 64

/**
 * Logistic mixing of experts that give a probability to each label of a closed set: p_j ∝ Π_k p_kj^w_k. For two labels that is
 * σ(Σ w_k stretch(p_k)), as for bits. It learns by the gradient of its coding cost: w_k ← w_k + η (s_ky − Σ_j p_j s_kj), where
 * s_kj = log₂ p_kj and y is what came, which only the entry `learn` is shown.
 *
 * Shapes: shares u16 [experts, labels] in units of 2⁻¹⁶, enabled u8 [experts] → parts i32 [labels], 1 … 65536 each; p_j is its
 * share of their sum. State: weights i32 [experts] in units of 2⁻¹⁶. Errors: none.
 * Source: Genest & Zidek 1986, "Combining probability distributions", section 3, for the pool; Mattern 2013, arXiv:1302.2820, for learning it.
 */
export function labelMixer(experts: number, labels: number): Program {
  const shares = buffer("input", "u16", "shares", experts * labels)
  const enabled = buffer("input", "u8", "enabled", experts)
  const outcome = buffer("input", "i32", "outcome", 1)
  const parts = buffer("output", "i32", "parts", labels)
  const scores = buffer("state", "i32", "scores", experts * labels)
  const weights = buffer("state", "i32", "weights", experts)
  const seen = buffer("state", "i32", "seen", 1)
  const totals = buffer("scratch", "i32", "totals", labels)
  const powers = table("i32", "powers", powersOfHalf(65536))
  const logarithms = table(
    "i32",
    "logarithms",
    Array.from({ length: 256 }, (_, i) => Math.round(256 * log2(1 + i / 256))),
  )
  const at = add(mul(v("e"), i32(labels)), v("j"))
  const atLearnt = add(mul(v("k"), i32(labels)), v("l"))
  return {
    name: "label_mixer",
    buffers: [shares, enabled, outcome, parts, scores, weights, seen, totals, powers, logarithms],
    body: [
      loop("clear", labels, [store(totals, v("clear"), i32(0))]),
      loop("e", experts, [
        let_("weight", clamp(load(weights, v("e")), -WEIGHT_MAX, WEIGHT_MAX)),
        when(load(enabled, v("e")), [
          loop("j", labels, [
            // log₂ of the share: its leading one, and a table for the eight bits after it.
            let_("mantissa", add(load(shares, at), i32(1))),
            let_("power", i32(16)),
            loop("lift", 16, [
              let_("is_low", belowU(v("mantissa"), i32(65536))),
              set("mantissa", shl(v("mantissa"), v("is_low"))),
              set("power", sub(v("power"), v("is_low"))),
            ]),
            let_("score", add(shl(v("power"), 8), load(logarithms, and(shrU(v("mantissa"), 8), 255)))),
            store(scores, at, v("score")),
            store(totals, v("j"), add(load(totals, v("j")), shrS(mul(v("weight"), v("score")), 12))),
          ]),
        ]),
      ]),
      let_("most", i32(-(2 ** 31))),
      loop("m", labels, [set("most", max(v("most"), load(totals, v("m"))))]),
      loop("p", labels, [
        let_("gap", clamp(shrS(sub(v("most"), load(totals, v("p"))), 4), 0, 16 * 256 - 1)),
        store(parts, v("p"), max(shrU(load(powers, and(v("gap"), 255)), shrU(v("gap"), 8)), i32(1))),
      ]),
    ],
    entries: {
      learn: [
        let_("y", clamp(load(outcome, i32(0)), 0, labels - 1)),
        let_("answers", clamp(load(seen, i32(0)), 0, 2 ** 20)),
        let_(
          "rate",
          add(i32(RATE), binary("i32.div_s", i32(RATE_FIRST * RATE_HALF), add(i32(RATE_HALF), v("answers")))),
        ),
        loop("k", experts, [
          let_("sum", i32(1)),
          let_("expected", i32(0)),
          loop("l", labels, [
            let_("part", and(shrU(load(parts, v("l")), 8), 511)),
            set("sum", add(v("sum"), v("part"))),
            set("expected", add(v("expected"), mul(v("part"), clamp(load(scores, atLearnt), 0, 4096)))),
          ]),
          let_("came", clamp(load(scores, add(mul(v("k"), i32(labels)), v("y"))), 0, 4096)),
          let_("step", mul(sub(v("came"), binary("i32.div_s", v("expected"), v("sum"))), v("rate"))),
          let_("moved", clamp(add(load(weights, v("k")), v("step")), -WEIGHT_MAX, WEIGHT_MAX)),
          store(weights, v("k"), v("moved")), // who was never asked has no scores, and stays
        ]),
        store(seen, i32(0), min(add(v("answers"), i32(1)), i32(2 ** 20))),
      ],
    },
  }
}
