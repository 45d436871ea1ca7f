import type { Node } from "../graph/graph.ts"
import type { Program } from "../ir/program.ts"
import { lowerGraph } from "../lower/lower.ts"
import { type AdamInputs, type AdamOptions, adamw } from "./adamw.ts"
import { gradients } from "./gradient.ts"

/** Loss, gradients and update of every weight as one program: one call is one step. */
export function compileStep(
  loss: Node,
  weights: readonly Node<"weight">[],
  inputs: AdamInputs,
  options: AdamOptions,
): Program {
  const slopes = gradients(loss, weights)
  const updates = weights.flatMap((weight, i) => adamw(weight, slopes[i]!, inputs, options))
  return lowerGraph({ name: "step", outputs: { loss }, updates })
}
