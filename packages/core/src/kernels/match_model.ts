import {
  add,
  and,
  belowU,
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
import { bit, byteBack, history, node, partial, position } from "./expert_ports.ts"
import { stretch, stretchTable } from "./logistic.ts"

const v = local
export interface MatchOptions {
  readonly name: string
  /** Bytes that must be the same for a place to be looked for. */
  readonly shortest: number
  /** Places that are remembered: a power of two. */
  readonly places: number
  readonly historyBytes: number
}
const LENGTH_MAX = 63
const BUCKETS = 16

/**
 * What followed the last place where the same bytes stood: it predicts the byte that came there, as surely as its bytes
 * proved right before at such a length.
 *
 * Votes: the logit of that, for or against a one, and a part of it that grows with the length; none where no place is known.
 * `where` i32 [2] tells the place (a position, modulo the history) and how many bytes agree. Errors: none.
 * Source: Mahoney 2005, section 3.6.
 */
export function matchModel({ name, shortest, places, historyBytes }: MatchOptions): Program {
  const past = history(historyBytes)
  const votes = buffer("output", "i16", "votes", 2)
  const where = buffer("state", "i32", "where", 2)
  const index = buffer("state", "i32", "index", places)
  const chances = buffer("state", "i32", "chances", BUCKETS)
  const said = buffer("scratch", "i32", "said", 2) // what bit is expected, −1 for none; the bucket
  const standing = buffer("output", "i32", "standing", 1)
  const [PLACE, LENGTH] = [i32(0), i32(1)]
  const pastAt = (place: Expression): Expression => load(past, and(place, i32(historyBytes - 1)))
  /** Binds `key` to a hash of the last bytes, and gives the place of the index that it leads to. */
  const hashed = (key: string): { readonly block: Block; readonly entry: Expression } => ({
    block: [
      let_(key, i32(shortest)),
      ...Array.from(
        { length: shortest },
        (_, k): Block => [
          set(key, mul(add(v(key), add(byteBack(past, k + 1), i32(1))), i32(0x2f0b4c47))),
          set(key, xor(v(key), shrU(v(key), 14))),
        ],
      ).flat(),
    ],
    entry: and(shrU(mul(v(key), i32(0x9e3779b1)), 8), i32(places - 1)),
  })
  const [asked, remembered] = [hashed("key"), hashed("new_key")]
  const byteAt = (back: Expression): Expression => pastAt(sub(load(position, i32(0)), add(back, i32(1))))
  const start: Block = [
    let_("length", clamp(load(where, LENGTH), 0, LENGTH_MAX)),
    let_("place", load(where, PLACE)),
    let_("went_on", equal(pastAt(v("place")), byteBack(past, 1))),
    set(
      "length",
      select(v("went_on"), select(v("length"), min(add(v("length"), i32(1)), i32(LENGTH_MAX)), i32(0)), i32(0)),
    ),
    set("place", add(v("place"), i32(1))),
    when(equal(v("length"), 0), [
      ...asked.block,
      set("place", load(index, asked.entry)),
      let_("agrees", less(i32(0), v("place"))),
      loop("back", VERIFIED, [
        let_("same", equal(pastAt(sub(v("place"), add(v("back"), i32(1)))), byteAt(v("back")))),
        set("agrees", and(v("agrees"), v("same"))),
        set("length", add(v("length"), v("agrees"))),
      ]),
      set("length", select(less(v("length"), i32(shortest)), i32(0), v("length"))),
    ]),
    store(where, PLACE, v("place")),
    store(where, LENGTH, v("length")),
  ]
  const remember: Block = [...remembered.block, store(index, remembered.entry, load(position, i32(0)))]
  const predict: Block = [
    let_("matched", clamp(load(where, LENGTH), 0, LENGTH_MAX)),
    let_("expected", or(pastAt(load(where, PLACE)), i32(256))),
    let_("seen", load(partial, i32(0))),
    // The number of bits that are still to come, by where the leading one of `partial` stands.
    let_("left", i32(8)),
    loop("depth", 7, [set("left", sub(v("left"), less(i32(0), shrU(v("seen"), add(v("depth"), i32(1))))))]),
    let_("fits", and(less(i32(0), v("matched")), equal(shrU(v("expected"), v("left")), v("seen")))),
    let_("expected_bit", and(shrU(v("expected"), sub(v("left"), i32(1))), 1)),
    let_("bucket", clamp(bucketOf(v("matched")), 0, BUCKETS - 1)),
    store(said, i32(0), select(v("fits"), v("expected_bit"), i32(-1))),
    store(said, i32(1), v("bucket")),
    store(standing, i32(0), select(v("fits"), v("bucket"), i32(0))),
    let_("chance", shrU(load(chances, v("bucket")), 20)),
    let_("logit", stretch(v("chance"))),
    let_("signed", select(v("expected_bit"), v("logit"), sub(i32(0), v("logit")))),
    let_("linear", shrS(sub(v("chance"), i32(2048)), 1)),
    store(votes, i32(0), select(v("fits"), v("signed"), i32(0))),
    store(votes, i32(1), select(v("fits"), select(v("expected_bit"), v("linear"), sub(i32(0), v("linear"))), i32(0))),
  ]
  const learn: Block = [
    let_("said_bit", load(said, i32(0))),
    let_("at", and(load(said, i32(1)), BUCKETS - 1)),
    when(isSaid(v("said_bit")), [
      let_("known", shrU(load(chances, v("at")), 10)),
      let_("right", equal(v("said_bit"), and(load(bit, i32(0)), 1))),
      let_("target", select(v("right"), i32(2 ** 22 - 1), i32(0))),
      store(chances, v("at"), shl(add(v("known"), shrS(sub(v("target"), v("known")), RATE_SHIFT)), 10)),
    ]),
  ]
  return {
    name,
    buffers: [past, position, partial, node, bit, votes, standing, where, index, chances, said, stretchTable],
    body: predict,
    entries: {
      start,
      remember,
      learn,
      reset: [loop("each", BUCKETS, [store(chances, v("each"), i32(FIRST))])],
    },
  }
}
const VERIFIED = 32
const RATE_SHIFT = 7
/** Three of four, before anything was learnt. */
const FIRST = (3 * 2 ** 20) << 10
const isSaid = (said: Expression): Expression => belowU(said, i32(2))
/** Lengths 1 … 15 apart, then by fours. */
const bucketOf = (length: Expression): Expression =>
  select(
    less(length, i32(8)),
    length,
    select(less(length, i32(32)), add(i32(6), shrU(length, 2)), add(i32(12), shrU(length, 4))),
  )
