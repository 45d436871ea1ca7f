import { compileGraph } from "../compile.ts"
import type { Engine, Instance } from "../engine/engine.ts"
import type { Node } from "../graph/graph.ts"
import { OWN_LIMITS } from "../ir/limits.ts"
import { type AdamInputs, type AdamOptions, adamw } from "./adamw.ts"
import { gradients } from "./gradient.ts"

/** Loss, gradients and update of every weight as one program on an engine: one run is one step. `seen` is what the loss is computed from, where that is not the weights themselves. */
export function compileStep(
  loss: Node,
  weights: readonly Node<"weight">[],
  inputs: AdamInputs,
  options: AdamOptions,
  decaying: readonly Node[],
  engine: Engine,
  seen: readonly Node[] = weights,
): Instance {
  const slopes = gradients(loss, seen)
  const updates = weights.flatMap((weight, i) => adamw(weight, slopes[i]!, inputs, options, decaying.includes(weight)))
  return compileGraph({ name: "step", outputs: { loss }, updates }, engine, OWN_LIMITS)
}
