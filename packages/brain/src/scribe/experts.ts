import { refuse } from "@open-brains/core/base/problem.ts"
import type { Expert } from "@open-brains/core/mix/expert.ts"
import type { PredictorManifest } from "@open-brains/core/module/manifest.ts"
import type { ModuleFiles } from "../store/whole.ts"

export const NET = "net.safetensors"

/** The experts that a module brings beside those of its memory: the neural one, where it has its weights. Errors: OB231. */
export function othersOf({ path, parts }: ModuleFiles<PredictorManifest>): readonly Expert[] {
  if (parts[NET] === undefined) return []
  return refuse({
    code: "OB231",
    seen: `${path} has ${NET}, an expert that this version of Open Brains cannot run.`,
    hint: "Update `open-brains`.",
  })
}
