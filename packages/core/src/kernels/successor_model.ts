import {
  add,
  and,
  belowU,
  binary,
  buffer,
  clamp,
  equal,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  min,
  mul,
  or,
  select,
  set,
  shl,
  shrS,
  shrU,
  store,
  sub,
  when,
  xor,
} from "../ir/build.ts"
import type { Block, Expression, Program } from "../ir/program.ts"
import type { Context } from "./contexts.ts"
import { bit, history, node, partial, position } from "./expert_ports.ts"
import { stretch, stretchTable } from "./logistic.ts"

const v = local
/** Situations: who speaks (the last byte, both for the same bit, both against each other, the one before), the two counts, the depth. */
export interface SuccessorModelOptions {
  readonly context: Context
  readonly tableBytes: number
  readonly historyBytes: number
  /** Whether the depth in the byte makes a situation another one. */
  readonly byDepth: boolean
}
const COUNTS = 8
/** A chance begins at three of four, as if met twice, and goes on moving by one part of COUNT_MAX. */
const FIRST = ((3 * 2 ** 20) << 10) | 2
const COUNT_MAX = 400
const halved = (count: Expression): Expression => shrU(add(count, i32(1)), 1)

/**
 * Which two bytes followed the same context last, and how often in a row: four bytes for a context, where a slot of bit
 * histories takes 32, so that long contexts, which are mostly met once, all find room.
 *
 * Each entry of `table` i32 is a check of 10 bits, the last byte, the one before it, and a count of 3 bits for each; four
 * neighbours are looked at. What each situation (who speaks, both counts, the depth in the byte) is worth is learnt.
 * Votes: the logit of the bit of the byte that is expected, and its distance from a half; none where neither fits.
 * Source: the run maps of Mahoney's paq8 (2005), with a second byte and learnt chances.
 */
