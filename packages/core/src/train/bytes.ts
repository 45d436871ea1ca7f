import { refuse } from "../base/problem.ts"
import { stream } from "../base/random.ts"
import type { Engine } from "../engine/engine.ts"
import type { Node } from "../graph/graph.ts"
import { fill, input, multiply, weight } from "../graph/operations.ts"
import { type ByteModelShape, byteModel } from "../nn/byte_net.ts"
import { classCrossEntropy } from "../nn/cross_entropy.ts"
import type { AdamInputs } from "./adamw.ts"
import { compileStep } from "./step.ts"
import type { Progress } from "./train.ts"

/** Everything that the weights of a net over bytes depend on beside text and seed: plain numbers. */
export interface ByteRecipe {
  /** Numbers of each byte's row. */
  readonly features: number
  /** Numbers of state. */
  readonly hidden: number
  /** Places of the text that are read side by side. */
  readonly batch: number
  /** Bytes that slopes go back through; the state goes on beyond them. */
  readonly steps: number
  /** Steps of AdamW. */
  readonly updates: number
  /** Updates in which the step size grows to `rate`, in a straight line; then it falls to 0 in another. */
  readonly warmUp: number
  readonly rate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
  /** The norm of the gradient at most. */
  readonly clip: number
  /** Decay of the moving average of the weights that is kept in the end. */
  readonly averageDecay: number
}

/**
 * Found on the last tenth of the nine tenths of tinyshakespeare that are learnt from, in bits a character there: layers of
 * a minGRU with norms and sums around them gave 2.28 (two) and 2.22 (three) where a GRU of as many weights gave 2.16 in
 * less time; then weight decay mattered most (0.02: 2.15, 0.2: 2.11, 0.5: 2.15; with larger steps 0.15: 2.09), rows of 32
 * numbers cost 0.02, and hiding a tenth of the state from the head cost 0.01.
 */
export const BYTE_RECIPE: ByteRecipe = {
  features: 48,
  hidden: 160,
  batch: 64,
  steps: 96,
  updates: 4000,
  warmUp: 100,
  rate: 0.012,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.15,
  clip: 1,
  averageDecay: 0.99,
}
/** For a text several times as long: fewer numbers, since more bytes have rows, and less that holds them back. */
export const BASE_RECIPE: ByteRecipe = {
  ...BYTE_RECIPE,
  features: 40,
  hidden: 152,
  updates: 8000,
  weightDecay: 0.05,
}

/** Which row each byte has: those that occur one each, in rising order, and all others the last. */
export interface Vocabulary {
  readonly rows: number
  readonly rowOf: Uint8Array
}
export function vocabularyOf(text: Uint8Array): Vocabulary {
  const known = [...new Set(text)].sort((a, b) => a - b)
  const rowOf = new Uint8Array(256).fill(Math.min(known.length, 255))
  known.forEach((byte, row) => {
    rowOf[byte] = row
  })
  return { rows: Math.min(known.length + 1, 256), rowOf }
}

/** A learnt net over bytes, in floats. */
export interface FloatByteNet extends Vocabulary {
  /** By the names of nn/byte_net.ts. */
  readonly weights: Readonly<Record<string, Float32Array>>
}

/**
 * Trains a net over bytes on a text by truncated back-propagation through time: the text is cut into `batch` stretches
 * that are read side by side, `steps` bytes an update, with the state carried on from update to update; a pass over the
 * text ends where too little is left, and the next begins a little later, so that cuts fall elsewhere.
 *
 * Weights are a pure function of text, recipe and seed: the same bits on every engine and machine. Yields after each
 * update. Errors: OB401 when a loss or weight is no longer finite; OB404 when the text is too short for two.
 * Source: Williams & Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 * trajectories", for the truncation.
 */
