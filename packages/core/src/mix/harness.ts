import { exp } from "../base/logarithm.ts"
import { assert } from "../base/problem.ts"
import {
  add,
  and,
  belowU,
  binary,
  buffer,
  clamp,
  differ,
  equal,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  max,
  min,
  mul,
  or,
  parallel,
  select,
  set,
  shl,
  shrS,
  shrU,
  store,
  sub,
  table,
  total,
  when,
  xor,
} from "../ir/build.ts"
import { type Block, type Buffer, type Expression, type Program, statementsOf } from "../ir/program.ts"
import { renameBlock } from "../ir/rename.ts"
import { LOGIT_MAX, squash, squashTable, stretchTable } from "../kernels/logistic.ts"
import { link, sameValues } from "../link/link.ts"
import { type Expert, faultOfExpert, PORTS, votesOf } from "./expert.ts"

const v = local

/** What a call does with the next byte. */
export const MODE = { score: 0, distribution: 1, encode: 2, decode: 3 } as const

export interface HarnessOptions {
  readonly historyBytes: number
  /** Contexts of the last correction, a power of two. */
  readonly corrections: number
}

/** Nodes of a byte's tree so that each nibble's come after its first. */
const ORDER: readonly number[] = [
  ...Array.from({ length: 15 }, (_, i) => i + 1),
  ...Array.from({ length: 16 }, (_, high) =>
    [16 + high].flatMap((first) =>
      [0, 1, 2, 3].flatMap((depth) => Array.from({ length: 1 << depth }, (_, i) => (first << depth) + i)),
    ),
  ).flat(),
]
const POINTS = 33

