import type { Node } from "../graph/graph.ts"
import { add, broadcastLike, fill, matmul, multiply, sigmoid, subtract, tanh } from "../graph/operations.ts"
import { type ScanOptions, scan } from "../graph/scan.ts"
import { linear } from "./linear.ts"
import { type Learnable, weightSet } from "./weights.ts"

export interface RecurrentOptions extends ScanOptions {
  /** H: numbers that go from step to step. */
  readonly hidden: number
  /** h before the first step, [B,H]: 0 unless given. */
  readonly initial?: Node
}
export interface Recurrent extends Learnable {
  /** h after each step, [T,B,H]. */
  readonly y: Node
  /** h after the last one, [B,H]. */
  readonly last: Node
}

/**
 * A gated recurrent unit: r = σ(x·Wr + br + h·Ur), z = σ(x·Wz + bz + h·Uz), n = tanh(x·Wn + bn + r ∘ (h·Un + cn)),
 * h ← (1 − z) ∘ n + z ∘ h. What depends on x alone is one product over all steps, before the loop.
 *
 * Shapes: x [T,B,D] → y [T,B,H], last [B,H]. Weights are called `${name}_…`: reset, update and new [D,H] with biases
 * [1,H]; their `_state` [H,H], and new_state_bias [1,H].
 * Numbers: |h| ≤ 1 when it begins so. Errors: OB327 when `initial` is not [B,H].
 * Source: Cho et al. 2014, arXiv:1406.1078, with the reset after the product as in cuDNN and PyTorch.
 */
export function gru(x: Node, name: string, { hidden, initial, ...options }: RecurrentOptions): Recurrent {
  const { matrix, layer, learnable } = weightSet(name)
  const given = GATES.map((gate) => linear(x, ...layer(gate, x.shape.at(-1)!, hidden)))
  const matrices = GATES.map((gate) => matrix(`${gate}_state`, hidden, hidden))
  const constants = [...matrices, matrix("new_state_bias", 1, hidden)]
  const { last, outputs } = scan(
    { carries: [initial ?? noState(x, hidden)], sequences: given, constants },
    ([h], [xr, xz, xn], [ur, uz, un, bias]) => {
      const reset = sigmoid(add(xr!, matmul(h!, ur!)))
      const update = sigmoid(add(xz!, matmul(h!, uz!)))
      const state = add(matmul(h!, un!), broadcastLike(bias!, h!))
      const fresh = tanh(add(xn!, multiply(reset, state)))
      const next = add(multiply(subtract(fill(1, update), update), fresh), multiply(update, h!))
      return { next: [next], outputs: [next] }
    },
    options,
  )
  return { y: outputs[0]!, last: last[0]!, ...learnable() }
}

const GATES = ["reset", "update", "new"] as const

/** Zeros for h before the first step. Shapes: x [T,B,D] → [B,H]. */
export const noState = (x: Node, hidden: number): Node => fill(0, { dtype: "f32", shape: [x.shape[1]!, hidden] })
