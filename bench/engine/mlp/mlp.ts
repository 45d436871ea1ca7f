/** Part 3: a multilayer perceptron, trained by us and by the two that train in JavaScript. */

import type { Part, PartOptions } from "../../shared/part.ts"
import { type Measure, number, type Section, say } from "../../shared/report.ts"
import { nodeChild } from "../children.ts"
import { BATCH, CLASSES, HIDDEN, INPUTS, type Training } from "./network.ts"

const TRAINERS = [
  { name: "Open Brains, wasm", file: "ours.ts", words: ["wasm"] },
  { name: "Open Brains, native", file: "ours.ts", words: ["native"] },
  { name: "Open Brains, wasm on 2 threads", file: "ours.ts", words: ["threads"] },
  { name: "jax-js 0.1.25, wasm", file: "jax.ts", words: [] },
  { name: "TensorFlow.js 4.22.0, wasm", file: "tfjs.ts", words: [] },
] as const
/** Losses that differ by more are no longer those of one training. */
const LOSS_TOLERANCE = 1e-5

export function measureMlp({ isQuick }: PartOptions): Part {
  const [rounds, seconds] = isQuick ? [1, 1] : [4, 4]
  const found = TRAINERS.map((): Training | string => "it was not asked")
  for (let round = 0; round < rounds; round++)
    TRAINERS.forEach(({ name, file, words }, i) => {
      say(`${name}, round ${round + 1} of ${rounds}`)
      const training = nodeChild<Training>(`mlp/${file}`, [`${seconds}`, ...words], { secondsMax: 60 + seconds })
      found[i] = better(found[i]!, training)
    })
  const [wasm, native, threads, jax, tfjs] = found.map(speedOf) as [Speed, Speed, Speed, Speed, Speed]
  const over = (ours: Speed, peer: Speed): Speed => ours && peer && ours / peer
  const ratio = (name: string, peer: Speed, must: number, aim: number): Measure => ({
    name: `MLP steps/s, WASM, of ${name}`,
    value: over(wasm, peer),
    unit: "x",
    digits: 2,
    bars: { is: "at least", must, aim },
  })
  const steps = (name: string, value: Speed, peer: readonly [string, Speed]): Measure => ({
    name: `MLP ${INPUTS}-${HIDDEN}-${CLASSES}, batch ${BATCH}, ${name}`,
    value,
    unit: "steps/s",
    digits: 0,
    peer: { name: peer[0], value: peer[1] },
  })
  const { isSame, difference } = lossesOf(found)
  return {
    measures: [
      ratio("jax-js (wasm)", jax, 2, 4),
      ratio("tfjs-wasm", tfjs, 8, 15),
      { name: "MLP steps/s, native, of jax-js (wasm)", value: over(native, jax), unit: "x", digits: 2 },
      { name: "MLP steps/s, WASM on 2 threads, of jax-js (wasm)", value: over(threads, jax), unit: "x", digits: 2 },
      steps("WASM", wasm, ["jax-js (wasm)", jax]),
      steps("native", native, ["tfjs-wasm", tfjs]),
      { name: "MLP losses, largest relative difference from ours", value: difference, unit: "", digits: 7 },
    ],
    sections: [section(found)],
    isSame,
  }
}
type Speed = number | undefined
const speedOf = (training: Training | string): Speed =>
  typeof training === "string" ? undefined : training.stepsPerSecond

/** The faster of two of one trainer; a failure counts only while there is nothing else. */
function better(a: Training | string, b: Training | string): Training | string {
  if (typeof a === "string") return b
  if (typeof b === "string") return a
  return a.stepsPerSecond >= b.stepsPerSecond ? a : b
}

/** Whether whoever trained had the losses of the first who did. */
function lossesOf(found: readonly (Training | string)[]): { readonly isSame: boolean; readonly difference: Speed } {
  const [first, ...others] = found.filter((each) => typeof each !== "string")
  if (!first) return { isSame: true, difference: undefined }
  const apart = others.flatMap(({ losses }) => losses.map((loss, i) => Math.abs(loss / first.losses[i]! - 1)))
  const difference = Math.max(0, ...apart)
  return { isSame: difference <= LOSS_TOLERANCE, difference }
}

const section = (found: readonly (Training | string)[]): Section => ({
  title: `A multilayer perceptron ${INPUTS}-${HIDDEN}-${CLASSES}`,
  notes: [
    `Batches of ${BATCH}, ReLU, cross entropy, plain gradient descent, f32; the same first weights and batches for all, each in a process of its own in Node, one thread (jax-js and TensorFlow.js have no more there), in turn; the best stretch of 10 ms counts. Batches lie ready as tensors of the peers; ours are copied in at each step. jax-js takes fused multiply-adds (relaxed SIMD), whose bits depend on the machine; ours does not. Losses are of one batch at every 16th step.`,
    ...TRAINERS.flatMap(({ name }, i) => (typeof found[i] === "string" ? [`${name} is missing: ${found[i]}.`] : [])),
  ],
  table: {
    heading: ["trainer", "steps/s", "losses"],
    rows: TRAINERS.map(({ name }, i) => {
      const training = found[i]!
      if (typeof training === "string") return [name, undefined, undefined]
      return [name, number(training.stepsPerSecond, 0), training.losses.map((loss) => loss.toFixed(6)).join(" ")]
    }),
  },
})
