/** Exported libraries as the Arduino IDE builds them. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { unzipSync } from "fflate"
import { boardNamed } from "../boards.ts"

const ARDUINO = [
  ...[
    "-compile",
    "-warnings=all",
    "-hardware",
    "/usr/share/arduino/hardware",
    "-hardware",
    "/usr/share/arduino-builder",
  ],
  ...["-tools", "/usr/share/arduino-builder", "-prefs=compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"],
]

export interface Built {
  readonly status: number | null
  readonly stderr: string
  /** Of the library and the sketch, not of Arduino's own core. */
  readonly warnings: readonly string[]
  readonly flashBytes: number
  readonly ramBytes: number
  hex(): Uint8Array
}

/** Installs a library into an empty place, and builds its example. */
export function buildExample(place: string, zip: string, name: string, example: string, board: string): Built {
  mkdirSync(join(place, "out"), { recursive: true })
  for (const [path, bytes] of Object.entries(unzipSync(readFileSync(zip)))) {
    mkdirSync(dirname(join(place, "libraries", path)), { recursive: true })
    writeFileSync(join(place, "libraries", path), bytes)
  }
  const sketch = join(place, "libraries", name, "examples", example, `${example}.ino`)
  const places = ["-libraries", join(place, "libraries"), "-build-path", join(place, "out")]
  const words = [...ARDUINO, ...places, "-fqbn", boardNamed(board).fqbn, sketch]
  const { status, stdout, stderr } = spawnSync("arduino-builder", words, { encoding: "utf8" })
  const [, flash, ram] = /uses (\d+) bytes[\s\S]*?use (\d+) bytes/.exec(stdout) ?? []
  return {
    ...{ status, stderr },
    warnings: stderr.split("\n").filter((line) => line.includes("warning:") && !line.includes("/cores/arduino/")),
    ...{ flashBytes: Number(flash), ramBytes: Number(ram) },
    hex: () => readFileSync(join(place, "out", `${example}.ino.hex`)),
  }
}
