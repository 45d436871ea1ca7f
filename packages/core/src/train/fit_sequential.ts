import { sizeOf } from "../base/shape.ts"
import { compileGraph } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import type { Node } from "../graph/graph.ts"
import { input } from "../graph/operations.ts"
import type { QuantisedNet } from "../quantise/classifier.ts"
import { quantiseSequential } from "../quantise/sequential.ts"
import {
  type ByteRows,
  floatAnswers,
  reachesOf,
  type SequentialNet,
  type SequentialRecipe,
  type SequentialWeights,
  trainSequential,
} from "./sequential.ts"

/** A learnt net with how far its values reach, and how it fared on rows that it did not learn from. */
export interface FittedSequential {
  readonly net: SequentialNet
  readonly weights: SequentialWeights
  readonly reaches: readonly number[]
  /** The share of values within the reaches: the best of SHARES on the rows for choosing. */
  readonly share: number
  /** Shares of right answers on the rows for choosing. */
  readonly right: { readonly float: number; readonly integer: number }
}
/** Of values of a layer within its reach: all, or what leaves the units finer for most. */
export const SHARES = [1, 0.9999, 0.999, 0.99] as const
/** So many rows tell how far values reach. */
const CALIBRATION_ROWS = 2000

/** Learns from `learn`, and chooses the reaches, which come from `learn` too, by `choose`. Errors: OB401, OB403. */
export function fitSequential(
  net: SequentialNet,
  rows: { readonly learn: ByteRows; readonly choose: ByteRows },
  recipe: SequentialRecipe,
  seed: number,
  engine: Engine,
  say?: (epoch: number, bits: number) => void,
): FittedSequential {
  const training = trainSequential(net, rows.learn, recipe, seed, engine)
  let state = training.next()
  for (; !state.done; state = training.next()) say?.(state.value.epoch, state.value.bits)
  const weights = state.value
  const size = sizeOf(net.shape)
  const some = {
    values: rows.learn.values.slice(0, CALIBRATION_ROWS * size),
    labels: rows.learn.labels.slice(0, CALIBRATION_ROWS),
  }
  const float = rightShare(floatAnswers(net, weights, rows.choose, engine), rows.choose)
  const tried = reachesOf(net, weights, some, SHARES, engine).map((reaches, i) => {
    const answers = integerAnswers({ net, weights, reaches }, rows.choose, engine)
    return { reaches, share: SHARES[i]!, integer: rightShare(answers, rows.choose) }
  })
  const best = tried.reduce((one, other) => (other.integer > one.integer ? other : one))
  return { net, weights, reaches: best.reaches, share: best.share, right: { float, integer: best.integer } }
}

/** The net in integers behind a node of bytes [B,…shape]. */
export const integersOf = (
  { net, weights, reaches }: Pick<FittedSequential, "net" | "weights" | "reaches">,
  bytes: Node,
): QuantisedNet =>
  quantiseSequential({
    ...{ input: bytes, inputScale: net.inputScale, layers: net.layers, weights, reaches, levels: net.levels },
  })

/** What the net in integers says of rows. */
export function integerAnswers(
  fitted: Pick<FittedSequential, "net" | "weights" | "reaches">,
  { values, labels }: ByteRows,
  engine: Engine,
): Uint8Array {
  const dtype = values instanceof Uint8Array ? "u8" : "i8"
  const { outputs, weights } = integersOf(fitted, input("x", dtype, [BATCH, ...fitted.net.shape]))
  const { memory, run } = compileGraph({ name: "integers", outputs: { label: outputs["label"]! } }, engine)
  for (const [name, data] of Object.entries(weights)) memory[name]?.set(data)
  const size = sizeOf(fitted.net.shape)
  const answers = new Uint8Array(labels.length)
  for (let from = 0; from < labels.length; from += BATCH) {
    const count = Math.min(BATCH, labels.length - from)
    memory["x"]!.set(values.subarray(from * size, (from + count) * size))
    run()
    answers.set(memory["label"]!.subarray(0, count), from)
  }
  return answers
}
const BATCH = 100

export const rightShare = (answers: Uint8Array, { labels }: ByteRows): number =>
  answers.reduce((right, answer, i) => right + (answer === labels[i] ? 1 : 0), 0) / labels.length

/** The same with each seed, and the place of the one that was best on the rows for choosing, the first of equals. */
export function fitSeeds(
  net: SequentialNet,
  rows: { readonly learn: ByteRows; readonly choose: ByteRows },
  recipe: SequentialRecipe,
  seeds: readonly number[],
  engine: Engine,
): { readonly fitted: readonly FittedSequential[]; readonly best: number } {
  const fitted = seeds.map((seed) => fitSequential(net, rows, recipe, seed, engine))
  const most = Math.max(...fitted.map(({ right }) => right.integer))
  return { fitted, best: fitted.findIndex(({ right }) => right.integer === most) }
}
