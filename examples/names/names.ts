/** Names that a small board makes up: teaches the net and writes its module: node examples/names/names.ts FOLDER */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { netToJson } from "@open-brains/core/graph/dims_text.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { readNames } from "./data.ts"
import { namesNet, SHAPE, TEMPERATURE } from "./net.ts"
import { type Recipe, trainNames } from "./train.ts"

export const RECIPE: Recipe = {
  shape: SHAPE,
  epochs: 40,
  batch: 512,
  rate: 0.02,
  warmUp: 100,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
}
/** Of seeds 1 to 5 the one with the fewest bits a character on the validation split. */
export const SEED = 4

export interface NamesFiles {
  readonly "graph.json": string
  readonly "weights.safetensors": Uint8Array
  /** What it is usually asked: an export counts the cycles of that. */
  readonly "samples.safetensors": Uint8Array
}
const SAMPLES = 8
/** The module as its files. */
export const namesFiles = (train: readonly string[], engine: Engine = wasmEngine): NamesFiles => ({
  "graph.json": canonicalJson(netToJson(namesNet(SHAPE))),
  "weights.safetensors": writeSafetensors(trainNames(train, RECIPE, SEED, engine)),
  "samples.safetensors": writeSafetensors({
    "begin.seed": { dtype: "i32", shape: [SAMPLES, 1], data: Int32Array.from({ length: SAMPLES }, (_, i) => i + 1) },
    "begin.temperature": { dtype: "u8", shape: [SAMPLES, 1], data: new Uint8Array(SAMPLES).fill(TEMPERATURE) },
    "step.given": { dtype: "u8", shape: [SAMPLES, 1], data: new Uint8Array(SAMPLES) },
  }),
})

/** What a person has to mend is said in a line or two. */
export async function atEdge(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

if (import.meta.main)
  await atEdge(async () => {
    const folder = process.argv[2] ?? "names"
    const { train } = await readNames(process.env["BRAIN_MIRROR"])
    mkdirSync(folder, { recursive: true })
    for (const [name, content] of Object.entries(namesFiles(train))) writeFileSync(join(folder, name), content)
  })
