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
  loopUpTo,
  or,
  select,
  shl,
  shrU,
  store,
  sub,
  table,
  when,
} from "../ir/build.ts"
import type { Block, Expression, Program } from "../ir/program.ts"
import { squashTable, stretchTable } from "../kernels/logistic.ts"
import { code, codeBit, coded, interval, moved, resetCoder } from "./coder.ts"
import type { Expert } from "./expert.ts"
import { again, gatherVotes, linkExperts, mixerInputs, nodeOf } from "./linked.ts"
import { type MixingOptions, mixingOf } from "./mixing.ts"

const v = local

/** What a call does: `score` is shown the next byte, `distribution` asks for the chances of all, the others code. */
export const MODE = { score: 0, distribution: 1, encode: 2, decode: 3 } as const

export interface HarnessOptions {
  /** Bytes that are kept of the past, a power of two. */
  readonly historyBytes: number
  readonly mixing: MixingOptions
}

/**
 * Experts, mixer, corrections, coder and score as one program: a call a byte. For each bit every expert votes, the votes are
 * mixed, the chance stands fast, and only then the bit is shown to those who learn.
 *
 * Inputs: mode, learning, next (the byte that came), enabled u8 [experts] (who is not asked neither votes nor learns), coded.
 * Outputs: chances u16 [8], what each bit that came was given, in units of 2⁻¹⁶; byte; tree u16 [256], the chance of a one
 * at each node of the byte's tree; code and moved. Entry `reset` comes first.
 * Errors: an expert that breaks the contract is a bug of the caller: ask `faultOfExpert` before.
 */
export function harness(experts: readonly Expert[], options: HarnessOptions): Program {
  const own = ownBuffers(experts, options)
  const { blockOf, bufferOf, buffers } = linkExperts(experts, [...Object.values(own), ...CODER])
  const ifEnabled = (entry?: string): Block =>
    experts.flatMap(({ name }, e) => {
      const block = blockOf(name, entry)
      return block.length > 0 ? [when(load(own.enabled, i32(e)), block)] : []
    })
  const past = (back: number): Expression =>
    load(own.history, and(sub(load(own.position, i32(0)), i32(back)), i32(own.history.length - 1)))
  const standing = experts.find(({ program }) => program.buffers.some(({ name }) => name === "standing"))
  const stands = standing ? clamp(load(bufferOf(standing.name, "standing"), i32(0)), 0, 15) : i32(0)
  const inputs = gatherVotes(experts, own, bufferOf)
  const mixing = mixingOf(own.inputs, options.mixing, { past, stands })
  const predict: Block = [
    let_("now", and(select(v("walks"), load(own.order, v("round")), load(own.partial, i32(0))), 255)),
    store(own.partial, i32(0), v("now")),
    store(own.node, i32(0), nodeOf(v("now"))),
    ...ifEnabled(),
    ...inputs.gathered,
    let_("known", inputs.known),
    ...mixing.mix,
  ]
  const settle: Block = [
    let_("outcome", and(shrU(v("wanted"), sub(i32(7), and(v("round"), 7))), 1)),
    when(v("codes"), codeBit(equal(v("asked"), MODE.decode))),
    store(own.chances, and(v("round"), 7), select(v("outcome"), v("chance"), sub(i32(65536), v("chance")))),
    store(own.bit, i32(0), v("outcome")),
    when(v("learns"), [
      let_("target", select(v("outcome"), i32(65535), i32(0))),
      ...ifEnabled("learn"),
      ...mixing.learn,
    ]),
    store(own.partial, i32(0), and(or(shl(v("now"), 1), v("outcome")), 511)),
  ]
  const commit: Block = [
    let_("whole", and(load(own.partial, i32(0)), 255)),
    store(own.history, and(load(own.position, i32(0)), i32(own.history.length - 1)), v("whole")),
    store(own.position, i32(0), add(load(own.position, i32(0)), i32(1))),
    store(own.partial, i32(0), i32(1)),
    store(own.byte, i32(0), v("whole")),
    ...ifEnabled("start"),
    when(v("learns"), [...ifEnabled("remember"), ...mixing.adjust]),
  ]
  const body: Block = [
    let_("asked", load(own.mode, i32(0))),
    let_("walks", equal(v("asked"), MODE.distribution)),
    let_("codes", less(i32(1), v("asked"))),
    let_("learns", load(own.learning, i32(0))),
    let_("wanted", and(load(own.next, i32(0)), 255)),
    store(moved, i32(0), i32(0)),
    loopUpTo("round", select(v("walks"), i32(255), i32(8)), 255, [
      ...predict,
      when(v("walks"), [store(own.tree, v("now"), v("chance"))], settle),
    ]),
    when(v("walks"), [store(own.partial, i32(0), i32(1))], commit),
  ]
  const reset: Block = [
    ...experts.flatMap(({ name }) => blockOf(name, "reset")),
    store(own.partial, i32(0), i32(1)),
    ...resetCoder,
    ...mixing.reset,
    // Contexts of no bytes, for the first byte; on boards that one is not worth a second copy of all that makes contexts.
    ...(options.mixing.kind === "wide" ? again(experts.flatMap(({ name }) => blockOf(name, "start"))) : []),
  ]
  const all = [...Object.values(own), ...CODER, ...mixing.buffers, squashTable, stretchTable]
  return { name: "predictor", buffers: [...all, ...buffers], body, entries: { reset } }
}
const CODER = [interval, coded, code, moved]

/** Nodes of a byte's tree so that each nibble's come after its first. */
const ORDER: readonly number[] = [
  ...Array.from({ length: 15 }, (_, i) => i + 1),
  ...Array.from({ length: 16 }, (_, high) =>
    [0, 1, 2, 3].flatMap((depth) => Array.from({ length: 1 << depth }, (_, i) => ((16 + high) << depth) + i)),
  ).flat(),
]
function ownBuffers(experts: readonly Expert[], { historyBytes, mixing }: HarnessOptions) {
  const votes = mixerInputs(experts).length
  return {
    mode: buffer("input", "i32", "mode", 1),
    learning: buffer("input", "i32", "learning", 1),
    next: buffer("input", "i32", "next", 1),
    enabled: buffer("input", "u8", "enabled", Math.max(1, experts.length)),
    chances: buffer("output", "u16", "chances", 8),
    byte: buffer("output", "i32", "byte", 1),
    tree: buffer("output", "u16", "tree", 256),
    history: buffer("state", "u8", "history", historyBytes),
    position: buffer("state", "i32", "position", 1),
    partial: buffer("state", "i32", "partial", 1),
    node: buffer("scratch", "i32", "node", 1),
    bit: buffer("scratch", "i32", "bit", 1),
    inputs: buffer("scratch", "i16", "inputs", mixing.kind === "wide" ? Math.ceil(votes / 4) * 4 : votes),
    order: table("u8", "order", [...ORDER, 255]),
  } as const
}