export function* trainBytes(
  text: Uint8Array,
  recipe: ByteRecipe,
  seed: number,
  engine: Engine,
): Generator<Progress, FloatByteNet> {
  const { batch, steps, hidden, updates } = recipe
  const { rows, rowOf } = vocabularyOf(text)
  const stretch = Math.floor(text.length / batch)
  if (stretch < 2 * steps + 1) tooShort(text.length, batch * (2 * steps + 1))
  const trainer = openTrainer({ rows, features: recipe.features, hidden }, recipe, engine)
  initialise(trainer, seed)
  let at = 0
  let pass = 0
  let [power1, power2] = [1, 1]
  for (let update = 0; update < updates; update++) {
    if (at + steps + 1 > stretch) {
      at = stream(seed, "shuffle", ++pass).below(0, steps)
      trainer.floats("h").fill(0)
    }
    readInto(trainer.tokens, trainer.targets, (b, s) => rowOf[text[b * stretch + at + s]!]!, recipe)
    at += steps
    power1 *= recipe.beta1
    power2 *= recipe.beta2
    const stepSize = recipe.rate * Math.min((update + 1) / recipe.warmUp, 1) * (1 - update / updates)
    trainer.floats("rate")[0] = stepSize / (1 - power1)
    trainer.floats("secondCorrection")[0] = 1 / (1 - power2)
    trainer.floats("decay")[0] = stepSize * recipe.weightDecay
    trainer.floats("averageRate")[0] = Math.max(1 - recipe.averageDecay, 1 / (update + 1)) // a mean until it is long enough
    trainer.run()
    const loss = trainer.floats("loss")[0]!
    if (!Number.isFinite(loss)) diverged(update + 1)
    yield { step: update + 1, steps: updates, bits: loss / Math.LN2 }
  }
  const learnt = trainer.weights.map(({ attributes: { name } }) => {
    const average = trainer.floats(`${name}_average`).slice()
    return average.every(Number.isFinite) ? ([name, average] as const) : diverged(updates)
  })
  return { rows, rowOf, weights: Object.fromEntries(learnt) }
}

interface Trainer {
  readonly weights: readonly Node<"weight">[]
  floats(name: string): Float32Array
  readonly tokens: Int32Array
  readonly targets: Int32Array
  run(): void
}
/** One update as a program, of which the state is part. */
function openTrainer(shape: ByteModelShape, recipe: ByteRecipe, engine: Engine): Trainer {
  const { batch, steps, clip } = recipe
  const [tokens, targets] = [input("tokens", "i32", [steps, batch]), input("targets", "i32", [steps, batch])]
  const h = weight("h", "f32", [batch, shape.hidden])
  const { logits, last, weights, decaying } = byteModel(shape, tokens, h)
  const total = classCrossEntropy(logits, targets)
  const loss = multiply(total, fill(1 / (steps * batch), total))
  const scalar = (name: string): Node => input(name, "f32", [1, 1])
  const inputs: AdamInputs = {
    rate: scalar("rate"),
    secondCorrection: scalar("secondCorrection"),
    decay: scalar("decay"),
    averageRate: scalar("averageRate"),
  }
  const beside = { clip, updates: [{ weight: h, value: last }] }
  const { memory, run } = compileStep(loss, weights, inputs, recipe, decaying, engine, weights, beside)
  const floats = (name: string): Float32Array => memory[name] as Float32Array
  return { weights, floats, tokens: memory["tokens"] as Int32Array, targets: memory["targets"] as Int32Array, run }
}

/** Rows of bytes begin between −1 and 1, matrices as wide as their inputs allow, biases at 0. */
function initialise({ weights, floats }: Trainer, seed: number): void {
  weights.forEach(({ attributes: { name, shape } }, n) => {
    if (shape[0] === 1) return
    const range = name === "table" ? 1 : 1 / Math.sqrt(name === "head" ? shape[0]! : shape[1]!)
    const [values, random] = [floats(name), stream(seed, "initialise", n)]
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform(i) - 1) * range
  })
}

function readInto(
  tokens: Int32Array,
  targets: Int32Array,
  at: (stretch: number, place: number) => number,
  { steps, batch }: ByteRecipe,
): void {
  for (let b = 0; b < batch; b++)
    for (let s = 0; s < steps; s++) {
      tokens[s * batch + b] = at(b, s)
      targets[s * batch + b] = at(b, s + 1)
    }
}

const tooShort = (bytes: number, least: number): never =>
  refuse({
    code: "OB404",
    seen: `A text of ${bytes} bytes is too short for this recipe, which takes ${least} or more.`,
    hint: "Lower `batch` or `steps` in the recipe, or give it more text.",
  })
const diverged = (step: number): never =>
  refuse({
    code: "OB401",
    seen: `Training left the finite numbers at step ${step}.`,
    hint: "Lower `rate` in the recipe.",
  })
