import { copyFile, mkdir } from "node:fs/promises"
import { basename, join } from "node:path"
import type { PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { printManifest } from "@open-brains/core/module/text.ts"
import { diskFiles } from "../store/files.ts"
import { readPredictorModule } from "../store/folder.ts"
import { MANIFEST } from "../store/whole.ts"
import type { Found } from "./find.ts"
import { LESSONS, lessonsIn } from "./lessons.ts"
import type { Desk } from "./locked.ts"
import { MEMORY_BYTES } from "./open.ts"

/** A copy on the desk, with the lessons of the other, where it is one's own: a whole folder that only has to be moved. */
export async function copied(
  desk: Desk,
  found: Found | undefined,
  memoryBytes: number | undefined,
  name: string,
): Promise<string> {
  const folder = join(desk.folder, "copy")
  await mkdir(folder)
  const base = found && (await readPredictorModule(found.folder))
  const parts = base?.parts ?? {}
  const manifest: PredictorManifest = base
    ? { ...base.manifest, memoryBytes: memoryBytes ?? base.manifest.memoryBytes }
    : fromNothing(name, memoryBytes)
  for (const [part, bytes] of Object.entries(parts)) await diskFiles.write(join(folder, part), bytes)
  if (found?.isOwn) {
    await mkdir(join(folder, LESSONS))
    for (const { path } of await lessonsIn(found.folder)) await copyFile(path, join(folder, LESSONS, basename(path)))
  }
  await diskFiles.write(join(folder, MANIFEST), new TextEncoder().encode(printManifest(manifest)))
  await diskFiles.settle(folder)
  return folder
}
const fromNothing = (folder: string, memoryBytes = MEMORY_BYTES): PredictorManifest => ({
  kind: "predictor",
  name:
    folder
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^[^a-z]+/, "")
      .slice(0, 64) || "scribe",
  about: "A scribe that began from nothing",
  licence: "CC0-1.0",
  memoryBytes,
  built: { operations: 1, seed: 0, data: [] },
  parts: {},
})
