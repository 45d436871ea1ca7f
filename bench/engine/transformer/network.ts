/** The transformer of README.md beside: its sizes, first weights and tokens, the same for whoever trains it. */
import { stream } from "@open-brains/core/base/random.ts"

/** Sizes of one network and of the batch that it learns from. */
export interface Sizes {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly hidden: number
  readonly time: number
  readonly batch: number
  readonly vocabulary: number
}
export const FULL: Sizes = { width: 128, layers: 4, heads: 4, hidden: 512, time: 256, batch: 16, vocabulary: 256 }
export const ADAMW = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } as const

type Shape = readonly [number, number]
/** Name and shape of every weight, in the order in which they lie in one file of f32. */
export function weightShapes({ width, layers, hidden, time, vocabulary }: Sizes): Readonly<Record<string, Shape>> {
  const layer = (name: string, from: number, to: number): Readonly<Record<string, Shape>> => ({
    [name]: [from, to],
    [`${name}_bias`]: [1, to],
  })
  const block = (name: string) => ({
    ...layer(`${name}_attention_norm`, 1, width),
    ...layer(`${name}_query`, width, width),
    ...layer(`${name}_key`, width, width),
    ...layer(`${name}_value`, width, width),
    ...layer(`${name}_out`, width, width),
    ...layer(`${name}_feed_norm`, 1, width),
    ...layer(`${name}_up`, width, hidden),
    ...layer(`${name}_down`, hidden, width),
  })
  const blocks = Array.from({ length: layers }, (_, i) => block(blockName(i)))
  const ends = { ...layer("norm", 1, width), ...layer("head", width, vocabulary) }
  return Object.assign({ tokens: [vocabulary, width], places: [time, width] }, ...blocks, ends)
}
export const blockName = (layer: number): string => `block${layer}`

/** Gains 1, biases 0, all else uniform with standard deviation 0.02 as GPT-2 has it. */
export function firstWeights(sizes: Sizes): Readonly<Record<string, Float32Array>> {
  const random = stream(1, "initialise")
  let drawn = 0
  const draw = (name: string): number => {
    if (name.endsWith("norm")) return 1
    return name.endsWith("_bias") ? 0 : (random.uniform(drawn++) * 2 - 1) * 0.02 * Math.sqrt(3)
  }
  return Object.fromEntries(
    Object.entries(weightShapes(sizes)).map(([name, [rows, columns]]) => [
      name,
      Float32Array.from({ length: rows * columns }, () => draw(name)),
    ]),
  )
}

/** One batch [batch, time + 1] of text made of 200 words drawn at random: each token but the first is a target. */
export function tokens({ batch, time, vocabulary }: Sizes, step: number): Uint8Array {
  const [spelling, order] = [stream(3, "mix", 0), stream(3, "shuffle", step)]
  const letter = (word: number, i: number): number => 97 + spelling.below(word * 16 + i, 26)
  const bytes = new Uint8Array(batch * (time + 1))
  for (let at = 0, drawn = 0; at < bytes.length; drawn++) {
    const word = order.below(drawn, 200)
    const length = 2 + spelling.below(word * 16 + 15, 8)
    for (let i = 0; i < length && at < bytes.length; i++) bytes[at++] = letter(word, i) % vocabulary
    if (at < bytes.length) bytes[at++] = 32 % vocabulary
  }
  return bytes
}

export interface Training {
  /** Of the best of the timed steps. */
  readonly secondsPerStep: number
  /** Mean cross entropy in nats of each step, before its update. */
  readonly losses: readonly number[]
}
