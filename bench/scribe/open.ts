/** Scribes as this bench opens them. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Expert } from "@open-brains/core/mix/expert.ts"
import { harnessOptions, MEMORY_MAX, MEMORY_MIN, scribeExperts } from "@open-brains/core/mix/scribe.ts"
import { openPredictor, type Predictor } from "@open-brains/core/run/predictor.ts"
import { type Choice, chooseEngine } from "open-brains"
import { say } from "../shared/report.ts"

/** What quality and speed are measured at. */
export const MEMORY_BYTES = 2 ** 24

export interface Opened {
  readonly predictor: Predictor
  /** Of a net that it holds. */
  readonly weightsBytes: number
}

/** A scribe that has read nothing, with these experts after its own. */
export function openWith(memoryBytes: number, engine: Engine, extra: readonly Expert[] = []): Predictor {
  const shape = { memoryBytes }
  return openPredictor([...scribeExperts(shape), ...extra], harnessOptions(shape), engine)
}

/** The scribe with the most memory, a power of two, that takes no more than so many bytes in all; undefined when none does. */
export function openWithin(bytesMax: number, engine: Engine): Opened | undefined {
  for (let memoryBytes = MEMORY_MAX; memoryBytes >= MEMORY_MIN; memoryBytes /= 2) {
    if (memoryBytes > 2 * bytesMax) continue // its tables alone are more
    const predictor = openWith(memoryBytes, engine)
    if (predictor.memoryBytes <= bytesMax) return { predictor, weightsBytes: 0 }
  }
  return undefined
}

/** C where it can be compiled: all engines give the same bits. Why it is not goes into `asides`, a program's own reason later. */
export function fastEngine(): Choice {
  const choice = chooseEngine("native")
  for (const aside of choice.asides) say(aside)
  return choice
}

/** Bits of what is scored, learning or not, and of all that was seen before. */
export interface Bits {
  readonly seen: number
  readonly adaptive: number
  readonly frozen: number
}

/** Reads `seen`, then `scored` twice from the same state: with learning and without. */
export function bitsAfter(predictor: Predictor, seen: Uint8Array, scored: Uint8Array): Bits {
  predictor.reset()
  const before = predictor.read(seen, { learns: true })
  const state = predictor.state()
  const frozen = predictor.read(scored, { learns: false })
  predictor.put(state)
  return { seen: before, frozen, adaptive: predictor.read(scored, { learns: true }) }
}
