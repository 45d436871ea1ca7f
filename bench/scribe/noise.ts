/** Experts that know nothing and are sure of it: what a mixer must not be shaken by. They keep the contract of core/mix/expert.ts. */
import {
  add,
  and,
  buffer,
  i32,
  less,
  let_,
  load,
  local,
  max,
  min,
  mul,
  or,
  select,
  shl,
  shrU,
  store,
  sub,
  xor,
} from "@open-brains/core/ir/build.ts"
import type { Buffer, Expression, Program } from "@open-brains/core/ir/program.ts"
import { bit, byteBack, history, partial, position } from "@open-brains/core/kernels/expert_ports.ts"
import type { Expert } from "@open-brains/core/mix/expert.ts"

/** A logit of about ±5.9: 0.997. */
const SURE = 1500
const ONCE = i32(0)
const v = local
const votes = buffer("output", "i16", "votes", 1)
const sure = (isOne: Expression): Expression => select(isOne, i32(SURE), i32(-SURE))

const expertOf = (name: string, about: string, ports: readonly Buffer[], vote: Expression): Expert => ({
  name,
  about,
  program: { name, buffers: [...ports, votes], body: [store(votes, ONCE, vote)] },
})

/** The sign is a bit of a hash of the place, the bits so far and the seed. */
export function random(seed: number): Expert {
  const name = `random${seed}`
  const body = [
    let_("place", mul(add(load(position, ONCE), i32(Math.imul(seed + 1, 0x9e3779b1))), i32(0x85ebca6b))),
    let_("stirred", xor(v("place"), shrU(v("place"), 15))),
    let_("hash", mul(xor(v("stirred"), mul(load(partial, ONCE), i32(0x2f0b4c47))), i32(0xc2b2ae35))),
    store(votes, ONCE, sure(and(shrU(v("hash"), 16), 1))),
  ]
  return { name, about: "noise", program: { name, buffers: [position, partial, votes], body } }
}

export const constant: Expert = expertOf("constant", "always a one", [], i32(SURE))

/** A one after every other byte. */
export const oscillating: Expert = expertOf(
  "oscillating",
  "a one, then a zero, by the byte",
  [position],
  sure(and(load(position, ONCE), 1)),
)

const COUNT_MAX = 15
/** Against what followed before: it counts what bits came after the same byte and the same bits, and says the contrary. */
export function adversarial(historyBytes: number): Expert {
  const past = history(historyBytes)
  const counts = buffer("state", "i8", "counts", 2 ** 16)
  const at = and(or(shl(byteBack(past, 1), 8), and(load(partial, ONCE), 255)), counts.length - 1)
  const program: Program = {
    name: "adversarial",
    buffers: [past, position, partial, bit, votes, counts],
    body: [store(votes, ONCE, sure(less(load(counts, at), i32(0))))],
    entries: {
      learn: [
        let_("place", at),
        let_("came", sub(shl(and(load(bit, ONCE), 1), 1), i32(1))),
        let_("count", add(load(counts, v("place")), v("came"))),
        store(counts, v("place"), min(max(v("count"), i32(-COUNT_MAX)), i32(COUNT_MAX))),
      ],
    },
  }
  return { name: "adversarial", about: "against what followed before", program }
}

/** Fifteen: twelve at random, one that never changes, one that swings, one that is against. */
export const noiseExperts = (historyBytes: number): readonly Expert[] => [
  ...Array.from({ length: 12 }, (_, seed) => random(seed)),
  constant,
  oscillating,
  adversarial(historyBytes),
]
