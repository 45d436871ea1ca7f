/** What tests ask of the machine: each returns what is missing, in words for a person, or undefined. */
import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"

export const repository = resolve(import.meta.dirname, "..")

/** The part of a test's context that is used here; vitest's own `TestContext` fits. */
export type SkippableTest = { readonly skip: (reason: string) => unknown }

/**
 * Skips the test with the reason `missing`, or runs it when nothing is missing.
 * A continuous-integration run that could have put the missing thing there must not pass without it: it fails instead.
 * For a data set, say `couldHave` as `mirrorIsPromised()`.
 */
export function requireOrSkip(test: SkippableTest, missing: string | undefined, couldHave = canInstall()): void {
  if (missing === undefined) return
  if (process.env.CI === "true" && couldHave) throw new Error(`${missing}, and this machine could have it`)
  test.skip(missing)
}

/** Debian packages can be installed: what `./check` does on a machine of its own. */
export function canInstall(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0 && findProgram("apt-get") !== undefined
}

/** Whoever names a mirror promises the data sets in it. */
export function mirrorIsPromised(): boolean {
  return mirror() !== undefined
}

/** The folder of data sets: BRAIN_MIRROR, else `../shared/data` beside the repository where that exists. */
export function mirror(): string | undefined {
  const named = process.env.BRAIN_MIRROR
  if (named !== undefined && named !== "") return resolve(named)
  const beside = resolve(repository, "../shared/data")
  return existsSync(beside) ? beside : undefined
}

export function missingData(path: string): string | undefined {
  const folder = mirror()
  if (folder === undefined) return `${path} is not here: BRAIN_MIRROR names no folder of data sets`
  return existsSync(join(folder, path)) ? undefined : `${path} is not in the folder of data sets (BRAIN_MIRROR)`
}

export function missingProgram(...programs: readonly string[]): string | undefined {
  const missing = programs.filter((program) => findProgram(program) === undefined)
  if (missing.length === 0) return undefined
  return `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not installed`
}

/** The path of a program on PATH. */
export function findProgram(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
