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
  shrU,
  store,
  sub,
  when,
} from "../ir/build.ts"
import type { Block, Expression, Program } from "../ir/program.ts"
import { squashTable, stretchTable } from "../kernels/logistic.ts"
import { COST_BITS, cost, costTable } from "./costs.ts"
import type { Expert } from "./expert.ts"
import type { HarnessOptions } from "./harness.ts"
import { again, gatherVotes, linkExperts, mixerInputs, nodeOf } from "./linked.ts"
import { mixingOf } from "./mixing.ts"

const v = local

/**
 * A harness for boards: what `harness` does, without coder and without switches, and with no room for a whole byte's tree.
 *
 * Inputs: byte u8 [1], what came; frozen u8 [1], not 0 where nothing is to be learnt from it.
 * Outputs: cost u16 [1], what the byte cost in units of 1/256 bit, before it was learnt; likeliest u8 [1] and likelihood u16 [1],
 * the likeliest next byte and how likely it is, in units of 2⁻¹⁶.
 * body: a byte that came. Entries: `reset` comes first, after which nothing is known of the first byte; `foresee` writes likeliest and likelihood, and changes nothing else.
 * Errors: an expert that breaks the contract is a bug of the caller: ask `faultOfExpert` before.
 */
export function boardHarness(experts: readonly Expert[], options: HarnessOptions): Program {
  const own = ownBuffers(experts, options)
  const { blockOf, bufferOf, buffers } = linkExperts(experts, Object.values(own))
  const all = (entry?: string): Block => experts.flatMap(({ name }) => blockOf(name, entry))
  const past = (back: number): Expression =>
    load(own.history, and(sub(load(own.position, i32(0)), i32(back)), i32(own.history.length - 1)))
  const standing = experts.find(({ program }) => program.buffers.some(({ name }) => name === "standing"))
  const stands = standing ? clamp(load(bufferOf(standing.name, "standing"), i32(0)), 0, 15) : i32(0)
  const inputs = gatherVotes(experts, own, bufferOf)
  const mixing = mixingOf(own.inputs, options.mixing, { past, stands })
  const predict: Block = [
    let_("now", and(load(own.partial, i32(0)), 255)),
    store(own.node, i32(0), nodeOf(v("now"))),
    ...all(),
    ...inputs.gathered,
    let_("known", inputs.known),
    ...mixing.mix,
  ]
  const body: Block = [
    let_("learns", equal(load(own.frozen, i32(0)), 0)),
    let_("wanted", load(own.byte, i32(0))),
    let_("path", i32(1)),
    let_("total", i32(0)),
    loop("round", 8, [
      store(own.partial, i32(0), v("path")),
      ...predict,
      let_("outcome", and(shrU(v("wanted"), sub(i32(7), v("round"))), 1)),
      ...cost(select(v("outcome"), v("chance"), sub(i32(65536), v("chance")))),
      set("total", add(v("total"), v("price"))),
      store(own.bit, i32(0), v("outcome")),
      when(v("learns"), [let_("target", select(v("outcome"), i32(65535), i32(0))), ...all("learn"), ...mixing.learn]),
      set("path", and(or(shl(v("path"), 1), v("outcome")), 511)),
    ]),
    store(own.cost, i32(0), shrU(add(v("total"), i32(2 ** (COST_BITS - 9))), COST_BITS - 8)),
    store(own.history, and(load(own.position, i32(0)), i32(own.history.length - 1)), v("wanted")),
    store(own.position, i32(0), add(load(own.position, i32(0)), i32(1))),
    store(own.partial, i32(0), i32(1)),
    ...all("start"),
    when(v("learns"), [...all("remember"), ...mixing.adjust]),
  ]
  const reset: Block = [
    store(own.position, i32(0), i32(0)),
    loop("forgotten", own.history.length, [store(own.history, v("forgotten"), i32(0))]),
    store(own.partial, i32(0), i32(1)),
    ...all("reset"),
    ...mixing.reset,
    // From 16 KB on a PC begins with the contexts of no bytes, and a board does as it does.
    ...(options.mixing.kind === "wide" ? again(all("start")) : []),
  ]
  return {
    name: "scribe",
    buffers: [
      ...Object.values(own),
      ...mixing.buffers,
      squashTable,
      stretchTable,
      costTable,
      // What experts say is nobody's outside.
      ...buffers.map((each) => (each.access === "output" ? { ...each, access: "scratch" as const } : each)),
    ],
    body,
    entries: { reset, foresee: foresee(own, again(predict, "ahead_")) },
  }
}