export function harness(experts: readonly Expert[], options: HarnessOptions): Program {
  for (const { name, program } of experts) {
    const fault = faultOfExpert(program)
    assert(fault === undefined, `expert ${name}: ${fault}`)
  }
  const constants = new Map<string, Buffer>([stretchTable, squashTable].map((each) => [each.name, each]))
  const parts = experts.map(({ name, program }) => {
    const wires: Record<string, string> = {}
    for (const each of program.buffers) {
      if ((PORTS as readonly string[]).includes(each.name)) wires[each.name] = each.name
      if (each.access !== "constant") continue
      const known = constants.get(each.name)
      if (known && !sameValues(known, each)) continue
      constants.set(each.name, each)
      wires[each.name] = each.name
    }
    return { name, program, wires }
  })
  const own = ownBuffers(experts, options)
  const linked = link("experts", parts, { taken: [...Object.values(own).map(({ name }) => name)] })
  const blockOf = (name: string, entry?: string): Block =>
    linked.program.entries?.[entry === undefined ? name : `${name}_${entry}`] ?? []
  const bufferOf = (name: string, inner: string): Buffer =>
    linked.program.buffers.find((each) => each.name === linked.names[name]![inner])!
  const shared = new Set(Object.values(own).map(({ name }) => name))
  const others = linked.program.buffers.filter(({ name }) => !shared.has(name))
  const isEnabled = (e: number): Expression => load(own.enabled, i32(e))
  const ifEnabled = (entry?: string): Block =>
    experts.flatMap(({ name }, e) => {
      const block = blockOf(name, entry)
      return block.length > 0 ? [when(isEnabled(e), block)] : []
    })

  // The mixer's inputs: all votes one after the other, zero for who is not asked, and one that is always there.
  let at = 0
  const gathered = experts.flatMap(({ name, program }, e) => {
    const votes = bufferOf(name, "votes")
    return Array.from({ length: votesOf(program).length }, (_, i) =>
      store(own.inputs, i32(at++), select(isEnabled(e), load(votes, i32(i)), i32(0))),
    )
  })
  gathered.push(store(own.inputs, i32(at++), i32(256)))
  const width = own.inputs.length
  const standing = experts.find(({ program }) => program.buffers.some(({ name }) => name === "standing"))
  let first = 0
  const isKnown = experts.flatMap(({ program }) => {
    const here = first
    first += votesOf(program).length
    return [and(differ(load(own.inputs, i32(here)), 0), i32(1))]
  })
  const sets = [own.set0, own.set1, own.set2, own.set3]
  const past = (back: number): Expression =>
    load(own.history, and(sub(load(own.position, i32(0)), i32(back)), i32(own.history.length - 1)))
  const rows: readonly Expression[] = [
    v("now"),
    or(
      shl(standing ? clamp(load(bufferOf(standing.name, "standing"), i32(0)), 0, 15) : i32(0), 4),
      min(v("confident"), i32(15)),
    ),
    past(1),
    past(2),
  ]
  const predict: Block = [
    let_("now", and(select(v("walks"), load(own.order, v("round")), load(own.partial, i32(0))), 255)),
    let_("nibble", select(less(v("now"), i32(16)), v("now"), v("second"))),
    store(own.partial, i32(0), v("now")),
    store(own.node, i32(0), v("nibble")),
    ...ifEnabled(),
    ...gathered,
    let_("confident", clamp(total(...isKnown), 0, 255)),
    ...sets.map((_, l) => let_(`base${l}`, mul(clamp(rows[l]!, 0, 255), i32(width)))),
    parallel("lane", 4, [
      ...sets.map((_, l) => let_(`sum${l}`, i32(0))),
      loop("k", width / 4, [
        let_("x", load(own.inputs, add(shl(v("k"), 2), v("lane")))),
        ...sets.map((weights, l) =>
          set(
            `sum${l}`,
            add(v(`sum${l}`), shrS(mul(load(weights, add(add(v(`base${l}`), shl(v("k"), 2)), v("lane"))), v("x")), 8)),
          ),
        ),
      ]),
      ...sets.map((_, l) => store(own.sums, add(i32(4 * l), v("lane")), v(`sum${l}`))),
    ]),
    ...sets.flatMap((_, l) => [
      let_(
        `dot${l}`,
        clamp(
          shrS(total(...[0, 1, 2, 3].map((lane) => load(own.sums, i32(4 * l + lane)))), 8),
          -LOGIT_MAX,
          LOGIT_MAX - 1,
        ),
      ),
      let_(`place${l}`, add(v(`dot${l}`), i32(LOGIT_MAX))),
      let_(`chance${l}`, squashAt(v(`place${l}`))),
    ]),
    let_("final_base", shl(v("now"), 2)),
    let_(
      "mixed",
      clamp(
        shrS(
          total(...sets.map((_, l) => shrS(mul(load(own.final, add(v("final_base"), i32(l))), v(`dot${l}`)), 4))),
          12,
        ),
        -LOGIT_MAX,
        LOGIT_MAX - 1,
      ),
    ),
    let_("mixed_place", add(v("mixed"), i32(LOGIT_MAX))),
    let_("mixed_chance", squashAt(v("mixed_place"))),
    // The correction: what chances of this size came to after the same byte.
    let_("corrected_place", clamp(add(v("mixed"), i32(8 * 256)), 0, 16 * 256 - 1)),
    let_("point", shrU(v("corrected_place"), 7)),
    let_("beyond", and(v("corrected_place"), 127)),
    let_(
      "row",
      mul(and(add(v("now"), mul(add(past(1), i32(1)), i32(0x2f0b4d))), i32(options.corrections - 1)), i32(POINTS)),
    ),
    let_("low_point", load(own.corrections, add(v("row"), v("point")))),
    let_("high_point", load(own.corrections, add(v("row"), add(v("point"), i32(1))))),
    let_("corrected", add(v("low_point"), shrS(mul(sub(v("high_point"), v("low_point")), v("beyond")), 7))),
    let_("chance", clamp(shrS(add(v("mixed_chance"), v("corrected")), 1), 16, 65536 - 16)),
  ]
  const learnMixer: Block = [
    let_("target", select(v("outcome"), i32(65535), i32(0))),
    let_("bits_learnt", max(load(own.age, i32(0)), i32(0))),
    let_("rate", add(i32(RATE), binary("i32.div_s", i32(EXTRA * 800), add(i32(800), v("bits_learnt"))))),
    ...sets.map((_, l) => let_(`error${l}`, shrS(mul(sub(v("target"), v(`chance${l}`)), v("rate")), 12))),
    parallel("i", width, [
      let_("input", load(own.inputs, v("i"))),
      ...sets.map((weights, l) =>
        store(
          weights,
          add(v(`base${l}`), v("i")),
          clamp(
            add(load(weights, add(v(`base${l}`), v("i"))), shrS(add(mul(v("input"), v(`error${l}`)), i32(2048)), 12)),
            -WEIGHT_MAX,
            WEIGHT_MAX,
          ),
        ),
      ),
    ]),
    let_("final_error", shrS(mul(sub(v("target"), v("mixed_chance")), i32(FINAL_RATE)), 12)),
    ...sets.map((_, l) =>
      store(
        own.final,
        add(v("final_base"), i32(l)),
        clamp(
          add(
            load(own.final, add(v("final_base"), i32(l))),
            shrS(add(mul(v(`dot${l}`), v("final_error")), i32(2048)), 12),
          ),
          -WEIGHT_MAX,
          WEIGHT_MAX,
        ),
      ),
    ),
    let_("nearest", add(v("row"), add(v("point"), shrU(v("beyond"), 6)))),
    let_("was", load(own.corrections, v("nearest"))),
    store(own.corrections, v("nearest"), clamp(add(v("was"), shrS(sub(v("target"), v("was")), 6)), 0, 65535)),
    store(own.age, i32(0), min(add(v("bits_learnt"), i32(1)), i32(2 ** 28))),
  ]
  const settle: Block = [
    let_("outcome", and(shrU(v("wanted"), sub(i32(7), and(v("round"), 7))), 1)),
    when(v("codes"), code(own)),
    store(own.bit, i32(0), v("outcome")),
    store(own.chances, and(v("round"), 7), select(v("outcome"), v("chance"), sub(i32(65536), v("chance")))),
    when(v("learns"), [...ifEnabled("learn"), ...learnMixer]),
    store(own.partial, i32(0), and(or(shl(v("now"), 1), v("outcome")), 511)),
  ]
  const body: Block = [
    let_("asked", load(own.mode, i32(0))),
    let_("walks", equal(v("asked"), MODE.distribution)),
    let_("learns", load(own.learning, i32(0))),
    let_("wanted", and(load(own.next, i32(0)), 255)),
    let_("codes", less(i32(1), v("asked"))),
    when(v("codes"), [store(own.moved, i32(0), i32(0))]),
    loopUpTo("round", select(v("walks"), i32(255), i32(8)), 255, [
      let_("high_nibble", select(v("walks"), load(own.order, v("round")), load(own.partial, i32(0)))),
      let_(
        "second",
        select(
          less(v("high_nibble"), i32(32)),
          i32(1),
          select(
            less(v("high_nibble"), i32(64)),
            or(and(v("high_nibble"), 1), 2),
            select(less(v("high_nibble"), i32(128)), or(and(v("high_nibble"), 3), 4), or(and(v("high_nibble"), 7), 8)),
          ),
        ),
      ),
      ...predict,
      when(v("walks"), [store(own.tree, v("now"), v("chance"))], settle),
    ]),
    when(
      v("walks"),
      [store(own.partial, i32(0), i32(1))],
      [
        let_("whole", and(load(own.partial, i32(0)), 255)),
        store(own.history, and(load(own.position, i32(0)), i32(own.history.length - 1)), v("whole")),
        store(own.position, i32(0), add(load(own.position, i32(0)), i32(1))),
        store(own.partial, i32(0), i32(1)),
        store(own.byte, i32(0), v("whole")),
        ...ifEnabled("start"),
        when(v("learns"), ifEnabled("remember")),
      ],
    ),
  ]
  const reset: Block = [
    ...experts.flatMap(({ name }) => blockOf(name, "reset")),
    store(own.partial, i32(0), i32(1)),
    store(own.interval, i32(1), i32(-1)),
    loop(
      "w",
      256 * width,
      sets.map((weights) => store(weights, v("w"), i32(FIRST_WEIGHT))),
    ),
    loop("f", 1024, [store(own.final, v("f"), i32(65536 / 4))]),
    loop("c", options.corrections, [
      loop("p", POINTS, [store(own.corrections, add(mul(v("c"), i32(POINTS)), v("p")), load(own.points, v("p")))]),
    ]),
    // Who starts at nothing starts nevertheless: hashes of no bytes.
    ...again(experts.flatMap(({ name }) => blockOf(name, "start"))),
  ]
  return {
    name: "predictor",
    buffers: [...Object.values(own), ...others],
    body,
    entries: { reset },
  }
}
/** Bytes that the code of one byte moves on by at most: each bit takes 12 bits at most, and settles whole bytes. */
export const CODE_MAX = 32

