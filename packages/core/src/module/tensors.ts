import type { Numbers } from "../base/dtype.ts"
import { inOrder, isNode } from "../graph/graph.ts"
import type { Outputs } from "../graph/text.ts"
import type { Tensor } from "./safetensors.ts"

/** A graph and the numbers of its weights by name; of what no graph reads, numbers in a row. */
export interface Weighted {
  readonly graph: Outputs
  readonly weights: Readonly<Record<string, Numbers>>
}

/** Weights with the shapes that the graph gives them. */
export function tensorsOf({ graph, weights }: Weighted): Readonly<Record<string, Tensor>> {
  const shapes = new Map(
    inOrder(Object.values(graph)).flatMap((node) =>
      isNode(node, "weight") ? [[node.attributes.name, node.attributes] as const] : [],
    ),
  )
  return Object.fromEntries(
    Object.entries(weights).map(([name, data]) => {
      const { shape, dtype } = shapes.get(name) ?? { shape: [data.length], dtype: "f32" as const }
      return [name, { dtype, shape, data }]
    }),
  )
}
