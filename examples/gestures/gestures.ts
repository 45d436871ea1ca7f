/**
 * A net that reads digits drawn in the air, small enough for an Arduino Uno, from raw points to label in integers. Learns
 * it from the recordings in the folder that BRAIN_MIRROR names: node examples/gestures/gestures.ts FOLDER
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { instantiate } from "@open-brains/core/compile.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { type Net, netToJson } from "@open-brains/core/graph/dims_text.ts"
import { input, node } from "@open-brains/core/graph/operations.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { tensorsOf } from "@open-brains/core/module/tensors.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"
import { type FittedSequential, fitSeeds, integersOf } from "@open-brains/core/train/fit_sequential.ts"
import type { ByteRows, SequentialNet } from "@open-brains/core/train/sequential.ts"
import { mirror, missingData } from "../../scripts/testing.ts"
import { PLACES, POINTS_MAX, strokePlaces } from "./stroke.ts"
import { DATA, LABELS, readStrokes, type Stroke } from "./strokes.ts"

/** 32 numbers → 24 → 10: 1008 multiplications, 1 KB of weights. */
export const NET: SequentialNet = {
  shape: [2 * PLACES],
  inputScale: 1 / 127,
  levels: 255,
  layers: [
    { kind: "dense", name: "hidden", outputs: 24 },
    { kind: "relu" },
    { kind: "dense", name: "out", outputs: LABELS.length },
  ],
}
export const RECIPE = { epochs: 40, batch: 50, rate: 0.01, weightDecay: 0.01, averageDecay: 0.99 }
export const SEEDS = [1, 2, 3, 4, 5]

/** What a stroke is to the net. */
export function rowsOf(strokes: readonly Stroke[], engine: Engine): ByteRows {
  const { memory, run } = instantiate(strokePlaces(), engine)
  const values = new Int8Array(strokes.length * 2 * PLACES)
  for (const [i, { points }] of strokes.entries()) {
    memory["points"]!.set(points)
    memory["count"]![0] = points.length / 2
    run()
    values.set(memory["places"] as Int8Array, i * 2 * PLACES)
  }
  return { values, labels: Uint8Array.from(strokes, ({ label }) => label) }
}

/** Strokes with copies that lean and are stretched, each by its own lot, up to a quarter. */
export function withCopies(strokes: readonly Stroke[], copies: number): readonly Stroke[] {
  const copied = Array.from({ length: copies }, (_, copy) => {
    const random = stream(1, "draw", copy)
    return strokes.map(({ points, label }, i): Stroke => {
      const by = (part: number): number => (random.uniform(3 * i + part) - 0.5) / 2
      const [across, up, stretch] = [by(0), by(1), 1 + by(2)]
      const leaning = points.map((value, at) =>
        at % 2 === 0
          ? Math.round(4 * (value + across * points[at + 1]!))
          : Math.round(4 * (value * stretch + up * points[at - 1]!)),
      )
      return { points: leaning, label }
    })
  })
  return [...strokes, ...copied.flat()]
}
const COPIES = 9

/** Strokes to learn from, with their copies, and to choose by. */
export function rowsToLearn(folder: string, engine: Engine): Readonly<Record<"learn" | "choose", ByteRows>> {
  const { learn, choose } = readStrokes(folder)
  return { learn: rowsOf(withCopies(learn, COPIES), engine), choose: rowsOf(choose, engine) }
}

/** The fitted net behind the kernel, as `brain` knows nets: one entry, `step`. */
export function gesturesNet(fitted: FittedSequential): { readonly net: Net; readonly tensors: Tensors } {
  const given = [input("points", "i16", [1, 2 * POINTS_MAX]), input("count", "i32", [1, 1])]
  const places = node("kernel", given, { program: strokePlaces(), output: "places" })
  const { outputs, weights } = integersOf(fitted, places)
  return {
    net: { maxima: {}, state: {}, at: () => ({ step: { outputs } }) },
    tensors: tensorsOf({ graph: outputs, weights }),
  }
}

export interface GesturesFiles {
  readonly "graph.json": string
  readonly "weights.safetensors": Uint8Array
  /** What it is usually asked: an export counts the cycles of that. */
  readonly "samples.safetensors": Uint8Array
}
const SAMPLES = LABELS.length
/** The module as its files: of the seed that was best on the strokes to choose by. Errors: OB401, OB403. */
export function gesturesFiles(folder: string, engine: Engine = wasmEngine): GesturesFiles {
  const { fitted, best } = fitSeeds(NET, rowsToLearn(folder, engine), RECIPE, SEEDS, engine)
  const { net, tensors } = gesturesNet(fitted[best]!)
  return {
    "graph.json": canonicalJson(netToJson(net)),
    "weights.safetensors": writeSafetensors(tensors, { labels: canonicalJson([...LABELS]) }),
    "samples.safetensors": gesturesSamples(folder),
  }
}
/** One of each digit, of the strokes to choose by. */
export function gesturesSamples(folder: string): Uint8Array {
  const { choose } = readStrokes(folder)
  const strokes = LABELS.map((_, digit) => choose.find(({ label }) => label === digit)!)
  const points = new Int16Array(SAMPLES * 2 * POINTS_MAX)
  for (const [i, stroke] of strokes.entries()) points.set(stroke.points, i * 2 * POINTS_MAX)
  return writeSafetensors({
    "step.points": { dtype: "i16", shape: [SAMPLES, 1, 2 * POINTS_MAX], data: points },
    "step.count": {
      ...{ dtype: "i32", shape: [SAMPLES, 1, 1] },
      data: Int32Array.from(strokes, (stroke) => stroke.points.length / 2),
    },
  })
}

if (import.meta.main) {
  const missing = missingData(DATA)
  if (missing !== undefined) {
    console.error(missing)
    process.exitCode = 1
  } else {
    const folder = process.argv[2] ?? "gestures"
    mkdirSync(folder, { recursive: true })
    for (const [name, content] of Object.entries(gesturesFiles(mirror()!))) writeFileSync(join(folder, name), content)
  }
}
