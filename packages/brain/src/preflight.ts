import { mkdtemp, rmdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Manifest } from "@open-brains/core/module/manifest.ts"
import { printManifest } from "@open-brains/core/module/text.ts"
import { diskFiles, explain } from "./store/files.ts"
import { refuseDocuments } from "./store/folder.ts"

/**
 * Whether a module could be written there, asked before an hour of training and not after it. A missing folder is not
 * made: it is more often a slip of the pen than a wish. Errors: OB155, OB157, and those of `printManifest`.
 */
export async function preflight(into: string, manifest: Omit<Manifest, "parts">): Promise<void> {
  printManifest({ ...manifest, parts: { "graph.json": digest("") } })
  await explain(into, mayBeWritten(into))
}

async function mayBeWritten(into: string): Promise<void> {
  const place = await diskFiles.realPath(into)
  await refuseDocuments(place, diskFiles, into)
  const parent = dirname(place)
  if ((await diskFiles.kind(parent))?.is !== "folder")
    refuse({
      code: "OB157",
      seen: `${into} cannot be written: there is no folder ${dirname(into)}.`,
      hint: `Make it first: mkdir -p ${dirname(into)}`,
    })
  // Nothing but making a folder tells whether one can be made: permissions, quotas and read-only disks all have a say.
  await rmdir(await mkdtemp(join(parent, ".brain-")))
}
