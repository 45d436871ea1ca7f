import { spawn } from "node:child_process"
import { accessSync, constants, readdirSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"

const COMPILERS = {
  "avr-gcc": { debianPackages: "gcc-avr avr-libc", core: "Arduino AVR Boards" },
  "arm-none-eabi-gcc": {
    debianPackages: "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    core: "Arduino Mbed OS Nano Boards",
  },
} as const
export type ChipCompiler = keyof typeof COMPILERS

interface ChipFacts {
  readonly compiler: ChipCompiler
  /** What the compiler must know of the chip; how hard it tries is -Os, as the Arduino IDE says, where a source says nothing. */
  readonly flags: readonly string[]
}
const avr = (mcu: string): ChipFacts => ({ compiler: "avr-gcc", flags: [`-mmcu=${mcu}`, "-DF_CPU=16000000UL"] })
const cortex = (cpu: string): ChipFacts => ({ compiler: "arm-none-eabi-gcc", flags: [`-mcpu=${cpu}`, "-mthumb"] })

/** The chips that C can be compiled for here. */
export const CHIPS = {
  atmega328p: avr("atmega328p"),
  atmega2560: avr("atmega2560"),
  "cortex-m0": cortex("cortex-m0"),
  "cortex-m0plus": cortex("cortex-m0plus"),
  "cortex-m4": cortex("cortex-m4"),
} as const satisfies Readonly<Record<string, ChipFacts>>
export type Chip = keyof typeof CHIPS

/** What every chip's C is compiled with: the Arduino IDE's choices, apart from its silence about warnings. */
const FLAGS = ["-std=c99", "-Os", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]
const COMPILE_MS_MAX = 120_000
const SAID_LINES = 6

/** Where to look: variables of the environment, the person's home folder and the system's name. */
export interface Places {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly platform: string
}
const here = (): Places => ({ environment: process.env, home: homedir(), platform: process.platform })

/**
 * The folders of a compiler's program in order of preference: those of PATH, then those where the Arduino IDE keeps its
 * tools, the newest version of each first.
 */
export function compilerFolders(compiler: ChipCompiler, { environment, home, platform }: Places): readonly string[] {
  const onPath = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")
  const byBoardManager = {
    darwin: [join(home, "Library", "Arduino15")],
    win32: [join(environment["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "Arduino15")],
  }[platform] ?? [join(home, ".arduino15"), join(home, "snap", "arduino", "current", ".arduino15")]
  const withFirstIde = {
    darwin: ["/Applications/Arduino.app/Contents/Java/hardware/tools/avr/bin"],
    win32: [environment["ProgramFiles(x86)"], environment["ProgramFiles"]].flatMap((programs) =>
      programs === undefined ? [] : [join(programs, "Arduino", "hardware", "tools", "avr", "bin")],
    ),
  }[platform] ?? ["/usr/share/arduino/hardware/tools/avr/bin", "/opt/arduino/hardware/tools/avr/bin"]
  const managed = byBoardManager.flatMap((root) =>
    foldersIn(join(root, "packages")).flatMap((vendor) =>
      newestFirst(foldersIn(join(vendor, "tools", compiler))).map((version) => join(version, "bin")),
    ),
  )
  return [...onPath, ...managed, ...(compiler === "avr-gcc" ? withFirstIde : [])]
}
function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}
const newestFirst = (folders: readonly string[]): readonly string[] =>
  folders.toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }))

/** The path of the program that compiles for a chip, or nothing. */
export function findChipCompiler(chip: Chip, places = here()): string | undefined {
  const { compiler } = CHIPS[chip]
  const name = places.platform === "win32" ? `${compiler}.exe` : compiler
  return compilerFolders(compiler, places)
    .map((folder) => join(folder, name))
    .find(isProgram)
}
function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The path of the program that compiles for a chip. Errors: OB848. */
export function requireChipCompiler(chip: Chip, places = here()): string {
  const found = findChipCompiler(chip, places)
  if (found !== undefined) return found
  const { compiler } = CHIPS[chip]
  const { debianPackages, core } = COMPILERS[compiler]
  return refuse({
    code: "OB848",
    seen: `No compiler for ${chip} is here: ${compiler} is neither on the PATH nor where the Arduino IDE keeps its tools.`,
    hint: `On Debian or Ubuntu: sudo apt-get install ${debianPackages}. Elsewhere install the boards "${core}" in the Arduino IDE, or do without: the exported files compile there as they are.`,
  })
}

export interface Compilation {
  readonly chip: Chip
  /** Paths of C files. */
  readonly sources: readonly string[]
  /** The path of what is made: a program, or with the flag -c an object. */
  readonly output: string
  readonly flags?: readonly string[]
}

/**
 * Compiles C for a chip and gives what the compiler said, warnings above all. Errors: OB848; OB849 when the compiler
 * refuses; OB850 when the linker finds that it does not fit. It knows the flash of every chip, but the RAM of few AVRs.
 */
export async function compileForChip({ chip, sources, output, flags = [] }: Compilation): Promise<string> {
  const compiler = requireChipCompiler(chip)
  const words = [...CHIPS[chip].flags, ...FLAGS, ...flags]
  const isLibrary = (word: string): boolean => word.startsWith("-l") // they come after what needs them
  const all = [...words.filter((word) => !isLibrary(word)), ...sources, "-o", output, ...words.filter(isLibrary)]
  const { code, said } = await runCompiler(compiler, all)
  const tooBig = code === 0 ? undefined : TOO_BIG.exec(said)?.[0]
  if (tooBig !== undefined)
    refuse({
      code: "OB850",
      seen: `The program does not fit into ${chip}: ${tooBig}.`,
      hint: "A board with more memory takes it, or a smaller module: fewer hidden units, or fewer bits a weight.",
    })
  if (code !== 0)
    refuse({
      code: "OB849",
      seen: `${compiler} does not compile what was exported for ${chip}:\n${firstLines(said) || `it ended with ${code} and said nothing`}`,
      hint: `Its version may be too old: 5.4 of avr-gcc and 8 of arm-none-eabi-gcc are known to do. Ask it with: ${compiler} --version`,
    })
  return said
}
const TOO_BIG = /region `\w+' overflowed by \d+ bytes|section `\.\w+' will not fit in region `\w+'/
const firstLines = (said: string): string => said.trim().split("\n").slice(0, SAID_LINES).join("\n")

/** Runs a compiler to its end: the code that it ended with, 0 when all is well, and what it said. */
export function runCompiler(
  path: string,
  words: readonly string[],
): Promise<{ readonly code: number | string; readonly said: string }> {
  return new Promise((resolve) => {
    // A compiler speaks to people in their language; what it said is looked at here.
    const env = { ...process.env, LC_ALL: "C" }
    const child = spawn(path, words, { stdio: ["ignore", "ignore", "pipe"], env, timeout: COMPILE_MS_MAX })
    let said = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    child.on("error", ({ message }) => resolve({ code: message, said: `it did not run: ${message}` }))
    child.on("close", (code, signal) => resolve({ code: code ?? signal ?? "no code", said }))
  })
}
