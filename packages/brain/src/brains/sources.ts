import { readFile, stat } from "node:fs/promises"
import { basename, dirname, isAbsolute, join, normalize } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { MANIFEST } from "../store/whole.ts"

/** Where a brain's text lies: a file, or the manifest of a folder. */
export const BRAIN_FILE = /\.brain$/

/** The first word that is no comment: what kind of definition a text begins with. */
export const firstWordOf = (source: string): string | undefined =>
  /^\ufeff?(?:\s+|#[^\n]*(?:\n|$))*([A-Za-z]+)/.exec(source)?.[1]
const OTHERS = ["net", "dataset"]

/** The path of the text of a brain, when that is what lies at `path`: in a file `.brain`, or in the manifest of a folder. */
export async function brainFileAt(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  const file = found.isDirectory() ? join(path, MANIFEST) : BRAIN_FILE.test(path) ? path : undefined
  if (file === undefined) return undefined
  if (!found.isDirectory() && basename(file) !== MANIFEST) return file
  const source = await readFile(file, "utf8").catch(() => undefined)
  return source === undefined || OTHERS.includes(firstWordOf(source) ?? "net") ? undefined : file
}

/** The same, where nothing else will do. Errors: OB631. */
export async function needBrainFile(path: string): Promise<string> {
  const found = await brainFileAt(path)
  if (found !== undefined) return found
  const there = await stat(path).catch(() => undefined)
  return refuse({
    code: "OB631",
    seen: there ? `${path} holds no brain.` : `There is no ${path}.`,
    hint: "Name a file such as helpdesk.brain, or a folder whose module.brain begins with `brain` or `include`.",
  })
}

/** Errors: OB632. */
export const readBytes = async (path: string): Promise<Uint8Array> =>
  await readFile(path).catch((error: NodeJS.ErrnoException) =>
    refuse({
      code: "OB632",
      seen: `${path} cannot be read: ${error.message}.`,
      hint: "Check its name and who may read it.",
    }),
  )

/** A text, as UTF-8. Errors: OB632. */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path)
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse({ code: "OB632", seen: `${path} is no text in UTF-8.`, hint: "Save it as UTF-8." })
  }
}

/** What a path written in a file leads to. */
export const leadsTo = (file: string, path: string): string =>
  isAbsolute(path) ? normalize(path) : normalize(join(dirname(file), path))
