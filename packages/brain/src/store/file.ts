import { randomBytes } from "node:crypto"
import { basename, dirname, join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { diskFiles, explain, type Files } from "./files.ts"

/** Writes one file beside its place and renames it: the old one or the new one is whole at every moment. Errors: OB157. */
export const writeFileWhole = (path: string, content: string | Uint8Array, files: Files = diskFiles): Promise<void> =>
  explain(path, writeBeside(path, content, files))

async function writeBeside(path: string, content: string | Uint8Array, files: Files): Promise<void> {
  const place = await files.realPath(path) // a link stays a link
  const fresh = join(dirname(place), `.${basename(place)}.new-${randomBytes(8).toString("hex")}`)
  try {
    await files.write(fresh, typeof content === "string" ? new TextEncoder().encode(content) : content)
    await files.rename(fresh, place)
  } catch (error) {
    await files.remove(fresh)
    throw error
  }
  await files.settle(dirname(place))
}

/** What can be known before the work is done of which the file is to tell. Errors: OB157. */
export async function refuseUnwritable(path: string, files: Files = diskFiles): Promise<void> {
  const folder = dirname(path)
  if ((await explain(path, files.kind(folder)))?.is !== "folder")
    refuse({
      code: "OB157",
      seen: `${path} cannot be written: there is no folder ${folder}.`,
      hint: `Make it first: mkdir -p ${folder}`,
    })
  if ((await explain(path, files.kind(path)))?.is === "folder")
    refuse({ code: "OB157", seen: `${path} cannot be written: it is a folder.`, hint: "Name a file in it." })
}
