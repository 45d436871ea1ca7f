import { existsSync, statSync } from "node:fs"
import { mkdir, readdir } from "node:fs/promises"
import { basename, join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { explain } from "../store/files.ts"
import { writeFolder } from "../store/unpack.ts"
import { folderFiles } from "./folder.ts"
import { libraryFiles, zipped } from "./library.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"

export const FORMS = ["arduino", "c"] as const
export type Form = (typeof FORMS)[number]

/** Where an export goes when nobody says. */
export const usualOutput = (form: Form, name: string): string => (form === "arduino" ? `${name}.zip` : `${name}-c`)

/** What can be known before the work is done. Errors: OB157, OB859 where something else lies there. */
export async function refuseOccupied(form: Form, name: string, output: string): Promise<void> {
  if (form === "arduino") {
    await refuseUnwritable(output)
    if (existsSync(output) && !/\.zip$/i.test(output)) occupied(output, "is a file that is no zip")
    return
  }
  if (!existsSync(output)) return refuseUnwritable(output)
  if (!statSync(output).isDirectory()) occupied(output, "is a file")
  const there = await explain(output, readdir(output))
  const isOurs = [`${name}.c`, `${name}.h`, "lines.c"].every((file) => there.includes(file))
  if (there.length > 0 && !isOurs)
    occupied(output, `holds ${there.slice(0, 3).join(", ")}, and no earlier export of ${name}`)
}
const occupied = (output: string, what: string): never =>
  refuse({
    code: "OB859",
    seen: `${output} ${what}. It is left as it is.`,
    hint: "Name another place: --output PATH",
  })

/** Writes the library or the folder, each file whole, and gives the paths that it wrote. Errors: OB157. */
export async function writeExport(
  form: Form,
  output: string,
  module: Exported,
  sources: Sources,
  figures: readonly string[],
): Promise<readonly string[]> {
  if (form === "arduino") {
    await writeFileWhole(output, zipped(libraryFiles(module, sources, figures)))
    return [output]
  }
  const files = Object.entries(folderFiles(module, sources, figures)).sort(([a], [b]) => (a < b ? -1 : 1))
  if (existsSync(output) && (await readdir(output)).length > 0) {
    await explain(output, mkdir(output, { recursive: true }))
    for (const [name, text] of files) await writeFileWhole(join(output, name), text)
  } else
    await explain(
      output,
      writeFolder(output, new Map(files.map(([name, text]) => [name, new TextEncoder().encode(text)]))),
    )
  return files.map(([name]) => join(basename(output), name))
}
