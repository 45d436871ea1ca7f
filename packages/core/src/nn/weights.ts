import type { Node } from "../graph/graph.ts"
import { weight } from "../graph/operations.ts"

/** What a layer learns. */
export interface Learnable {
  readonly weights: readonly Node<"weight">[]
  /** Those of them that weight decay is for. */
  readonly decaying: readonly Node<"weight">[]
}

/** Makes the weights of a layer, called `${name}_PART`, f32: one set for a layer, listed as they were asked for. */
export interface WeightSet {
  matrix(part: string, rows: number, columns: number): Node<"weight">
  /** A matrix [rows, columns] and its bias [1, columns], called `PART_bias`. */
  layer(part: string, rows: number, columns: number): readonly [Node<"weight">, Node<"weight">]
  /** All that was made so far; what has more than one row decays, so no bias and no gain does. */
  learnable(): Learnable
}
export function weightSet(name: string): WeightSet {
  const weights: Node<"weight">[] = []
  const matrix = (part: string, rows: number, columns: number): Node<"weight"> => {
    const made = weight(`${name}_${part}`, "f32", [rows, columns])
    weights.push(made)
    return made
  }
  return {
    matrix,
    layer: (part, rows, columns) => [matrix(part, rows, columns), matrix(`${part}_bias`, 1, columns)],
    learnable: () => ({ weights: [...weights], decaying: weights.filter(({ shape }) => shape[0]! > 1) }),
  }
}
