/** The small nets that boards are measured with: what goes in, and what must come out. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Json } from "@open-brains/core/base/json.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { type Net, netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import type { Arrays } from "@open-brains/core/run/history.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"
import { asked, DATA, netFile, strokesToAsk } from "../../examples/gestures/gestures.testing.ts"
import { mirror, missingData } from "../../scripts/testing.ts"
import { folderOf } from "./nets/make.ts"
import { IMAGES, readTest, small } from "./nets/mnist.ts"
import { BENCH_NETS, type BenchNetName } from "./nets/recipes.ts"

export const BOARD_NETS = [...(Object.keys(BENCH_NETS) as BenchNetName[]), "gestures"] as const
export type BoardNetName = (typeof BOARD_NETS)[number]

/** A net as it lies in its folder; its one entry is `step`. */
export interface BoardNet {
  readonly name: BoardNetName
  readonly net: Net
  readonly weights: Tensors
}
export function readBoardNet(name: BoardNetName): BoardNet {
  const read = (file: string): Uint8Array =>
    name === "gestures" ? netFile(file) : new Uint8Array(readFileSync(join(folderOf(name), file)))
  const graph = JSON.parse(new TextDecoder().decode(read("graph.json"))) as Json
  return { name, net: netFromJson(graph), weights: readSafetensors(read("weights.safetensors"), "weights.safetensors") }
}

/** One question: buffers by the names of the program, what the interpreter makes of them, and the true label. */
export interface Case {
  readonly inputs: Arrays
  readonly expected: Arrays
  readonly truth: number
}
/** What is missing for `casesOf`, in words, or nothing. */
export const missingCases = (name: BoardNetName): string | undefined => missingData(name === "gestures" ? DATA : IMAGES)

/**
 * Questions that nothing was learnt from: the first images of the test split, or the strokes to test with copies that
 * lean; and the answers that the interpreter, the judge, gives through `openNet`.
 */
export function casesOf(name: BoardNetName, count = 1000): readonly Case[] {
  const { net, weights } = readBoardNet(name)
  const judge = openNet(net, weights, interpreterEngine, { bindingsMax: 1, undoMax: 0, copyEvery: 1 })
  return questionsOf(name, count).map(({ inputs, truth }) => ({ inputs, truth, expected: judge.call("step", inputs) }))
}
function questionsOf(name: BoardNetName, count: number): readonly Pick<Case, "inputs" | "truth">[] {
  if (name === "gestures") {
    const strokes = strokesToAsk(mirror()!, count)
    return strokes.map(({ points, label }) => ({ inputs: { ...asked(points) }, truth: label }))
  }
  const { values, labels } = BENCH_NETS[name].isSmall ? small(readTest()) : readTest()
  const size = values.length / labels.length
  return Array.from(labels.subarray(0, count), (truth, i) => ({
    inputs: { pixels: (values as Uint8Array).slice(i * size, (i + 1) * size) },
    truth,
  }))
}
