import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { isJsonList, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readHeader } from "@open-brains/core/module/safetensors_header.ts"
import { type StepShape, stepShape } from "./stepper.ts"

/** A net that follows a stream, as it lies in a folder. */
export interface StreamModule {
  readonly graph: Json
  readonly weights: Uint8Array
  readonly shape: StepShape
  /** What each number of an output is the probability of; nothing when they are just numbers. */
  readonly labels: readonly string[] | undefined
}
export const [GRAPH, WEIGHTS] = ["graph.json", "weights.safetensors"] as const

/**
 * Reads graph.json and weights.safetensors of a folder. The metadata `labels` of the weights, a list of texts in JSON, says
 * what the numbers of an output mean. Errors: OB681, and those of graphs and weights that are damaged.
 */
export async function readStreamModule(folder: string): Promise<StreamModule> {
  const [source, weights] = await Promise.all([GRAPH, WEIGHTS].map((name) => part(folder, name)))
  let graph: Json
  try {
    graph = JSON.parse(new TextDecoder().decode(source)) as Json
  } catch (error) {
    return unfit(folder, `${GRAPH} is no JSON: ${(error as Error).message}`)
  }
  if (typeof graph !== "object" || graph === null || !("entries" in graph))
    return unfit(folder, "its graph has no entries, so no `step`")
  const shape = stepShape(netFromJson(graph))
  const { labels } = readHeader(weights!, WEIGHTS).metadata
  return { graph, weights: weights!, shape, labels: labels === undefined ? undefined : labelsOf(folder, labels, shape) }
}

function labelsOf(folder: string, source: string, { gives }: StepShape): readonly string[] {
  let found: Json = null
  try {
    found = JSON.parse(source) as Json
  } catch {
    // told below
  }
  const isRight = isJsonList(found) && found.length === gives && found.every((label) => typeof label === "string")
  return isRight ? (found as readonly string[]) : unfit(folder, `its labels are no list of ${gives} texts`)
}

async function part(folder: string, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(join(folder, name)))
  } catch (error) {
    return unfit(folder, `${name} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
const unfit = (folder: string, seen: string): never =>
  refuse({
    code: "OB681",
    seen: `${folder} is no module that can follow a stream: ${seen}.`,
    hint: "It is a folder with graph.json, whose entry `step` takes a sample, and weights.safetensors: see examples/sensor.",
  })
