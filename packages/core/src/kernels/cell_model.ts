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
  mul,
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
import type { Block, Program } from "../ir/program.ts"
import { FIRST_CHANCES, NEXT_STATES } from "./bit_history.ts"
import type { Context } from "./contexts.ts"
import { bit, history, node, partial, position } from "./expert_ports.ts"
import { stretch, stretchTable } from "./logistic.ts"

const v = local
const GOLDEN = i32(0x9e3779b1)

export interface CellModelOptions {
  readonly context: Context
  /** Bit histories, a byte each: a power of two from 16 on. */
  readonly cells: number
  readonly historyBytes: number
}

/**
 * What followed the same context before, in the least room: a bit history for each node of each context, found by hash and
 * not checked. A context that is mostly followed by one byte takes eight cells, where a slot of `contextModel` takes 16 for
 * each half of a byte. Two that meet in a cell disturb each other.
 *
 * Votes: the logit of (n₁ + 0.4) / (n + 0.8) and its distance from a half; none for an empty cell. What a history is worth is
 * not learnt, as `contextModel` does: on the first 2 KB of a text that cost 0.02 bits a byte where it saved 512 bytes a model.
 * State: cells u8 [cells], carried i32, the hash of the context first.
 * Sources: as for `contextModel`; cells without checks as in paq6 (Mahoney 2005, section 3.1).
 */
export function cellModel({ context, cells, historyBytes }: CellModelOptions): Program {
  const past = history(historyBytes)
  const votes = buffer("output", "i16", "votes", 2)
  const states = buffer("state", "u8", "cells", cells)
  const carried = buffer("state", "i32", "carried", context.carries ?? 1)
  const found = buffer("scratch", "i32", "found", 2) // where the half of a byte begins, and the cell
  const next = table("u8", "next_states", NEXT_STATES)
  const first = table(
    "u16",
    "first_chances",
    FIRST_CHANCES.map((chance) => Math.min(65535, chance >> 6)),
  )
  const [BASE, CELL] = [i32(0), i32(1)]
  const mixed = mul(xor(load(carried, i32(0)), mul(load(partial, i32(0)), GOLDEN)), i32(0x85ebca6b))
  const predict: Block = [
    when(equal(load(node, i32(0)), 1), [store(found, BASE, shrU(mixed, 12))]),
    // Nodes of one half lie in 16 cells that others share, so that the 15 of them do not meet.
    let_("cell", and(xor(load(found, BASE), load(node, i32(0))), i32(cells - 1))),
    store(found, CELL, v("cell")),
    let_("state", load(states, v("cell"))),
    let_("chance", load(first, v("state"))),
    let_("is_known", less(i32(0), v("state"))),
    store(votes, i32(0), select(v("is_known"), stretch(shrU(v("chance"), 4)), i32(0))),
    store(votes, i32(1), select(v("is_known"), shrS(sub(v("chance"), i32(32768)), LINEAR_SHIFT), i32(0))),
  ]
  const learn: Block = [
    let_("at", and(load(found, CELL), i32(cells - 1))),
    let_("before", load(states, v("at"))),
    let_("outcome", and(load(bit, i32(0)), 1)),
    store(states, v("at"), load(next, add(shl(v("before"), 1), v("outcome")))),
  ]
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
      carried,
      found,
      next,
      first,
      stretchTable,
      ...(context.memory ?? []),
    ],
    body: predict,
    entries: {
      start: [...context.hash(past, carried), store(carried, i32(0), v("context"))],
      ...(context.remember ? { remember: context.remember(past) } : {}),
      learn,
      reset: [
        loop("forgotten", carried.length, [store(carried, v("forgotten"), i32(0))]),
        loop("cleared", cells, [store(states, v("cleared"), i32(0))]),
      ],
    },
  }
}
const LINEAR_SHIFT = 6
