import { compileGraph } from "@open-brains/core/compile.ts"
import type { Cost } from "@open-brains/core/composition/library.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { open } from "../load.ts"
import { chooseEngine } from "../native/choice.ts"
import { readModule } from "../store/folder.ts"

const ROUNDS = 21

/**
 * What a net takes: the bytes of all its buffers as they were compiled, those of its parts on disk, and the median time of the
 * longest text that it reads, measured here.
 */
export async function costOfNet(folder: string): Promise<Cost> {
  const files = await readModule(folder)
  const { engine } = chooseEngine("wasm")
  const { memory } = compileGraph({ name: "predict", outputs: contentsOf(files).graph, prepares: true }, engine)
  const memoryBytes = Object.values(memory).reduce((sum, { byteLength }) => sum + byteLength, 0)
  const flashBytes = Object.values(files.parts).reduce((sum, { length }) => sum + length, 0)
  const brain = open(files, "wasm")
  const text = "longest ".repeat(Math.ceil(files.manifest.takes.bytesMax / 8)).slice(0, files.manifest.takes.bytesMax)
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now()
    brain.ask(text)
    return performance.now() - start
  }).sort((a, b) => a - b)
  return { memoryBytes, flashBytes, latencyMs: times[ROUNDS >> 1]! }
}
