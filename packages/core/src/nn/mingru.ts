import type { Node } from "../graph/graph.ts"
import { add, fill, multiply, sigmoid, subtract } from "../graph/operations.ts"
import { scan } from "../graph/scan.ts"
import { noState, type Recurrent, type RecurrentOptions } from "./gru.ts"
import { linear } from "./linear.ts"
import { weightSet } from "./weights.ts"

/**
 * A minimal gated recurrent unit, whose gate looks at x alone: z = σ(x·Wz + bz), n = x·Wn + bn, h ← (1 − z) ∘ h + z ∘ n.
 * All products stand before the loop, which is element-wise.
 *
 * Shapes: x [T,B,D] → y [T,B,H], last [B,H]. Weights are called `${name}_…`: update and new [D,H] with biases [1,H].
 * Numbers: h stays between the smallest and the largest n, and where it began. Errors: as gru.
 * Source: Feng et al. 2024, arXiv:2410.01201, section 3.1, without their parallel scan.
 */
export function minGru(x: Node, name: string, { hidden, initial, ...options }: RecurrentOptions): Recurrent {
  const { layer, learnable } = weightSet(name)
  const given = ["update", "new"].map((part) => linear(x, ...layer(part, x.shape.at(-1)!, hidden)))
  const { last, outputs } = scan(
    { carries: [initial ?? noState(x, hidden)], sequences: given },
    ([h], [gate, fresh]) => {
      const update = sigmoid(gate!)
      const next = add(multiply(subtract(fill(1, update), update), h!), multiply(update, fresh!))
      return { next: [next], outputs: [next] }
    },
    options,
  )
  return { y: outputs[0]!, last: last[0]!, ...learnable() }
}
