import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Expert } from "@open-brains/core/mix/expert.ts"
import { harnessOptions, isForBoards } from "@open-brains/core/mix/scribe.ts"
import type { PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { narrowNeuralExpert } from "@open-brains/core/run/narrow_neural.ts"
import { neuralExpert } from "@open-brains/core/run/neural_expert.ts"
import type { ModuleFiles } from "../store/whole.ts"

export const NET = "net.safetensors"

/** Below this a net that holds copies of its weights in another order would take more than the tables. */
const LEAN_BELOW = 2 ** 22

export interface OthersOptions {
  /** Bytes of the tables of the experts beside them. */
  readonly memoryBytes: number
  /** What they are cut for; without it they are as they are on any. The bits are the same. */
  readonly engine?: Engine
}

/** The experts that a module brings beside those of its memory: the neural one, where it has its weights. Errors: OB130 to OB137, OB333. */
export function othersOf(
  { path, parts }: Pick<ModuleFiles<PredictorManifest>, "path" | "parts">,
  { memoryBytes, engine }: OthersOptions,
): readonly Expert[] {
  const bytes = parts[NET]
  if (bytes === undefined) return []
  const shown = `${path}/${NET}`
  const tensors = readSafetensors(bytes, shown)
  const { historyBytes } = harnessOptions({ memoryBytes })
  const isLean = engine === undefined || memoryBytes < LEAN_BELOW
  try {
    // As on a board, also where a PC reads along: to the bit from the first byte on.
    if (isForBoards(memoryBytes)) return [narrowNeuralExpert(tensors, { historyBytes })]
    return [neuralExpert(tensors, { historyBytes, isLean, ...(engine === undefined ? {} : { engine }) })]
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return refuse(...error.problems.map((problem) => ({ ...problem, seen: `${shown}: ${problem.seen}` })))
  }
}
