/** What is measured beside the experts of integers alone: a scribe with a net over bytes. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { harnessOptions, MEMORY_MIN, scribeExperts } from "@open-brains/core/mix/scribe.ts"
import { neuralExpert } from "@open-brains/core/run/neural_expert.ts"
import { openPredictor, type Predictor } from "@open-brains/core/run/predictor.ts"
import { byteTensorsOf } from "@open-brains/core/train/byte_bits.ts"
import { BYTE_RECIPE } from "@open-brains/core/train/bytes.ts"
import { chooseEngine } from "open-brains"
import { learn } from "./nets.ts"
import type { Opened } from "./open.ts"

/**
 * A scribe of at most so many bytes, of tables and weights together, whose net learnt `seen`; it has itself read nothing. The
 * net is learnt from `seen` alone, by a recipe that nothing after it chose.
 */
export type OpenWithNet = (seen: Uint8Array, bytesMax: number, engine: Engine, seed: number) => Opened

/** Below this a net that holds copies of its weights in another order would leave no room. */
const LEAN_BELOW = 2 ** 22

export const others: { readonly withNet: OpenWithNet | undefined } = {
  withNet(seen, bytesMax, engine, seed) {
    const tensors = byteTensorsOf(learn(seen, BYTE_RECIPE, seed, chooseEngine("native").engine).net)
    const weightsBytes = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0)
    const isLean = bytesMax < LEAN_BELOW
    const opened = (memoryBytes: number): Predictor => {
      const options = harnessOptions({ memoryBytes })
      const net = neuralExpert(tensors, { historyBytes: options.historyBytes, engine, isLean })
      return openPredictor([...scribeExperts({ memoryBytes }), net], options, engine)
    }
    for (let memoryBytes = 2 ** Math.floor(Math.log2(bytesMax)); memoryBytes >= MEMORY_MIN; memoryBytes /= 2) {
      const predictor = opened(memoryBytes)
      if (predictor.memoryBytes + weightsBytes <= bytesMax) return { predictor, weightsBytes }
    }
    throw new Error(`no scribe with a net of ${weightsBytes} bytes fits into ${bytesMax}`)
  },
}
