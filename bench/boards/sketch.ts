/** Sketches of the exported library, compiled as the Arduino IDE does. */
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { missingProgram } from "../../scripts/testing.ts"
import { boardNamed, libraryFiles } from "./brain.testing.ts"
import type { Exhibit } from "./exhibit.ts"

export interface Sketch {
  /** Why there are no figures. */
  readonly why?: string
  readonly text: string
  readonly flashBytes?: number
  readonly ramBytes?: number
  /** What the compiler warned of, outside the board's own core. */
  readonly warnings: readonly string[]
}
const ROOT = "/usr/share/arduino"
const BUILD = [
  ...["-compile", "-warnings=all", "-hardware", `${ROOT}/hardware`, "-hardware", `${ROOT}-builder`],
  ...["-tools", `${ROOT}-builder`, "-prefs=compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"],
]
export const missingArduino = (): string | undefined => missingProgram("arduino-builder", "avr-gcc")

/** Compiles a sketch, by default the example of the library, with the flags that the board's core has by default. */
export async function buildSketch(
  { name, module, sources }: Exhibit,
  board: "uno" | "mega",
  folder: string,
  own?: string,
): Promise<Sketch> {
  const files = libraryFiles(module, sources, [])
  const example = Object.keys(files).find((path) => path.endsWith(".ino"))!
  const text = own ?? files[example]!
  const why = missingArduino()
  if (why !== undefined) return { why, text, warnings: [] }
  const place = join(folder, `${name}-${board}${own === undefined ? "" : "-own"}`)
  const [libraries, out, cache] = [join(place, "libraries"), join(place, "out"), join(folder, "core")]
  for (const each of [out, cache]) mkdirSync(each, { recursive: true })
  const sketch = own === undefined ? join(libraries, example) : join(place, "sketch", "sketch.ino")
  for (const [path, content] of [
    ...Object.entries(files).map(([path, content]) => [join(libraries, path), content] as const),
    [sketch, text] as const,
  ]) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  const where = ["-libraries", libraries, "-build-path", out, "-build-cache", cache, "-fqbn", boardNamed(board).fqbn]
  const { status, stdout, stderr } = spawnSync("arduino-builder", [...BUILD, ...where, sketch], { encoding: "utf8" })
  const [, flash, ram] = /uses (\d+) bytes[\s\S]*?use (\d+) bytes/.exec(stdout) ?? []
  const warnings = stderr.split("\n").filter((line) => line.includes("warning:") && !line.includes("/cores/arduino/"))
  if (status !== 0 || flash === undefined || ram === undefined)
    return { why: `arduino-builder ended with ${status}: ${stderr.slice(-400)}`, text, warnings }
  return { text, flashBytes: Number(flash), ramBytes: Number(ram), warnings }
}
