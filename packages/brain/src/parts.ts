import type { Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { ModuleFiles } from "./store/folder.ts"

/** A part of a module, by its name. Errors: OB510 when the module has none. */
export function partOf({ parts, path }: ModuleFiles, name: string): Uint8Array {
  const found = parts[name]
  return (
    found ??
    refuse({
      code: "OB510",
      seen: `${path} has no part \`${name}\`.`,
      hint: "Take another copy of the module, or teach it again.",
    })
  )
}

/** A part that holds JSON. Errors: OB510, OB511 when it is damaged. */
export function jsonPart(files: ModuleFiles, name: string): Json {
  const text = new TextDecoder().decode(partOf(files, name))
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    const seen = `${name} in ${files.path} is no JSON: ${(error as Error).message}.`
    return refuse({ code: "OB511", seen, hint: "Take another copy of the module, or teach it again." })
  }
}
