/** Trains a small network: child.ts NETWORK ENGINE STEPS; the digest of all that it has learnt on stdout as JSON. */
import { digest } from "@open-brains/core/base/digest.ts"
import { bytesOf } from "@open-brains/core/base/dtype.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { input, take, transpose, weight } from "@open-brains/core/graph/operations.ts"
import { gru } from "@open-brains/core/nn/gru.ts"
import { linear } from "@open-brains/core/nn/linear.ts"
import { engineNamed } from "../engines.ts"
import { compileModel, type Model, nextByteLoss, setWeights, takeStep, transformer } from "../transformer/model.ts"
import { type Sizes, tokens } from "../transformer/network.ts"
import type { Learnt, NetworkName } from "./digests.ts"

const SIZES: Sizes = { width: 48, layers: 2, heads: 3, hidden: 96, time: 24, batch: 4, vocabulary: 128 }
const NETWORKS: Readonly<Record<NetworkName, (sizes: Sizes) => Model>> = { transformer, GRU: recurrent }

/** An embedding, a GRU and a linear layer. */
function recurrent({ width, hidden, time, batch, vocabulary }: Sizes): Model {
  const table = weight("tokens", "f32", [vocabulary, width])
  const [head, bias] = [weight("head", "f32", [hidden, vocabulary]), weight("head_bias", "f32", [1, vocabulary])]
  const x = take(table, input("text", "u8", [batch, time]))
  const { y, weights } = gru(transpose(x, [1, 0, 2]), "gru", { hidden })
  const logits = linear(transpose(y, [1, 0, 2]), head, bias)
  return { loss: nextByteLoss(logits), weights: [table, ...weights, head, bias] }
}

/** Uniform within ±0.1, but gains begin at 1: enough for a net this small to learn. */
function firstWeights({ weights }: Model): Readonly<Record<string, Float32Array>> {
  const random = stream(1, "initialise")
  let drawn = 0
  return Object.fromEntries(
    weights.map(({ attributes: { name, shape } }) => {
      const length = shape.reduce((product, side) => product * side, 1)
      const draw = (): number => (name.endsWith("norm") ? 1 : (random.uniform(drawn++) * 2 - 1) * 0.1)
      return [name, Float32Array.from({ length }, draw)]
    }),
  )
}

function train(network: NetworkName, engineName: string, steps: number): Learnt {
  const engine = engineNamed(engineName)
  const model = NETWORKS[network](SIZES)
  const instance = compileModel(model, engine)
  setWeights(instance, firstWeights(model))
  const losses = Array.from({ length: steps }, (_, i) => takeStep(instance, SIZES, tokens(SIZES, i), i + 1))
  engine[Symbol.dispose]?.()
  const names = model.weights.flatMap(({ attributes: { name } }) => [name, `${name}_m`, `${name}_v`])
  const parts = names.map((name) => bytesOf(instance.memory[name]!))
  const all = Buffer.concat(parts)
  return { digest: digest(all), bytes: all.length, first: losses[0]!, last: losses.at(-1)! }
}

const [network, engine, steps] = process.argv.slice(2) as [NetworkName, string, string]
console.log(JSON.stringify(train(network, engine, Number(steps))))
