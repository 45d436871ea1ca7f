import { harnessOptions, scribeExperts } from "@open-brains/core/mix/scribe.ts"
import { openPredictor, type Predictor } from "@open-brains/core/run/predictor.ts"
import { chooseEngine } from "../native/choice.ts"
import type { EngineName } from "../native/engines.ts"

export interface ScribeOptions {
  readonly engine?: EngineName
  /** Bytes of tables (default: what the module says). */
  readonly memoryBytes?: number
}
/** A scribe that is open: what it is, and its predictor, as it is after all that it was taught. */
export interface Scribe {
  readonly path: string
  readonly predictor: Predictor
  /** Why something runs otherwise than asked. */
  readonly asides: readonly string[]
}

const MEMORY_BYTES = 2 ** 24

/** Opens a scribe: a folder, a module by name, or `none`, which has learnt nothing. Errors: OB800. */
export async function openScribe(
  path: string,
  { engine, memoryBytes = MEMORY_BYTES }: ScribeOptions = {},
): Promise<Scribe> {
  const chosen = chooseEngine(engine, true)
  const predictor = openPredictor(scribeExperts({ memoryBytes }), harnessOptions({ memoryBytes }), chosen.engine)
  return { path, predictor, asides: chosen.asides }
}