export function successorModel({ context, tableBytes, historyBytes, byDepth }: SuccessorModelOptions): Program {
  const entries = tableBytes / 4
  const situations = 4 * COUNTS * COUNTS * (byDepth ? 8 : 1)
  const past = history(historyBytes)
  const votes = buffer("output", "i16", "votes", 2)
  const table = buffer("state", "i32", "table", entries)
  const chances = buffer("state", "i32", "chances", situations)
  const carried = buffer("state", "i32", "carried", 8)
  const found = buffer("state", "i32", "found", 3) // place, check, entry (0 when new)
  const said = buffer("scratch", "i32", "said", 2) // situation, expected bit or -1
  const [PLACE, CHECK, ENTRY] = [i32(0), i32(1), i32(2)]
  const start: Block = [
    ...context.hash(past, carried),
    let_("mixed", mul(xor(v("context"), shrU(v("context"), 15)), i32(0x85ebca6b))),
    let_("hash", mul(xor(v("mixed"), shrU(v("mixed"), 13)), i32(0xc2b2ae35))),
    let_("check", shrU(v("hash"), 22)),
    let_("base", shl(and(xor(v("hash"), shrU(v("hash"), 14)), i32(entries / 4 - 1)), 2)),
    let_("at", v("base")),
    let_("best", i32(1 << 30)),
    loop("way", 4, [
      let_("tried", load(table, add(v("base"), v("way")))),
      let_("is_hit", and(equal(shrU(v("tried"), 22), v("check")), less(i32(0), and(v("tried"), 63)))),
      let_("rank", select(v("is_hit"), i32(-1), and(v("tried"), 63))),
      let_("better", less(v("rank"), v("best"))),
      set("at", select(v("better"), add(v("base"), v("way")), v("at"))),
      set("best", select(v("better"), v("rank"), v("best"))),
    ]),
    store(found, PLACE, v("at")),
    store(found, CHECK, v("check")),
    store(found, ENTRY, select(equal(v("best"), -1), load(table, and(v("at"), i32(entries - 1))), i32(0))),
  ]
  const predict: Block = [
    let_("entry", load(found, ENTRY)),
    let_("seen", load(partial, i32(0))),
    let_("depth", i32(0)),
    loop("d", 7, [set("depth", add(v("depth"), less(i32(0), shrU(v("seen"), add(v("d"), i32(1))))))]),
    let_("left", sub(i32(8), v("depth"))),
    let_("byte1", or(and(shrU(v("entry"), 14), 255), 256)),
    let_("byte2", or(and(shrU(v("entry"), 6), 255), 256)),
    let_("count1", and(shrU(v("entry"), 3), 7)),
    let_("count2", and(v("entry"), 7)),
    let_("fits1", and(less(i32(0), v("count1")), equal(shrU(v("byte1"), v("left")), v("seen")))),
    let_("fits2", and(less(i32(0), v("count2")), equal(shrU(v("byte2"), v("left")), v("seen")))),
    let_("bit1", and(shrU(v("byte1"), sub(v("left"), i32(1))), 1)),
    let_("bit2", and(shrU(v("byte2"), sub(v("left"), i32(1))), 1)),
    let_("expected", select(v("fits1"), v("bit1"), v("bit2"))),
    // Which of both speak: the last alone, the same, against each other, the one before alone.
    let_(
      "relation",
      select(v("fits1"), select(v("fits2"), select(equal(v("bit1"), v("bit2")), i32(1), i32(2)), i32(0)), i32(3)),
    ),
    let_("kind", or(shl(or(shl(v("relation"), 3), v("count1")), 3), v("count2"))),
    let_("situation", byDepth ? or(shl(v("kind"), 3), v("depth")) : v("kind")),
    let_("speaks", or(v("fits1"), v("fits2"))),
    let_("chance", shrU(load(chances, clamp(v("situation"), 0, situations - 1)), 20)),
    store(said, i32(0), v("situation")),
    store(said, i32(1), select(v("speaks"), v("expected"), i32(-1))),
    let_("logit", stretch(v("chance"))),
    let_("linear", shrS(sub(v("chance"), i32(2048)), 2)),
    store(votes, i32(0), select(v("speaks"), select(v("expected"), v("logit"), sub(i32(0), v("logit"))), i32(0))),
    store(votes, i32(1), select(v("speaks"), select(v("expected"), v("linear"), sub(i32(0), v("linear"))), i32(0))),
  ]
  const pack = (b1: Expression, b2: Expression, c1: Expression, c2: Expression): Expression =>
    or(or(shl(load(found, CHECK), 22), shl(b1, 14)), or(shl(b2, 6), or(shl(c1, 3), c2)))
  const learn: Block = [
    let_("said_bit", load(said, i32(1))),
    let_("outcome", and(load(bit, i32(0)), 1)),
    when(belowU(v("said_bit"), i32(2)), [
      let_("at_map", clamp(load(said, i32(0)), 0, situations - 1)),
      let_("cell", load(chances, v("at_map"))),
      let_("cell_count", and(v("cell"), 1023)),
      let_("known", shrU(v("cell"), 10)),
      let_("target", select(equal(v("said_bit"), v("outcome")), i32(2 ** 22 - 1), i32(0))),
      let_("divided", binary("i32.div_s", sub(v("target"), v("known")), add(v("cell_count"), i32(1)))),
      store(
        chances,
        v("at_map"),
        or(shl(add(v("known"), v("divided")), 10), min(add(v("cell_count"), i32(1)), i32(COUNT_MAX))),
      ),
    ]),
    when(less(i32(127), load(partial, i32(0))), [
      let_("came", and(or(shl(load(partial, i32(0)), 1), v("outcome")), 255)),
      let_("old", load(found, ENTRY)),
      let_("b1", and(shrU(v("old"), 14), 255)),
      let_("b2", and(shrU(v("old"), 6), 255)),
      let_("c1", and(shrU(v("old"), 3), 7)),
      let_("c2", and(v("old"), 7)),
      let_("is1", and(less(i32(0), v("c1")), equal(v("came"), v("b1")))),
      let_("is2", and(less(i32(0), v("c2")), equal(v("came"), v("b2")))),
      let_(
        "fresh",
        select(
          v("is1"),
          pack(v("b1"), v("b2"), min(add(v("c1"), i32(1)), i32(7)), v("c2")),
          select(
            v("is2"),
            pack(v("b2"), v("b1"), min(add(v("c2"), i32(1)), i32(7)), halved(v("c1"))),
            pack(v("came"), v("b1"), i32(1), halved(v("c1"))),
          ),
        ),
      ),
      store(table, and(load(found, PLACE), i32(entries - 1)), v("fresh")),
    ]),
  ]
  const reset: Block = [loop("each", situations, [store(chances, v("each"), i32(FIRST))])]
  return {
    name: `after_${context.name}`,
    buffers: [
      past,
      position,
      partial,
      node,
      bit,
      votes,
      table,
      chances,
      carried,
      found,
      said,
      stretchTable,
      ...(context.memory ?? []),
    ],
    body: predict,
    entries: { start, ...(context.remember ? { remember: context.remember(past) } : {}), learn, reset },
  }
}