/**
 * Arithmetic coding of one bit: the interval `low` … `high` of 32-bit codes is parted by the chance of a one, and bytes that
 * both ends share are passed. `interval` holds low, high and, to decode, the code. Source: Witten, Neal & Cleary 1987; carryless as
 * Mahoney's lpaq1 (2007).
 */
function code({ interval, coded, code, moved }: ReturnType<typeof ownBuffers>): Block {
  const [LOW, HIGH, CODE, ONCE] = [i32(0), i32(1), i32(2), i32(0)]
  const at = clamp(load(moved, ONCE), 0, CODE_MAX - 1)
  return [
    let_("low", load(interval, LOW)),
    let_("high", load(interval, HIGH)),
    let_("range", sub(v("high"), v("low"))),
    let_(
      "split",
      total(v("low"), mul(shrU(v("range"), 16), v("chance")), shrU(mul(and(v("range"), 0xffff), v("chance")), 16)),
    ),
    when(equal(v("asked"), MODE.decode), [set("outcome", equal(belowU(v("split"), load(interval, CODE)), 0))]),
    when(v("outcome"), [set("high", v("split"))], [set("low", add(v("split"), i32(1)))]),
    loop("settled", 4, [
      when(equal(shrU(xor(v("low"), v("high")), 24), 0), [
        when(
          equal(v("asked"), MODE.decode),
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

const RATE = 131
const EXTRA = 1311
const FINAL_RATE = 40
const WEIGHT_MAX = 2 ** 19 - 1
const FIRST_WEIGHT = 16384

const squashAt = (place: Expression): Expression => squash(sub(place, i32(LOGIT_MAX)), () => place)

function ownBuffers(experts: readonly Expert[], { historyBytes, corrections }: HarnessOptions) {
  const votes = experts.reduce((sum, { program }) => sum + votesOf(program).length, 1)
  const width = Math.ceil(votes / 4) * 4
  const set = (l: number): Buffer => buffer("state", "i32", `set${l}`, 256 * width)
  return {
    mode: buffer("input", "i32", "mode", 1),
    learning: buffer("input", "i32", "learning", 1),
    next: buffer("input", "i32", "next", 1),
    enabled: buffer("input", "u8", "enabled", experts.length),
    chances: buffer("output", "u16", "chances", 8),
    byte: buffer("output", "i32", "byte", 1),
    coded: buffer("input", "u8", "coded", CODE_MAX),
    code: buffer("output", "u8", "code", CODE_MAX),
    moved: buffer("output", "i32", "moved", 1),
    interval: buffer("state", "i32", "interval", 3),
    tree: buffer("output", "u16", "tree", 256),
    history: buffer("state", "u8", "history", historyBytes),
    position: buffer("state", "i32", "position", 1),
    partial: buffer("state", "i32", "partial", 1),
    node: buffer("scratch", "i32", "node", 1),
    bit: buffer("scratch", "i32", "bit", 1),
    inputs: buffer("scratch", "i16", "inputs", width),
    sums: buffer("scratch", "i32", "sums", 16),
    set0: set(0),
    set1: set(1),
    set2: set(2),
    set3: set(3),
    final: buffer("state", "i32", "final", 1024),
    corrections: buffer("state", "u16", "corrections", corrections * POINTS),
    age: buffer("state", "i32", "age", 1),
    order: table("u8", "order", [...ORDER, 255]),
    points: table(
      "u16",
      "points",
      Array.from({ length: POINTS }, (_, i) => Math.min(65535, Math.round(65536 / (1 + exp((16 - i) / 2))))),
    ),
    squash: squashTable,
    stretch: stretchTable,
  }
}
/** The same block once more, under names of its own, since a program binds a name once. */
function again(block: Block): Block {
  const bound = new Set(
    statementsOf(block).flatMap((s) => (s.kind === "let" ? [s.name] : s.kind === "loop" ? [s.index] : [])),
  )
  return renameBlock(block, (name) => (bound.has(name) ? `again_${name}` : name))
}
