import { assert } from "../base/problem.ts"
import { compileGraph, instantiate } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { input, weight } from "../graph/operations.ts"
import { FREQUENCIES_TOTAL } from "../kernels/byte_frequencies.ts"
import { byteModel } from "../nn/byte_net.ts"
import { classCrossEntropy } from "../nn/cross_entropy.ts"
import { quantiseByteNet } from "../quantise/byte_net.ts"
import { byteNet, byteNetTensorsOf, type Tensors } from "../run/byte_net.ts"
import type { FloatByteNet } from "./bytes.ts"

/** A learnt net in integers, as tensors. Errors: OB403 when its weights are too large. */
export const byteTensorsOf = ({ weights, rowOf, rows }: FloatByteNet): Tensors =>
  byteNetTensorsOf(quantiseByteNet(weights, rowOf, rows))

/** Which bytes of a text are scored: those from `start` on, 1 or more, after the `warmUp` before them have been read. */
export interface Scored {
  readonly text: Uint8Array
  readonly start: number
  readonly warmUp: number
}
function firstOf({ text, start, warmUp }: Scored): number {
  assert(start >= 1 && start < text.length, `bytes from ${start} on of ${text.length} are to be scored`)
  return Math.max(0, start - Math.max(1, warmUp))
}

/**
 * Bits a byte of a net in floats, which learns nothing on the way: −log₂ of the probability that it gave each byte before
 * it read it. A byte without a row of its own has an even share of the last row's probability.
 */
export function floatBits({ weights, rows, rowOf }: FloatByteNet, scored: Scored, engine: Engine): number {
  const { text, start } = scored
  const features = weights["table"]!.length / rows
  const hidden = weights["head"]!.length / rows
  const [tokens, targets] = [input("tokens", "i32", [STEPS, 1]), input("targets", "i32", [STEPS, 1])]
  const h = weight("h", "f32", [1, hidden])
  const { logits, last } = byteModel({ rows, features, hidden }, tokens, h)
  const entry = {
    name: "score",
    outputs: { loss: classCrossEntropy(logits, targets) },
    updates: [{ weight: h, value: last }],
  }
  const { memory, run } = compileGraph(entry, engine)
  for (const [name, values] of Object.entries(weights)) memory[name]!.set([...values])
  const sharers = rowOf.reduce((count, row) => count + Number(row === rows - 1), 0)
  let bits = 0
  for (let at = firstOf(scored); at + 1 < text.length; at += STEPS)
    for (let s = 0; s < STEPS; s++) {
      const next = text[at + s + 1]
      const counts = next !== undefined && at + s + 1 >= start
      memory["tokens"]![s] = rowOf[text[at + s] ?? 0]!
      memory["targets"]![s] = counts ? rowOf[next]! : -1 // out of range counts nothing
      if (counts && rowOf[next] === rows - 1) bits += Math.log2(sharers)
      if (s < STEPS - 1) continue
      run()
      bits += memory["loss"]![0]! / Math.LN2
    }
  return bits / (text.length - start)
}
const STEPS = 256

/** The same of one in integers, by the program that answers. */
export function integerBits(tensors: Tensors, scored: Scored, engine: Engine): number {
  const { text, start } = scored
  const { program, weights } = byteNet(tensors, engine)
  const { memory, run, entries } = instantiate(program, engine)
  for (const [name, values] of Object.entries(weights)) memory[name]!.set([...values])
  entries["prepare"]?.()
  const [byte, frequencies] = [memory["byte"]!, memory["frequencies"]!]
  let bits = 0
  for (let at = firstOf(scored); at + 1 < text.length; at++) {
    byte[0] = text[at]!
    run()
    if (at + 1 >= start) bits -= Math.log2(frequencies[text[at + 1]!]! / FREQUENCIES_TOTAL)
  }
  return bits / (text.length - start)
}
