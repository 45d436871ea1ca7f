import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Corrected } from "@open-brains/core/run/corrected.ts"
import { openParts } from "@open-brains/core/run/module.ts"
import { chooseEngine } from "./native/choice.ts"
import type { EngineName } from "./native/engines.ts"
import { type ModuleFiles, readModule } from "./store/folder.ts"

/** A module that is ready to answer. */
export interface Brain extends Corrected {
  readonly files: ModuleFiles
  /** Why a faster engine than the one that answers stepped aside, if one did. */
  readonly asides: readonly string[]
}

/** Opens the module in a folder. Errors: those of `readModule`, and OB2xx when its parts do not fit. */
export async function load(path: string, engine?: EngineName | Engine): Promise<Brain> {
  return open(await readModule(path), engine)
}

export function open(files: ModuleFiles, name?: EngineName | Engine): Brain {
  const { engine, asides } = chooseEngine(name)
  return { files, asides, ...openParts(files, engine) }
}
