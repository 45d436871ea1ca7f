import {
  add,
  and,
  buffer,
  equal,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  max,
  mul,
  or,
  select,
  shl,
  shrS,
  shrU,
  store,
  sub,
  table,
  when,
  xor,
} from "../ir/build.ts"
import type { Block, Expression, Program } from "../ir/program.ts"
import { FIRST_CHANCES, NEXT_STATES } from "./bit_history.ts"
import type { Context } from "./contexts.ts"
import { bit, history, node, partial, position } from "./expert_ports.ts"
import { stretch, stretchTable } from "./logistic.ts"

const v = local
const GOLDEN = i32(0x9e3779b1)

export interface ContextModelOptions {
  readonly context: Context
  /** Bytes of its table: a power of two from 64 on. */
  readonly tableBytes: number
  readonly historyBytes: number
  /** Whether a history means something else at each of the 30 nodes of a byte's two nibbles. */
  readonly byNode: boolean
}

/** Bytes of a slot: a check, and a state for each of the 15 nodes of four bits. */
const SLOT = 16

/**
 * What followed the same context before: for each context and each run of four bits a slot of 15 bit histories, found by
 * hash and checked by eight bits of it; for each history how often a one followed, learnt by all contexts together.
 *
 * Votes: the logit of that chance and its distance from a half; none where the context is new.
 * State: table u8 [tableBytes], chances i32 [256] or [32, 256] with 22 bits of a chance and 10 of how often it was met.
 * Source: Mahoney 2005, sections 3.1 and 3.2, and lpaq1 (2007) for slots of four bits.
 */
