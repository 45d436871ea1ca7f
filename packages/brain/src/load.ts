import { type Engine, soundEngine } from "@open-brains/core/compile.ts"
import { graphFromJson, type Outputs } from "@open-brains/core/graph/text.ts"
import { readSafetensors, type Tensor } from "@open-brains/core/module/safetensors.ts"
import { type Classifier, openClassifier } from "@open-brains/core/run/classifier.ts"
import { jsonPart, partOf } from "./parts.ts"
import { type ModuleFiles, readModule } from "./store/folder.ts"

/** A module that is ready to answer. */
export interface Brain extends Classifier {
  readonly files: ModuleFiles
}

/** Opens the module in a folder. Errors: those of `readModule`, and OB22x, OB230 when its parts do not fit. */
export async function load(path: string, engine: Engine = soundEngine().engine): Promise<Brain> {
  return open(await readModule(path), engine)
}

export function open(files: ModuleFiles, engine: Engine = soundEngine().engine): Brain {
  const { gives, unsureBelow } = files.manifest
  const { graph, weights } = contentsOf(files)
  return { files, ...openClassifier({ graph, weights, labels: gives.labels, unsureBelow }, engine) }
}

export interface Contents {
  readonly graph: Outputs
  readonly weights: Readonly<Record<string, Tensor>>
}
export const contentsOf = (files: ModuleFiles): Contents => ({
  graph: graphFromJson(jsonPart(files, "graph.json")),
  weights: readSafetensors(partOf(files, "weights.safetensors"), "weights.safetensors"),
})
