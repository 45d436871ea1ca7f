import { readdir, stat } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { type Digest, digest as digestOf } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { parseArtifact } from "@open-brains/core/commons/artifact.ts"
import { LESSONS } from "@open-brains/core/memory/corrections.ts"
import { applyEdits, EDITS, type Edit, printEdits } from "@open-brains/core/module/edits.ts"
import type { Manifest } from "@open-brains/core/module/manifest.ts"
import { readSafetensors, writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { parseModule, printManifest } from "@open-brains/core/module/text.ts"
import { partOf } from "@open-brains/core/run/module.ts"
import { firstWordOf, readText } from "./brains/sources.ts"
import { encode } from "./build.ts"
import { open } from "./load.ts"
import { type Draft, type ModuleFiles, readModule, writeModule } from "./store/folder.ts"
import { checkedOut, mineIfThere } from "./store/mine.ts"
import { MANIFEST } from "./store/whole.ts"
import { WEIGHTS } from "./streams/module.ts"

/**
 * A net as it is after edits: the parts that they change, edits.json, and the manifest, whose build names the net that they were made on.
 * Errors: OB763 when an edit fits nothing there, OB764 when it carries lessons whose labels would be called otherwise.
 */
export function withEdits(files: ModuleFiles, edits: readonly Edit[]): Draft {
  const { gives, built, ...manifest } = files.manifest
  const weights = readSafetensors(partOf(files, WEIGHTS), WEIGHTS)
  if (edits.some(({ edit }) => edit === "labels") && files.parts[LESSONS] !== undefined)
    refuse({
      code: "OB763",
      seen: `${files.path} has lessons, which name its labels as they are.`,
      hint: "Teach them first: brain teach FOLDER --into FOLDER. Or take them back: brain undo.",
    })
  const edited = applyEdits({ weights, labels: gives.labels }, edits)
  const { parts: _, ...rest } = manifest
  return {
    manifest: {
      ...rest,
      gives: { ...gives, labels: edited.labels },
      built: { ...built, edited: { name: manifest.name, digest: files.digest } },
    },
    parts: { ...files.parts, [WEIGHTS]: writeSafetensors(edited.weights), [EDITS]: encode(printEdits(edits)) },
  }
}

/** Writes a net that was changed by hand beside the one that it was made from. Errors: those of `withEdits`, OB763 when `into` is taken, OB155 to OB157. */
export async function editModule(path: string, edits: readonly Edit[], into: string): Promise<ModuleFiles> {
  const files = await readModule(path)
  const draft = withEdits(files, edits)
  if ((await stat(into).catch(() => undefined)) !== undefined)
    refuse({
      code: "OB763",
      seen: `There is something at ${into} already.`,
      hint: "Name another folder for the new net: --into FOLDER. The one that was edited stays, so that the edit can be repeated.",
    })
  const { manifest, parts } = draft
  const named = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, digestOf(bytes)]))
  const whole: Manifest = { ...manifest, parts: named }
  open({ ...files, manifest: whole, parts }, "wasm") // what cannot answer is not written
  return writeModule(into, manifest, parts)
}

/** The folder of a net by its digest: beside a module, else in the store of this person. */
export async function findNet(digest: Digest, beside: string): Promise<string | undefined> {
  const parent = dirname(resolve(beside))
  for (const name of await readdir(parent).catch(() => []))
    if (isNet(join(parent, name), digest)) return join(parent, name)
  const layout = await mineIfThere()
  if (layout === undefined) return undefined
  for (const repository of await layout.repositories())
    for (const tag of await layout.tags(repository)) {
      const found = await layout.resolve(repository, tag)
      if (found === undefined) continue
      const { card } = parseArtifact(await layout.manifest(repository, found.digest))
      const said = JSON.parse(new TextDecoder().decode(await layout.blob(repository, card.digest, card.size))) as {
        readonly module?: unknown
      }
      if (said.module === digest) return checkedOut(found.digest, layout)
    }
  return undefined
}
function isNet(folder: string, digest: Digest): boolean {
  try {
    const source = readText(join(folder, MANIFEST))
    if (firstWordOf(source) !== "net") return false
    return digestOf(printManifest(parseModule(source, MANIFEST))) === digest
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
