/** What tests of boards share: C for an AVR, and simavr as a judge. */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { missingProgram } from "../../../../../scripts/testing.ts"
import { AVR_BOARDS, type AvrBoard } from "../avr.ts"
import type { Footprint } from "../elf.ts"

export const missingAvrCompiler = (): string | undefined =>
  missingProgram("avr-gcc") ?? missingFile("/usr/lib/avr/include/avr/io.h", "avr-libc")
export const missingSimavr = (): string | undefined =>
  missingAvrCompiler() ?? missingProgram("gcc") ?? missingFile("/usr/include/simavr/sim_avr.h", "libsimavr-dev")
const missingFile = (path: string, what: string): string | undefined =>
  existsSync(path) ? undefined : `${what} is not installed`

/** Both chips, at both levels that are used. */
export const BUILDS: readonly (readonly [board: AvrBoard["name"], level: string])[] = [
  ["uno", "-O2"],
  ["uno", "-Os"],
  ["mega", "-O2"],
  ["mega", "-Os"],
]

export interface Judged {
  readonly marks: readonly (readonly [value: number, cycle: number])[]
  readonly stack: number
  readonly ended: boolean
  readonly output: readonly number[]
}
export interface AvrBench {
  /** The ELF of a C program; with `map` the linker's map too. */
  compile(
    source: string,
    board: AvrBoard["name"],
    ...flags: readonly string[]
  ): { elf: Uint8Array; map: string; path: string }
  /** What simavr makes of an ELF that was compiled here. */
  judge(path: string, board: AvrBoard["name"]): Judged
  /** The path of the object file of a C source. */
  object(source: string, board: AvrBoard["name"], ...flags: readonly string[]): string
  /** What avr-size says of it. */
  size(path: string): Footprint
  [Symbol.dispose](): void
}

/** A folder to compile in, that is gone at the end. */
export function openAvrBench(): AvrBench {
  const folder = mkdtempSync(join(tmpdir(), "avr-"))
  let built = 0
  let judge: string | undefined
  const build = (kind: "elf" | "o", source: string, board: AvrBoard["name"], flags: readonly string[]): string => {
    const path = join(folder, `${built++}.${kind}`)
    const from = `${path}.c`
    writeFileSync(from, source)
    const words = ["-std=gnu99", `-mmcu=${AVR_BOARDS[board].chip}`, "-DF_CPU=16000000UL", `-Wl,-Map,${path}.map`]
    const { status, stderr } = spawnSync("avr-gcc", [...words, "-o", path, from, ...flags])
    if (status !== 0) throw new Error(`avr-gcc: ${stderr}`)
    return path
  }
  return {
    compile(source, board, ...flags) {
      const path = build("elf", source, board, [...flags, "-lm"])
      return { elf: readFileSync(path), map: readFileSync(`${path}.map`, "utf8"), path }
    },
    object: (source, board, ...flags) => build("o", source, board, ["-c", ...flags]),
    size(path) {
      const said = execFileSync("avr-size", [path], { encoding: "utf8" })
      const [text = 0, data = 0, bss = 0] = said.split("\n")[1]!.trim().split(/\s+/).map(Number)
      return { flashBytes: text + data, ramBytes: data + bss }
    },
    judge(path, board) {
      if (judge === undefined) {
        judge = join(folder, "judge")
        const source = join(import.meta.dirname, "simavr.c")
        execFileSync("gcc", ["-O2", "-o", judge, source, "-I/usr/include/simavr", "-lsimavr", "-lelf"])
      }
      const said = execFileSync(judge, [AVR_BOARDS[board].chip, path, "400000000"], { encoding: "utf8" })
      return JSON.parse(said.slice(said.lastIndexOf("\n{"))) as Judged
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
