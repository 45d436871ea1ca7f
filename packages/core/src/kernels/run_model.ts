import {
  add,
  and,
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
import type { Block, Program } from "../ir/program.ts"
import type { Context } from "./contexts.ts"
import { bit, history, node, partial, position } from "./expert_ports.ts"
import { stretch, stretchTable } from "./logistic.ts"

const v = local

export interface RunModelOptions {
  readonly context: Context
  /** Contexts that find room, two bytes each: a power of two. */
  readonly entries: number
  readonly historyBytes: number
}
const RATE_SHIFT = 5
const COUNTS = 8
/** Three of four, before anything was learnt. */
const FIRST = 3 * 2 ** 14

/**
 * Which byte followed the same context last, and how often in a row, in two bytes a context: a check of 5 bits, a count of 3,
 * and the byte. Who meets an entry of another context takes one from its count, and takes it over at the last one.
 * What each count is worth, at the first bit of a byte and after it, is learnt.
 *
 * Votes: the logit of the bit of the byte that is expected, and its distance from a half; none where it does not fit.
 * State: table u16 [entries], chances u16 [16] in units of 2⁻¹⁶, found i32 [3]. Source: the run maps of paq8 (2005).
 */
export function runModel({ context, entries, historyBytes }: RunModelOptions): Program {
  const past = history(historyBytes)
  const votes = buffer("output", "i16", "votes", 2)
  const table = buffer("state", "u16", "table", entries)
  const chances = buffer("state", "u16", "chances", 2 * COUNTS)
  const carried = buffer("state", "i32", "carried", context.carries ?? 1)
  const found = buffer("state", "i32", "found", 3) // place, check, entry (0 when it is another's)
  const said = buffer("scratch", "i32", "said", 2) // situation, expected bit or −1
  const [PLACE, CHECK, ENTRY] = [i32(0), i32(1), i32(2)]
  const start: Block = [
    ...context.hash(past, carried),
    let_("hash", mul(xor(v("context"), shrU(v("context"), 15)), i32(0x85ebca6b))),
    let_("check", shrU(v("hash"), 27)),
    let_("place", and(shrU(v("hash"), 8), i32(entries - 1))),
    let_("entry", load(table, v("place"))),
    store(found, PLACE, v("place")),
    store(found, CHECK, v("check")),
    store(found, ENTRY, select(equal(shrU(v("entry"), 11), v("check")), v("entry"), i32(0))),
  ]
  const predict: Block = [
    let_("known", load(found, ENTRY)),
    let_("count", and(shrU(v("known"), 8), COUNTS - 1)),
    let_("expected", or(and(v("known"), 255), 256)),
    let_("seen", load(partial, i32(0))),
    // The number of bits that are still to come, by where the leading one of `partial` stands.
    let_("left", i32(8)),
    loop("depth", 7, [set("left", sub(v("left"), less(i32(0), shrU(v("seen"), add(v("depth"), i32(1))))))]),
    let_("fits", and(less(i32(0), v("count")), equal(shrU(v("expected"), v("left")), v("seen")))),
    let_("expected_bit", and(shrU(v("expected"), sub(v("left"), i32(1))), 1)),
    let_("situation", add(v("count"), select(less(i32(1), v("seen")), i32(COUNTS), i32(0)))),
    store(said, i32(0), v("situation")),
    store(said, i32(1), select(v("fits"), v("expected_bit"), i32(-1))),
    let_("chance", load(chances, v("situation"))),
    let_("logit", stretch(shrU(v("chance"), 4))),
    let_("linear", shrS(sub(v("chance"), i32(32768)), LINEAR_SHIFT)),
    ...[v("logit"), v("linear")].map((vote, i) =>
      store(votes, i32(i), select(v("fits"), select(v("expected_bit"), vote, sub(i32(0), vote)), i32(0))),
    ),
  ]
  const learn: Block = [
    let_("outcome", and(load(bit, i32(0)), 1)),
    let_("said_bit", load(said, i32(1))),
    let_("at", and(load(said, i32(0)), 2 * COUNTS - 1)),
    when(less(i32(-1), v("said_bit")), [
      let_("was", load(chances, v("at"))),
      let_("target", select(equal(v("said_bit"), v("outcome")), i32(65535), i32(0))),
      store(chances, v("at"), add(v("was"), shrS(sub(v("target"), v("was")), RATE_SHIFT))),
    ]),
    when(less(i32(127), load(partial, i32(0))), [
      let_("came", and(or(shl(load(partial, i32(0)), 1), v("outcome")), 255)),
      let_("old_at", and(load(found, PLACE), i32(entries - 1))),
      let_("old", load(table, v("old_at"))),
      let_("old_count", and(shrU(v("old"), 8), COUNTS - 1)),
      let_("is_own", less(i32(0), and(shrU(load(found, ENTRY), 8), COUNTS - 1))),
      let_("again", and(v("is_own"), equal(and(v("old"), 255), v("came")))),
      let_("fresh", or(or(shl(and(load(found, CHECK), 31), 11), 256), v("came"))),
      let_("grown", or(and(v("old"), 0xf8ff), shl(min(add(v("old_count"), i32(1)), i32(COUNTS - 1)), 8))),
      let_("worn", or(and(v("old"), 0xf8ff), shl(clamp(sub(v("old_count"), i32(2)), 0, COUNTS - 1), 8))),
      store(
        table,
        v("old_at"),
        select(v("again"), v("grown"), select(less(v("old_count"), i32(3)), v("fresh"), v("worn"))),
      ),
    ]),
  ]
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
    entries: {
      start,
      ...(context.remember ? { remember: context.remember(past) } : {}),
      learn,
      reset: [
        loop("each", 2 * COUNTS, [store(chances, v("each"), i32(FIRST))]),
        loop("forgotten", carried.length, [store(carried, v("forgotten"), i32(0))]),
        ...[PLACE, CHECK, ENTRY].map((each) => store(found, each, i32(0))),
        loop("cleared", entries, [store(table, v("cleared"), i32(0))]),
      ],
    },
  }
}
const LINEAR_SHIFT = 6