export function contextModel({ context, tableBytes, historyBytes, byNode }: ContextModelOptions): Program {
  const slots = tableBytes / SLOT
  const past = history(historyBytes)
  const votes = buffer("output", "i16", "votes", 2)
  const states = buffer("state", "u8", "table", tableBytes)
  const kinds = byNode ? 32 : 1
  const chances = buffer("state", "i32", "chances", 256 * kinds)
  const carried = buffer("state", "i32", "carried", 8)
  const found = buffer("scratch", "i32", "found", 4) // slot, whether it is new, place, history
  const next = table("u8", "next_states", NEXT_STATES)
  const rates = table("u16", "rates", RATES)
  const first = table(
    "i32",
    "first_chances",
    FIRST_CHANCES.map((chance) => (chance << 10) | FIRST_COUNT),
  )
  const [SLOT_AT, NEW_AT, PLACE_AT, STATE_AT] = [i32(0), i32(1), i32(2), i32(3)]
  const way = (i: number): Expression => xor(v("way0"), i32(SLOT * i))
  const locate: Block = [
    let_("mixed", mul(xor(load(carried, i32(0)), mul(load(partial, i32(0)), GOLDEN)), i32(0x85ebca6b))),
    let_("hash", mul(xor(v("mixed"), shrU(v("mixed"), 15)), i32(0xc2b2ae35))),
    let_("check", max(shrU(v("hash"), 24), i32(1))),
    let_("way0", shl(and(xor(v("hash"), shrU(v("hash"), 11)), i32(slots - 1)), 4)),
    // Neighbours of the first: all three lie in 64 bytes, which are read together.
    let_("way1", and(way(1), i32(tableBytes - SLOT))),
    let_("way2", and(way(2), i32(tableBytes - SLOT))),
    let_("hit0", equal(load(states, v("way0")), v("check"))),
    let_("hit1", equal(load(states, v("way1")), v("check"))),
    let_("hit2", equal(load(states, v("way2")), v("check"))),
    let_("seen0", load(states, add(v("way0"), i32(1)))),
    let_("seen1", load(states, add(v("way1"), i32(1)))),
    let_("seen2", load(states, add(v("way2"), i32(1)))),
    let_("least", select(less(v("seen1"), v("seen0")), v("way1"), v("way0"))),
    let_("least_seen", select(less(v("seen1"), v("seen0")), v("seen1"), v("seen0"))),
    let_("loser", select(less(v("seen2"), v("least_seen")), v("way2"), v("least"))),
    store(
      found,
      SLOT_AT,
      select(v("hit0"), v("way0"), select(v("hit1"), v("way1"), select(v("hit2"), v("way2"), v("loser")))),
    ),
    store(found, NEW_AT, select(or(or(v("hit0"), v("hit1")), v("hit2")), i32(0), v("check"))),
  ]
  const predict: Block = [
    when(equal(load(node, i32(0)), 1), locate),
    let_("place", add(and(load(found, SLOT_AT), i32(tableBytes - SLOT)), and(load(node, i32(0)), 15))),
    let_("state", select(load(found, NEW_AT), i32(0), load(states, v("place")))),
    store(found, PLACE_AT, v("place")),
    let_(
      "cell",
      byNode
        ? or(v("state"), shl(or(and(load(node, i32(0)), 15), shl(less(i32(15), load(partial, i32(0))), 4)), 8))
        : v("state"),
    ),
    store(found, STATE_AT, v("cell")),
    let_("chance", shrU(load(chances, v("cell")), 20)),
    let_("is_known", less(i32(0), v("state"))),
    store(votes, i32(0), select(v("is_known"), stretch(v("chance")), i32(0))),
    store(votes, i32(1), select(v("is_known"), shrS(sub(v("chance"), i32(2048)), LINEAR_SHIFT), i32(0))),
  ]
  const learn: Block = [
    let_("learnt_slot", and(load(found, SLOT_AT), i32(tableBytes - SLOT))),
    when(load(found, NEW_AT), [
      loop("clear", SLOT, [store(states, add(v("learnt_slot"), v("clear")), i32(0))]),
      store(states, v("learnt_slot"), load(found, NEW_AT)),
      store(found, NEW_AT, i32(0)),
    ]),
    let_("before", and(load(found, STATE_AT), 255)),
    let_("outcome", and(load(bit, i32(0)), 1)),
    store(states, and(load(found, PLACE_AT), i32(tableBytes - 1)), load(next, add(shl(v("before"), 1), v("outcome")))),
    let_("entry_at", and(load(found, STATE_AT), i32(256 * kinds - 1))),
    let_("entry", load(chances, v("entry_at"))),
    let_("count", and(v("entry"), 1023)),
    let_("known", shrU(v("entry"), 10)),
    let_("target", select(v("outcome"), i32(2 ** 22 - 1), i32(0))),
    let_("step", mul(shrS(sub(v("target"), v("known")), 3), load(rates, v("count")))),
    let_("moved", add(v("known"), shrS(v("step"), 9))),
    store(
      chances,
      v("entry_at"),
      or(shl(v("moved"), 10), select(less(v("count"), i32(COUNT_MAX)), add(v("count"), i32(1)), v("count"))),
    ),
  ]
  const reset: Block = [loop("each", 256 * kinds, [store(chances, v("each"), load(first, and(v("each"), 255)))])]
  return {
    name: context.name,
    buffers: [
      past,
      position,
      partial,
      node,
      bit,
      votes,
      states,
      chances,
      carried,
      found,
      next,
      rates,
      first,
      stretchTable,
      ...(context.memory ?? []),
    ],
    body: predict,
    entries: {
      start: [...context.hash(past, carried), store(carried, i32(0), v("context"))],
      ...(context.remember ? { remember: context.remember(past) } : {}),
      learn,
      reset,
    },
  }
}
const LINEAR_SHIFT = 2
/** A chance begins as if it had been met so often, and goes on moving by one part of COUNT_MAX. */
const FIRST_COUNT = 8
const COUNT_MAX = 1000
/** 1 / (n + 1.5) in units of 2⁻¹²: times an eighth of a distance, of 19 bits, it does not wrap. */
const RATES = Array.from({ length: 1024 }, (_, n) => Math.round(4096 / (n + 1.5)))
