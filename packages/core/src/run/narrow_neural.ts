import { and, buffer, equal, i32, less, let_, load, local, loop, select, shrS, store, sub, table } from "../ir/build.ts"
import type { Buffer, Program } from "../ir/program.ts"
import { renameProgram } from "../ir/rename.ts"
import { byteStep, nodeChance } from "../kernels/byte_step.ts"
import { bit, byteBack, history, node, partial, position } from "../kernels/expert_ports.ts"
import { stretch, stretchTable } from "../kernels/logistic.ts"
import type { Expert } from "../mix/expert.ts"
import { gateTables } from "../quantise/gru.ts"
import { byteNet, byteNetShifts, type Tensors } from "./byte_net.ts"

export interface NarrowOptions {
  readonly historyBytes: number
  /** Whether products see all of the state: to the bit what `neuralExpert` says, in several times the time on small chips. */
  readonly isExact?: boolean
}

/**
 * The expert of `neuralExpert` in the least memory: D + 7 · H + 6 · R bytes beside its weights, which a board keeps in flash, where
 * that one takes some thousand bytes for sums over all gates and bytes. It takes more time a bit. Products see the upper 8 bits of
 * the state: on the validation tenth of tinyshakespeare that changed what a scribe of 4 KB costs by less than 0.001 bits a byte.
 *
 * Errors: OB333 when the tensors are no such net.
 */
export function narrowNeuralExpert(tensors: Tensors, { historyBytes, isExact = false }: NarrowOptions): Expert {
  const { weights, shape } = byteNet(tensors, {}, true)
  const step = byteStep({ ...shape, shifts: byteNetShifts(tensors), cut: isExact ? 0 : 8, tables: gateTables() })
  const net = renameProgram(step, (name) => `net_${name}`)
  const rowOf = Array.from(weights["row_of"]!)
  const sharers = Array.from({ length: shape.rows }, (_, row) =>
    rowOf.reduce((count, each) => count + (Math.min(each, shape.rows - 1) === row ? 1 : 0), 0),
  )
  const buffers = net.buffers.map((own): Buffer => {
    const name = own.name.slice("net_".length)
    if (name === "sharers") return table("i32", own.name, sharers)
    if (Object.hasOwn(weights, name)) return table(own.dtype, own.name, Array.from(weights[name]!))
    if (name === "byte") return { ...own, access: "scratch" }
    return own.access === "output" ? { ...own, access: "state" } : own
  })
  const named = (name: string): Buffer => buffers.find((each) => each.name === `net_${name}`)!
  const votes = buffer("output", "i16", "votes", 2)
  const now = and(load(partial, i32(0)), 255)
  const program: Program = {
    name: "neural",
    buffers: [history(historyBytes), position, partial, node, bit, votes, ...buffers, stretchTable],
    body: [
      ...nodeChance(named("shares"), named("row_of"), select(less(i32(0), now), now, i32(1))),
      store(votes, i32(0), stretch(local("chance"))),
      store(votes, i32(1), shrS(sub(local("chance"), i32(2048)), 2)),
    ],
    entries: {
      start: [
        let_("last", byteBack(history(historyBytes), 1)),
        store(named("byte"), i32(0), select(equal(load(position, i32(0)), 0), i32(-1), local("last"))),
        ...net.body,
      ],
      // A state of nothing, and every byte as likely as another.
      reset: ["h", "shares"].map((name) =>
        loop(`cleared_${name}`, named(name).length, [store(named(name), local(`cleared_${name}`), i32(0))]),
      ),
    },
  }
  return { name: "neural", about: "a small net that reads along", program }
}
