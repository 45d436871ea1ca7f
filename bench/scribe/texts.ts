/** Texts that a scribe reads here; nothing of them is copied. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { mirror, missingData, repository } from "../../scripts/testing.ts"

export interface Text {
  readonly name: string
  readonly bytes: Uint8Array
}

const inMirror = (path: string): Uint8Array => {
  const missing = missingData(path)
  if (missing !== undefined) throw new Error(missing)
  return new Uint8Array(readFileSync(join(mirror()!, path)))
}

export const SHAKESPEARE = "tinyshakespeare"

/** Shakespeare in two: nine tenths to learn from, and the tenth to be scored. */
export interface Tenths {
  readonly all: Uint8Array
  readonly seen: Uint8Array
  readonly scored: Uint8Array
  /** What is scored. */
  readonly where: string
}
const parted = (all: Uint8Array, where: string): Tenths => {
  const at = Math.floor(all.length * 0.9)
  return { all, seen: all.subarray(0, at), scored: all.subarray(at), where }
}

/**
 * The test tenth; a quick run, which may be repeated while something is chosen, leaves it alone: it scores the last tenth of
 * the nine before.
 */
export function tenthsOf(isQuick: boolean): Tenths {
  const test = parted(readShakespeare(), "the last tenth")
  return isQuick ? parted(test.seen, "the last tenth of the first nine") : test
}
export const readShakespeare = (): Uint8Array => inMirror("tinyshakespeare/input.txt")

/** Texts of other kinds, each read whole from nothing. */
export const wholeTexts = (): readonly Text[] => [
  { name: "TinyStories, valid.txt", bytes: inMirror("stories-tinystories/valid.txt") },
  { name: "WikiText-2, test.txt", bytes: inMirror("wikitext2-valid-test/test.txt") },
  { name: "TypeScript of this repository, first MB", bytes: readSources().subarray(0, 1_000_000) },
]

/** The tracked .ts files one after the other, in the order of their paths' code units. */
export function readSources(): Uint8Array {
  const { status, stdout } = spawnSync("git", ["ls-files", "-z", "--", "*.ts"], { cwd: repository, encoding: "utf8" })
  if (status !== 0) throw new Error("git does not say which sources are tracked: this bench wants a checkout")
  const paths = stdout.split("\0").filter((path) => path !== "")
  return new Uint8Array(Buffer.concat(paths.sort().map((path) => readFileSync(join(repository, path)))))
}
