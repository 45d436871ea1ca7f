import { programOf } from "@open-brains/core/compile.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { laneWidth } from "../native/compiler.ts"
import { tilesOf } from "../native/tiles.ts"
import type { ExitCode, Services } from "../services.ts"
import type { Stage } from "../stage.ts"
import { printStage } from "../stages.ts"
import { readModule } from "../store/folder.ts"

/** `brain explain --stage STAGE MODULE`: what the module is on its way from graph to machine. */
export async function explain(
  path: string,
  { stage, json }: { readonly stage: Stage; readonly json?: boolean },
  { print }: Services,
): Promise<ExitCode> {
  const files = await readModule(path)
  const { graph } = contentsOf(files)
  const tiles = stage === "c" ? tilesOf(laneWidth()) : undefined // as the engine that compiles it would cut products
  const program = programOf({ name: "predict", outputs: graph, prepares: true, ...(tiles && { tiles }) })
  const text = await printStage(stage, graph, program)
  print(json ? JSON.stringify({ path, digest: files.digest, stage, text }) : text.trimEnd())
  return 0
}
