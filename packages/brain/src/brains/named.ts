import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { artifactNamed, checkedOut, mineIfThere } from "../store/mine.ts"
import { storeName } from "./names.ts"

/**
 * Where the module lies that a person names: a path that is there, else a module of their store, as it was unpacked. What is
 * neither stays as it is, for whoever reads it to refuse. Errors: OB616 for a name that the store lacks, and that no folder explains.
 */
export async function moduleAt(path: string): Promise<string> {
  const reference = existsSync(path) || /^\.{0,2}\//.test(path) ? undefined : storeName(path)
  if (reference === undefined) return path
  const layout = await mineIfThere()
  const artifact = layout && (await artifactNamed(layout, reference))
  if (artifact !== undefined) return checkedOut(artifact, layout)
  if (existsSync(dirname(path))) return path
  return refuse({
    code: "OB616",
    seen: `There is no module \`${path}\` in your store.`,
    hint: `Take it from where it is: brain add ${path}. A folder begins with a dot: ./${path}`,
  })
}
