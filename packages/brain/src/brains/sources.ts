import { isUtf8 } from "node:buffer"
import { existsSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, isAbsolute, join, normalize } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { MANIFEST } from "../store/whole.ts"

/** Where a brain's text lies: a file, or the manifest of a folder. */
export const BRAIN_FILE = /\.brain$/

/** The first word that is no comment: what kind of definition a text begins with. */
export const firstWordOf = (source: string): string | undefined =>
  /^\ufeff?(?:\s+|#[^\n]*(?:\n|$))*([A-Za-z]+)/.exec(source)?.[1]
/** What the manifest of a folder begins with that holds no brain. */
export const OTHERS: readonly string[] = ["net", "dataset", "predictor", "benchmark"]

/** The path of the text of a brain, when that is what lies at `path`: in a file `.brain`, or in the manifest of a folder. */
export function brainFileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  const file = found.isDirectory() ? join(path, MANIFEST) : BRAIN_FILE.test(path) ? path : undefined
  if (file === undefined) return undefined
  if (!found.isDirectory() && basename(file) !== MANIFEST) return file
  const source = existsSync(file) ? readFileSync(file, "utf8") : undefined
  return source === undefined || OTHERS.includes(firstWordOf(source) ?? "net") ? undefined : file
}

/** The same of a brain or of a benchmark: of whatever is written in the language of brains. */
export function definitionsAt(path: string): string | undefined {
  const found = brainFileAt(path)
  if (found !== undefined) return found
  const manifest = join(path, MANIFEST)
  const isBenchmark = existsSync(manifest) && firstWordOf(readFileSync(manifest, "utf8")) === "benchmark"
  return isBenchmark ? manifest : undefined
}

/** The text of a brain, where nothing else will do. Errors: OB631. */
export function needBrainFile(path: string, shown = path): string {
  const found = brainFileAt(path)
  if (found !== undefined) return found
  const there = statSync(path, { throwIfNoEntry: false })
  return refuse({
    code: "OB631",
    seen: there ? `${shown} holds no brain.` : `There is no ${shown}.`,
    hint: "Name a file such as helpdesk.brain, or a folder whose module.brain begins with `brain` or `include`.",
  })
}

/** Errors: OB632. */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    return refuse({
      code: "OB632",
      seen: `${path} cannot be read: ${(error as Error).message}.`,
      hint: "Check its name and who may read it.",
    })
  }
}

/** A text, as UTF-8. At once: of the many small files of a large brain, waiting for each takes longer. Errors: OB632. */
export function readText(path: string): string {
  const bytes = readBytes(path)
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
  return refuse({ code: "OB632", seen: `${path} is no text in UTF-8.`, hint: "Save it as UTF-8." })
}

/** What a path written in a file leads to. */
export const leadsTo = (file: string, path: string): string =>
  isAbsolute(path) ? normalize(path) : normalize(join(dirname(file), path))
