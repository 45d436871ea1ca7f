import { compileGraph } from "../compile.ts"
import type { Engine, Instance } from "../engine/engine.ts"
import type { Node, Update } from "../graph/graph.ts"
import { OWN_LIMITS } from "../ir/limits.ts"
import { type AdamInputs, type AdamOptions, adamw } from "./adamw.ts"
import { clipped, gradients } from "./gradient.ts"

/** What a step may do beside. */
export interface StepExtras {
  /** The norm that all gradients together are shortened to where they are longer. */
  readonly clip?: number
  /** What goes on from step to step, such as the state of a recurrence. */
  readonly updates?: readonly Update[]
}

/** Loss, gradients and update of every weight as one program on an engine: one run is one step. `seen` is what the loss is computed from, where that is not the weights themselves. */
export function compileStep(
  loss: Node,
  weights: readonly Node<"weight">[],
  inputs: AdamInputs,
  options: AdamOptions,
  decaying: readonly Node[],
  engine: Engine,
  seen: readonly Node[] = weights,
  { clip, updates: others = [] }: StepExtras = {},
): Instance {
  const full = gradients(loss, seen)
  const slopes = clip === undefined ? full : clipped(full, clip)
  const updates = weights.flatMap((weight, i) => adamw(weight, slopes[i]!, inputs, options, decaying.includes(weight)))
  return compileGraph({ name: "step", outputs: { loss }, updates: [...updates, ...others] }, engine, OWN_LIMITS)
}
