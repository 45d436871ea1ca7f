/**
 * A multilayer perceptron 784-128-10 on batches of 32, plain gradient descent, float: the same network, the same first
 * weights and the same batches for whoever trains it. loss = mean over the batch of −log softmax(relu(x·w1 + b1)·w2 + b2).
 */
import { stream } from "@open-brains/core/base/random.ts"

export const [INPUTS, HIDDEN, CLASSES, BATCH] = [784, 128, 10, 32]
export const RATE = 0.1
const BATCHES = 16 // shown in turn

export interface Batch {
  /** [BATCH, INPUTS], in [0, 1). */
  readonly x: Float32Array<ArrayBuffer>
  /** [BATCH, CLASSES], one 1 in each row. */
  readonly y: Float32Array<ArrayBuffer>
}
export interface Weights {
  readonly w1: Float32Array<ArrayBuffer>
  readonly b1: Float32Array<ArrayBuffer>
  readonly w2: Float32Array<ArrayBuffer>
  readonly b2: Float32Array<ArrayBuffer>
}
export const SHAPES = { w1: [INPUTS, HIDDEN], b1: [1, HIDDEN], w2: [HIDDEN, CLASSES], b2: [1, CLASSES] } as const

/** Uniform with the variance that Glorot and Bengio 2010, equation 16, ask for. */
export function firstWeights(): Weights {
  const random = stream(1, "initialise")
  let drawn = 0
  const uniform = (inputs: number, outputs: number): Float32Array<ArrayBuffer> =>
    Float32Array.from(
      { length: inputs * outputs },
      () => (random.uniform(drawn++) * 2 - 1) * Math.sqrt(6 / (inputs + outputs)),
    )
  const [w1, w2] = [uniform(INPUTS, HIDDEN), uniform(HIDDEN, CLASSES)]
  return { w1, b1: new Float32Array(HIDDEN), w2, b2: new Float32Array(CLASSES) }
}

/** Each class is a picture of its own, dimmed and covered with noise. */
export function batches(): readonly Batch[] {
  const pictures = stream(2, "mix", 0)
  return Array.from({ length: BATCHES }, (_, step) => {
    const noise = stream(2, "mix", 1 + step)
    const [x, y] = [new Float32Array(BATCH * INPUTS), new Float32Array(BATCH * CLASSES)]
    for (let row = 0; row < BATCH; row++) {
      const label = noise.below(BATCH * INPUTS + row, CLASSES)
      y[row * CLASSES + label] = 1
      for (let i = 0; i < INPUTS; i++)
        x[row * INPUTS + i] = 0.3 * pictures.uniform(label * INPUTS + i) + 0.7 * noise.uniform(row * INPUTS + i)
    }
    return { x, y }
  })
}

/** What a training brings: steps a second of its best stretch, and the losses that show that it learns the same. */
export interface Training {
  readonly stepsPerSecond: number
  /** Loss of the first batch at steps 0, BATCHES, 2 · BATCHES ... */
  readonly losses: readonly number[]
}
const LOSSES = 5
/** As long for all: the longer a stretch, the more of the machine's other work falls into it. */
const STRETCH_MS = 10

/**
 * Trains `LOSSES` rounds over the batches with losses looked at, then times stretches without looking.
 * `step(i)` learns from batch i and gives a loss, which `look` reads and `drop` frees; `settle` waits until all is done.
 */
export async function timeTraining<Loss>(
  step: (batch: number) => Loss,
  look: (loss: Loss) => number | Promise<number>,
  drop: (loss: Loss) => void,
  settle: () => void | Promise<void>,
  seconds: number,
): Promise<Training> {
  const losses: number[] = []
  for (let round = 0; round < LOSSES; round++)
    for (let batch = 0; batch < BATCHES; batch++) {
      const loss = await look(step(batch))
      if (batch === 0) losses.push(loss)
    }
  const stretch = async (steps: number): Promise<number> => {
    const start = performance.now()
    for (let i = 0; i < steps; i++) drop(step(i % BATCHES))
    await settle()
    return (performance.now() - start) / steps
  }
  const steps = Math.ceil(STRETCH_MS / (await stretch(BATCHES)))
  let best = Number.POSITIVE_INFINITY
  const end = performance.now() + seconds * 1000
  do best = Math.min(best, await stretch(steps))
  while (performance.now() < end)
  return { stepsPerSecond: 1000 / best, losses }
}
