import type { Engine } from "../engine/engine.ts"
import { and, buffer, equal, i32, less, let_, load, local, select, shrS, shrU, store, sub } from "../ir/build.ts"
import type { Buffer, Program } from "../ir/program.ts"
import { renameProgram } from "../ir/rename.ts"
import { bitProbability } from "../kernels/byte_tree.ts"
import { bit, byteBack, history, node, partial, position } from "../kernels/expert_ports.ts"
import { stretch, stretchTable } from "../kernels/logistic.ts"
import type { Expert } from "../mix/expert.ts"
import { byteNet, type Tensors } from "./byte_net.ts"

export interface NeuralOptions {
  readonly historyBytes: number
  readonly engine?: Pick<Engine, "tiles">
  /** Whether it holds no more than its weights, for more time a byte. */
  readonly isLean?: boolean
}

/**
 * A net over bytes as an expert: one step after each byte, then a look at its tree for each bit. It does not learn.
 *
 * Votes: the logit of its chance of a one, and its distance from a half. State: that of the net, and what it said last.
 * Errors: OB333 when the tensors are no such net.
 */
export function neuralExpert(tensors: Tensors, { historyBytes, engine = {}, isLean = false }: NeuralOptions): Expert {
  const { program, weights } = byteNet(tensors, engine, isLean)
  const net = renameProgram(program, (name) => `net_${name}`)
  const past = history(historyBytes)
  const votes = buffer("output", "i16", "votes", 2)
  const buffers = net.buffers.map((each) => ownedBy(each, weights))
  const named = (name: string): Buffer => buffers.find((each) => each.name === `net_${name}`)!
  const chance = local("chance")
  const now = and(load(partial, i32(0)), 255)
  const start = [
    store(named("byte"), i32(0), select(equal(load(position, i32(0)), 0), i32(-1), byteBack(past, 1))),
    ...net.body,
  ]
  const whole: Program = {
    name: "neural",
    buffers: [past, position, partial, node, bit, votes, ...buffers, stretchTable],
    body: [
      let_("now", select(less(i32(0), now), now, i32(1))),
      ...bitProbability("of_bit", named("frequencies"), named("tree"), local("now"), chance),
      let_("twelve", shrU(chance, 4)),
      store(votes, i32(0), stretch(local("twelve"))),
      store(votes, i32(1), shrS(sub(local("twelve"), i32(2048)), 2)),
    ],
    entries: { start, reset: net.entries?.["prepare"] ?? [] },
  }
  return { name: "neural", about: "a small net that reads along", program: whole }
}

/** Weights stand fast here, and what the net said last stays until it is asked again. */
function ownedBy(own: Buffer, weights: Readonly<Record<string, ArrayLike<number>>>): Buffer {
  const name = own.name.slice("net_".length)
  if (Object.hasOwn(weights, name)) return { ...own, access: "constant", values: Array.from(weights[name]!) }
  if (name === "byte") return { ...own, access: "scratch" }
  return own.access === "output" ? { ...own, access: "state" } : own
}
