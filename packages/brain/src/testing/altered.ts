import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import type { Json } from "@open-brains/core/base/json.ts"
import { type ModuleFiles, readModule, writeModule } from "../store/folder.ts"

/** Writes a module with other parts and digests that fit them, as somebody does who means harm. */
export async function reseal(
  path: string,
  change: (parts: Record<string, Uint8Array>, files: ModuleFiles) => void,
  labels?: readonly string[],
): Promise<void> {
  const files = await readModule(path)
  const parts = { ...files.parts }
  change(parts, files)
  const gives = labels ? { ...files.manifest.gives, labels } : files.manifest.gives
  await writeModule(path, { ...files.manifest, gives }, parts)
}

/** Writes the digests of the parts as they lie there into the manifest. */
export function seal(path: string): void {
  const manifest = join(path, "module.brain")
  const text = readFileSync(manifest, "utf8").replace(
    /part "([^"]+)" sha256:\w+/g,
    (_, name: string) => `part "${name}" ${digest(readFileSync(join(path, name)))}`,
  )
  writeFileSync(manifest, text)
}

/** A deep copy with one member replaced, named by its path: "nodes.3.attributes.shape". */
export function withMember(json: Json, path: string, value: Json | undefined): Json {
  const copy = structuredClone(json) as Json
  const names = path.split(".")
  const last = names.pop()!
  const owner = names.reduce<Json>((at, name) => (at as Readonly<Record<string, Json>>)[name]!, copy)
  const members = owner as Record<string, Json>
  if (value === undefined) delete members[last]
  else members[last] = value
  return copy
}
