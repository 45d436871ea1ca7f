import { canonicalJson } from "@open-brains/core/base/json.ts"
import { compileGraph } from "@open-brains/core/compile.ts"
import type { Cost, ModuleFacts } from "@open-brains/core/composition/library.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { open } from "../load.ts"
import { chooseEngine } from "../native/choice.ts"
import { readModule } from "../store/folder.ts"
import { readStreamModule } from "../streams/module.ts"
import { openStepper } from "../streams/stepper.ts"

const ROUNDS = 21
/** The parts that it answers with; a card and examples go on no device. */
const ANSWERING = ["graph.json", "weights.safetensors"]
const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1]!

/** Of a net with a memory: the median of some steps. What it takes of memory is told by nobody yet, but its weights. */
async function costOfSteps(folder: string): Promise<Cost> {
  const { graph, weights } = await readStreamModule(folder)
  const stepper = openStepper(netFromJson(graph), readSafetensors(weights, folder), chooseEngine("wasm").engine)
  const times = Array.from({ length: 1000 }, () => {
    const start = performance.now()
    stepper.step()
    return performance.now() - start
  })
  const flashBytes = weights.length + canonicalJson(graph).length
  return { memoryBytes: flashBytes, flashBytes, latencyMs: median(times) }
}

/**
 * What a net takes: the bytes of all its buffers as they were compiled, those of its graph and weights on disk, and the median time of the
 * longest text that it reads, measured here.
 */
export async function costOfNet({ folder, isStepped }: ModuleFacts): Promise<Cost> {
  if (isStepped) return costOfSteps(folder)
  const files = await readModule(folder)
  const { engine } = chooseEngine("wasm")
  const { memory } = compileGraph({ name: "predict", outputs: contentsOf(files).graph, prepares: true }, engine)
  const memoryBytes = Object.values(memory).reduce((sum, { byteLength }) => sum + byteLength, 0)
  const flashBytes = ANSWERING.reduce((sum, name) => sum + (files.parts[name]?.length ?? 0), 0)
  const brain = open(files, "wasm")
  const text = "longest ".repeat(Math.ceil(files.manifest.takes.bytesMax / 8)).slice(0, files.manifest.takes.bytesMax)
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now()
    brain.ask(text)
    return performance.now() - start
  })
  return { memoryBytes, flashBytes, latencyMs: median(times) }
}
