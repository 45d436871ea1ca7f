import { expect, test } from "vitest"
import { numbersOf } from "../base/dtype.ts"
import { sizeOf } from "../base/shape.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import type { EntryGraphs, Net } from "../graph/dims_text.ts"
import type { Node } from "../graph/graph.ts"
import * as op from "../graph/operations.ts"
import { scan } from "../graph/scan.ts"
import { type Draw, drawFrom } from "../ir/testing/draw.ts"
import { RUNS, SEED } from "../ir/testing/hostile.ts"
import type { Arrays } from "./history.ts"
import { type OpenNet, openNet } from "./net.ts"
import type { Tensors } from "./state.ts"

const WIDTH = 5
/** A state of floats and integers, a weight that never changes, and two dims. */
const NET: Net = {
  maxima: { T: 12, B: 3 },
  state: { matrix: 1, held: 2, count: 1 },
  at: ({ T, B }) => entriesOf(T!, B!),
}
function entriesOf(T: number, B: number): EntryGraphs {
  const [matrix, held] = [op.weight("matrix", "f32", [WIDTH, WIDTH]), op.weight("held", "f32", [1, WIDTH])] as const
  const [count, fixed] = [op.weight("count", "i32", [1]), op.weight("fixed", "f32", [WIDTH, 20])] as const
  const x = op.input("x", "f32", [T, B, WIDTH])
  const { last, outputs } = scan(
    { carries: [op.broadcastLike(held, { shape: [B, WIDTH] })], sequences: [x], constants: [matrix] },
    ([h], [part], [w]) => {
      const next = op.tanh(op.add(part!, op.matmul(h!, w!)))
      return { next: [next], outputs: [next] }
    },
  )
  const all = op.reshape(outputs[0]!, [T * B, WIDTH])
  const square = op.matmul(all, all, true)
  const counted = op.add(count, op.fill(T * B, count))
  const next = op.slice(last[0]!, [B - 1, 0], [B, WIDTH])
  const seen = (y: Node): Node => op.matmul(y, op.multiply(fixed, fixed))
  const step = op.subtract(matrix, op.multiply(op.fill(0.01, square), square))
  return {
    learn: {
      outputs: { y: seen(all) },
      updates: [
        { weight: held, value: next },
        { weight: matrix, value: step },
        { weight: count, value: counted },
      ],
    },
    look: { outputs: { y: seen(op.matmul(held, op.multiply(matrix, matrix))), n: op.add(count, count) } },
    turn: { outputs: {}, updates: [{ weight: matrix, value: op.transpose(matrix, [1, 0]) }] },
    reset: { outputs: {}, updates: [{ weight: held, value: op.fill(0, held) }] },
  }
}
const FIXED: Tensors = {
  fixed: { dtype: "f32", shape: [WIDTH, 20], data: Float32Array.from({ length: WIDTH * 20 }, (_, i) => Math.sin(i)) },
}
interface Call {
  readonly entry: string
  readonly inputs: Arrays
  readonly dims: { readonly T?: number; readonly B?: number }
}
function callFrom(draw: Draw): Call {
  const entry = draw.pick(["learn", "learn", "learn", "look", "look", "look", "turn", "reset"])
  const dims = { ...(draw.flip() && { T: draw.between(1, 12) }), ...(draw.flip() && { B: draw.between(1, 3) }) }
  if (entry !== "learn") return { entry, inputs: {}, dims }
  const { T, B } = { ...NET.maxima, ...dims }
  const hostile = draw.between(0, 30) === 0 ? Number.NaN : 1
  const values = Array.from({ length: sizeOf([T!, B!, WIDTH]) }, () => (hostile * draw.between(-50, 50)) / 50)
  return { entry, inputs: { x: numbersOf("f32", values) }, dims }
}
const done = (net: OpenNet, { entry, inputs, dims }: Call): Arrays => net.call(entry, inputs, dims)

test(`a state is that of its calls alone, whatever was undone, restored or refused between them (SEED=${SEED})`, () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const draw = drawFrom(seed)
    const limits = { bindingsMax: draw.between(1, 4), undoMax: draw.between(1, 12), copyEvery: draw.between(1, 6) }
    const net = openNet(NET, FIXED, draw.flip() ? wasmEngine : interpreterEngine, limits)
    /** What it should be: the calls since a snapshot with the digest after each, and what was seen between them. */
    let begin = net.snapshot()
    let calls: { readonly call: Call; readonly seen: Arrays; readonly digest: string }[] = []
    let looks: { readonly after: number; readonly call: Call; readonly seen: Arrays }[] = []
    const saved: { readonly snapshot: Uint8Array; readonly digest: string }[] = []
    for (let n = 0; n < 30; n++) {
      const kind = draw.between(0, 11)
      if (kind < 7) {
        const call = callFrom(draw)
        const before = net.digest()
        const seen = done(net, call)
        if (call.entry === "look") {
          expect(net.digest()).toBe(before)
          looks.push({ after: calls.length, call, seen })
        } else calls.push({ call, seen, digest: net.digest() })
      } else if (kind === 7) {
        const back = draw.between(0, Math.min(net.undoable(), calls.length))
        net.undo(back)
        calls = calls.slice(0, calls.length - back)
        looks = looks.filter(({ after }) => after <= calls.length)
      } else if (kind === 8) saved.push({ snapshot: net.snapshot(), digest: net.digest() })
      else if (kind === 9 && saved.length > 0) {
        const { snapshot, digest } = draw.pick(saved)
        net.restore(snapshot)
        expect([net.digest(), net.undoable()]).toEqual([digest, 0])
        ;[begin, calls, looks] = [snapshot, [], []]
      } else if (kind === 10) {
        const wrong = draw.pick<Call>([
          { entry: "learn", inputs: {}, dims: {} },
          { entry: "learn", inputs: { x: new Float32Array(7) }, dims: { T: 3 } },
          { entry: "turn", inputs: {}, dims: { T: 13 } },
          { entry: "toString", inputs: {}, dims: {} },
        ])
        expect(() => done(net, wrong)).toThrow("error[OB33")
      } else {
        const { snapshot, log } = net.history()
        const other = openNet(NET, FIXED, wasmEngine)
        other.restore(snapshot)
        expect([seed, other.replay(log), other.digest()]).toEqual([seed, { calls: net.undoable() }, net.digest()])
      }
      const wanted = calls.at(-1)?.digest
      if (wanted) expect([seed, n, net.digest()]).toEqual([seed, n, wanted])
    }
    const plain = openNet(NET, FIXED, interpreterEngine)
    plain.restore(begin)
    for (let after = 0; after <= calls.length; after++) {
      for (const { call, seen } of looks.filter((look) => look.after === after))
        expect([seed, done(plain, call)]).toEqual([seed, seen])
      const next = calls[after]
      if (next) expect([seed, done(plain, next.call), plain.digest()]).toEqual([seed, next.seen, next.digest])
    }
  }
})
