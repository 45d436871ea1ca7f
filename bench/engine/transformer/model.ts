/** The transformer of README.md as a graph, and training it or any other model of the next byte. */

import type { Engine, Instance } from "@open-brains/core/engine/engine.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import {
  add,
  broadcastLike,
  convert,
  equal,
  fill,
  input,
  iota,
  multiply,
  reshape,
  take,
  weight,
} from "@open-brains/core/graph/operations.ts"
import { crossEntropy } from "@open-brains/core/nn/cross_entropy.ts"
import { linear } from "@open-brains/core/nn/linear.ts"
import { layerNorm } from "@open-brains/core/nn/norm.ts"
import { transformerBlock } from "@open-brains/core/nn/transformer.ts"
import type { AdamInputs } from "@open-brains/core/train/adamw.ts"
import { compileStep } from "@open-brains/core/train/step.ts"
import { ADAMW, blockName, type Sizes, weightShapes } from "./network.ts"

/** A model of the next byte: reads `text` and `targets`, gives the mean loss. */
export interface Model {
  readonly loss: Node
  readonly weights: readonly Node<"weight">[]
}
/** One run of it is one step of AdamW. */
export const compileModel = ({ loss, weights }: Model, engine: Engine): Instance =>
  compileStep(loss, weights, INPUTS, ADAMW, weights, engine)
const scalar = (name: string): Node => input(name, "f32", [1, 1])
export const INPUTS: AdamInputs = {
  rate: scalar("rate"),
  secondCorrection: scalar("secondCorrection"),
  decay: scalar("decay"),
  averageRate: scalar("averageRate"),
}

export function transformer(sizes: Sizes): Model {
  const { width, layers, heads, hidden, time, batch } = sizes
  const shapes = weightShapes(sizes)
  const made = new Map<string, Node<"weight">>()
  const own = (name: string): Node<"weight"> => {
    const node = made.get(name) ?? weight(name, "f32", shapes[name]!)
    made.set(name, node)
    return node
  }
  const embedded = take(own("tokens"), input("text", "u8", [batch, time]))
  let x = add(embedded, broadcastLike(reshape(own("places"), [1, time, width]), embedded))
  for (let layer = 0; layer < layers; layer++) {
    const block = transformerBlock(x, blockName(layer), {
      ...{ features: width, heads, hidden, causal: true },
      queryBlocks: queryBlocksOf(time),
    })
    for (const node of block.weights) made.set(node.attributes.name, node)
    x = block.y
  }
  const logits = linear(layerNorm(x, own("norm"), own("norm_bias")), own("head"), own("head_bias"))
  return { loss: nextByteLoss(logits), weights: Object.keys(shapes).map((name) => own(name)) }
}

/** As many as leave each block 64 places, or more of them over more places: the graph is to stay small. */
const queryBlocksOf = (time: number): number => [4, 2].find((blocks) => time % (blocks * 64) === 0) ?? 1

/** Mean cross entropy of logits [batch, time, vocabulary] against `targets`. */
export function nextByteLoss(logits: Node): Node {
  const [batch, time, vocabulary] = logits.shape as [number, number, number]
  const flat = reshape(logits, [batch * time, vocabulary])
  const targets = convert(input("targets", "u8", [batch * time, 1]), "i32")
  const target = convert(equal(broadcastLike(targets, flat), broadcastLike(iota([1, vocabulary], 1), flat)), "f32")
  const total = crossEntropy(flat, target)
  return multiply(total, fill(1 / (batch * time), total))
}

export function setWeights({ memory }: Instance, weights: Readonly<Record<string, Float32Array>>): void {
  for (const [name, values] of Object.entries(weights)) (memory[name] as Float32Array).set(values)
}

/** Takes step t (from 1 on) with a batch [batch, time + 1]; gives the loss before it. */
export function takeStep(
  { memory, run }: Instance,
  { batch, time }: Pick<Sizes, "batch" | "time">,
  bytes: Uint8Array,
  t: number,
): number {
  for (let row = 0; row < batch; row++) {
    const from = row * (time + 1)
    memory["text"]!.set(bytes.subarray(from, from + time), row * time)
    memory["targets"]!.set(bytes.subarray(from + 1, from + 1 + time), row * time)
  }
  memory["rate"]![0] = ADAMW.rate / (1 - ADAMW.beta1 ** t)
  memory["secondCorrection"]![0] = 1 / (1 - ADAMW.beta2 ** t)
  memory["decay"]![0] = ADAMW.rate * ADAMW.weightDecay
  run()
  return memory["loss"]![0]!
}
