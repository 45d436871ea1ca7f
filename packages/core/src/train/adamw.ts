import type { Node, Update } from "../graph/graph.ts"
import { add, broadcastLike, divide, fill, multiply, sqrt, subtract, weight } from "../graph/operations.ts"

/** Scalars [1,1] that change from step to step. */
export interface AdamInputs {
  /** Step size over 1 − β₁ᵗ. */
  readonly rate: Node
  /** 1 / (1 − β₂ᵗ). */
  readonly secondCorrection: Node
  /** Step size times weight decay. */
  readonly decay: Node
  /** 1 − the decay of the moving average. */
  readonly averageRate: Node
}
export interface AdamOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

/**
 * One step for one weight p, as graph: m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
 * p ← p − η (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε), and − ηλp if it decays; and the average of the weights e ← e + (1−κ)(p − e).
 *
 * Shapes: all that of p. State: `NAME_m`, `NAME_v`, `NAME_average` beside `NAME`.
 * Source: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2; average: Polyak & Juditsky 1992.
 */
export function adamw(
  p: Node<"weight">,
  g: Node,
  inputs: AdamInputs,
  options: AdamOptions,
  decays: boolean,
): readonly Update[] {
  const { name, shape, dtype } = p.attributes
  const state = (suffix: string): Node<"weight"> => weight(`${name}_${suffix}`, dtype, shape)
  const [m, v, average] = [state("m"), state("v"), state("average")]
  const number = (value: number): Node => fill(value, p)
  const blend = (old: Node, fresh: Node, beta: number): Node =>
    add(multiply(number(beta), old), multiply(number(1 - beta), fresh))
  const spread = (scalar: Node): Node => broadcastLike(scalar, p)
  const nextM = blend(m, g, options.beta1)
  const nextV = blend(v, multiply(g, g), options.beta2)
  const deviation = add(sqrt(multiply(nextV, spread(inputs.secondCorrection))), number(options.epsilon))
  const step = divide(multiply(spread(inputs.rate), nextM), deviation)
  const moved = subtract(p, step)
  const nextP = decays ? subtract(moved, multiply(spread(inputs.decay), p)) : moved
  const nextAverage = add(average, multiply(spread(inputs.averageRate), subtract(nextP, average)))
  return [
    { weight: m, value: nextM },
    { weight: v, value: nextV },
    { weight: p, value: nextP },
    { weight: average, value: nextAverage },
  ]
}
