/** What tests and benches ask the gestures of: strokes that nothing was learnt from. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { ByteRows, SequentialNet } from "@open-brains/core/train/sequential.ts"
import { NET, RECIPE, rowsOf, rowsToLearn, SEEDS, withCopies } from "./gestures.ts"
import { POINTS_MAX } from "./stroke.ts"
import { readStrokes, type Stroke } from "./strokes.ts"

export { DATA, LABELS } from "./strokes.ts"
/** A file of the module. */
export const netFile = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "net", name)))

export interface Asked {
  readonly points: Int16Array
  readonly count: Int32Array
}
/** A stroke as the net takes it. */
export function asked(points: Int16Array): Asked {
  const whole = new Int16Array(2 * POINTS_MAX)
  whole.set(points)
  return { points: whole, count: Int32Array.of(points.length / 2) }
}
/** The 200 strokes to test, and copies of them that lean, up to `count`. */
export const strokesToAsk = (mirror: string, count: number): readonly Stroke[] => {
  const { test } = readStrokes(mirror)
  return withCopies(test, Math.ceil(count / test.length) - 1).slice(0, count)
}

/** How it is learnt, as rows of what the kernel makes of strokes. */
export const gesturesTask = (mirror: string, engine: Engine): GesturesTask => ({
  ...{ net: NET, recipe: RECIPE, seeds: SEEDS },
  rows: { ...rowsToLearn(mirror, engine), test: rowsOf(readStrokes(mirror).test, engine) },
})
export interface GesturesTask {
  readonly net: SequentialNet
  readonly recipe: typeof RECIPE
  readonly seeds: readonly number[]
  readonly rows: Readonly<Record<"learn" | "choose" | "test", ByteRows>>
}