/**
 * The likeliest byte by its halves: the 16 chances of the first one, then those of the second one for each first that is
 * likelier than the best byte so far, from the likeliest on. Exact up to units of 2⁻¹⁶, which each product is cut to.
 * `predict` binds `ahead_chance` for the node in `partial`.
 */
function foresee(own: OwnBuffers, predict: Block): Block {
  const walk: Block = [
    store(own.shares, i32(1), min(v("outer"), i32(65535))),
    let_("depth", i32(0)),
    loop("walked", 15, [
      let_("inner", add(v("walked"), i32(1))),
      set("depth", select(less(v("inner"), shl(i32(2), v("depth"))), v("depth"), add(v("depth"), i32(1)))),
      store(own.partial, i32(0), add(shl(sub(v("prefix"), i32(1)), v("depth")), v("inner"))),
      ...predict,
      let_("share", load(own.shares, v("inner"))),
      let_("ones", shrU(mul(v("share"), v("ahead_chance")), 16)),
      let_("child", shl(v("inner"), 1)),
      store(own.shares, v("child"), sub(v("share"), v("ones"))),
      store(own.shares, add(v("child"), i32(1)), v("ones")),
    ]),
  ]
  return [
    let_("best", i32(-1)),
    let_("best_byte", i32(0)),
    loop("walk", 17, [
      let_("first", i32(0)),
      let_("outer", i32(65535)),
      let_("prefix", i32(1)),
      when(less(i32(0), v("walk")), [
        set("outer", i32(-1)),
        loop("half", 16, [
          let_("of_half", load(own.halves, v("half"))),
          set("first", select(less(v("outer"), v("of_half")), v("half"), v("first"))),
          set("outer", select(less(v("outer"), v("of_half")), v("of_half"), v("outer"))),
        ]),
        set("prefix", add(v("first"), i32(16))),
        store(own.halves, and(v("first"), 15), i32(0)),
      ]),
      // A byte is no likelier than its first half.
      when(less(v("best"), v("outer")), [
        ...walk,
        loop("leaf", 16, [
          let_("found", load(own.shares, add(v("leaf"), i32(16)))),
          when(
            less(i32(0), v("walk")),
            [
              when(less(v("best"), v("found")), [
                set("best", v("found")),
                set("best_byte", add(shl(v("first"), 4), v("leaf"))),
              ]),
            ],
            [store(own.halves, v("leaf"), v("found"))],
          ),
        ]),
      ]),
    ]),
    store(own.likeliest, i32(0), and(v("best_byte"), 255)),
    store(own.likelihood, i32(0), v("best")),
  ]
}

type OwnBuffers = ReturnType<typeof ownBuffers>
function ownBuffers(experts: readonly Expert[], { historyBytes, mixing }: HarnessOptions) {
  const votes = mixerInputs(experts).length
  return {
    byte: buffer("input", "u8", "byte", 1),
    frozen: buffer("input", "u8", "frozen", 1),
    cost: buffer("output", "u16", "cost", 1),
    likeliest: buffer("output", "u8", "likeliest", 1),
    likelihood: buffer("output", "u16", "likelihood", 1),
    history: buffer("state", "u8", "history", historyBytes),
    position: buffer("state", "i32", "position", 1),
    partial: buffer("scratch", "i32", "partial", 1),
    node: buffer("scratch", "i32", "node", 1),
    bit: buffer("scratch", "i32", "bit", 1),
    inputs: buffer("scratch", "i16", "inputs", mixing.kind === "wide" ? Math.ceil(votes / 4) * 4 : votes),
    shares: buffer("scratch", "u16", "shares", 32),
    halves: buffer("scratch", "u16", "halves", 16),
  } as const
}
