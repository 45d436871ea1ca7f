import { readFileSync } from "node:fs"
import { join } from "node:path"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { readHeader } from "@open-brains/core/module/safetensors_header.ts"
import { fitSequential } from "@open-brains/core/train/fit_sequential.ts"
import { chooseEngine } from "open-brains"
import { expect, test } from "vitest"
import { mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { filesOf, folderOf, seenBy } from "./nets/make.ts"
import { IMAGES, readMnist } from "./nets/mnist.ts"
import { BENCH_NETS, type BenchNetName } from "./nets/recipes.ts"

// The seed that was kept alone, so that it takes a minute and not five.
for (const name of Object.keys(BENCH_NETS) as BenchNetName[])
  test(`the folder ${name} is what the recipe makes, to the bit`, { timeout: 600_000 }, (context) => {
    requireOrSkip(context, missingData(IMAGES), mirrorIsPromised())
    const [graph, weights] = ["graph.json", "weights.safetensors"].map((file) =>
      readFileSync(join(folderOf(name), file)),
    ) as [Buffer, Buffer]
    const seed = Number(readHeader(new Uint8Array(weights), "weights.safetensors").metadata["seed"])
    const bench = BENCH_NETS[name]
    const engine = name === "mnist-tiny" ? chooseEngine("native").engine : wasmEngine // the one that takes longest
    const made = filesOf(fitSequential(bench.net, seenBy(bench, readMnist()), bench.recipe, seed, engine), seed)
    expect(made["graph.json"]).toBe(graph.toString())
    expect(Buffer.compare(made["weights.safetensors"], weights)).toBe(0)
  })
