import {
  add,
  and,
  belowU,
  buffer,
  clamp,
  equal,
  i32,
  let_,
  load,
  local,
  loop,
  mul,
  or,
  set,
  shl,
  shrU,
  store,
  sub,
  total,
  when,
  xor,
} from "../ir/build.ts"
import type { Block, Expression } from "../ir/program.ts"

const v = local
/** Bytes that the code of one byte moves on by at most: each of its bits settles four at most. */
export const CODE_MAX = 32

/** `interval` holds low, high and, to decode, the code; `moved` tells how many bytes of code were passed or used. */
export const interval = buffer("state", "i32", "interval", 3)
export const coded = buffer("input", "u8", "coded", CODE_MAX)
export const code = buffer("output", "u8", "code", CODE_MAX)
export const moved = buffer("output", "i32", "moved", 1)
const [LOW, HIGH, CODE, ONCE] = [i32(0), i32(1), i32(2), i32(0)]

/**
 * Arithmetic coding of one bit: the interval `low` … `high` of 32-bit codes is parted by the `chance` of a one, and bytes that
 * both ends share are passed on. Where `decodes`, it is the code that gives `outcome`.
 * Sources: Witten, Neal & Cleary 1987, "Arithmetic coding for data compression"; without carries as in Mahoney's lpaq1 (2007).
 */
export function codeBit(decodes: Expression): Block {
  const at = clamp(load(moved, ONCE), 0, CODE_MAX - 1)
  return [
    let_("low", load(interval, LOW)),
    let_("high", load(interval, HIGH)),
    let_("range", sub(v("high"), v("low"))),
    let_(
      "split",
      total(v("low"), mul(shrU(v("range"), 16), v("chance")), shrU(mul(and(v("range"), 0xffff), v("chance")), 16)),
    ),
    when(decodes, [set("outcome", equal(belowU(v("split"), load(interval, CODE)), 0))]),
    when(v("outcome"), [set("high", v("split"))], [set("low", add(v("split"), i32(1)))]),
    loop("settled", 4, [
      when(equal(shrU(xor(v("low"), v("high")), 24), 0), [
        when(
          decodes,
          [store(interval, CODE, or(shl(load(interval, CODE), 8), load(coded, at)))],
          [store(code, at, shrU(v("high"), 24))],
        ),
        store(moved, ONCE, add(load(moved, ONCE), i32(1))),
        set("low", shl(v("low"), 8)),
        set("high", or(shl(v("high"), 8), 255)),
      ]),
    ]),
    store(interval, LOW, v("low")),
    store(interval, HIGH, v("high")),
  ]
}
/** The whole range of codes. */
export const resetCoder: Block = [
  store(interval, LOW, i32(0)),
  store(interval, HIGH, i32(-1)),
  store(interval, CODE, i32(0)),
]
