import { existsSync } from "node:fs"
import { join } from "node:path"
import { missingProgram } from "../../../../../scripts/testing.ts"
import type { AvrBoard } from "../avr.ts"
import { type Chip, compileForChip, findChipCompiler, runCompiler } from "../compile.ts"
import { type Command, execute } from "../cortex/execute.ts"
import { type CortexChip, linkFlags, qemuCommand } from "../cortex/qemu.ts"
import { cachedTool } from "../cortex/tools.ts"
import { runOnVirtualBoard } from "./virtual_runner.ts"

/** What a probe is asked: a fresh chip takes the requests one after another, and the last of them ends it unanswered. */
export interface Session {
  readonly requests: readonly Uint8Array[]
  /** Each answer is so long: who cannot hold bytes back sends a request when the answer before it is there. */
  readonly answerBytes: number
  readonly timeoutMs: number
}
export interface Ran {
  readonly output: Uint8Array
  /** Cycles from the start of a mark to its end, and the bytes of stack that were used below it where that is known. */
  readonly marks: readonly { readonly mark: number; readonly cycles: number; readonly stackBytes?: number }[]
  /** The same bytes where the probe itself finds them, one a request. */
  readonly stacks: readonly number[]
  /** What else there was to say. */
  readonly said: string
}

/** Where a module can run. */
interface TargetFacts {
  /** What this machine lacks for it, in words for a person. */
  missing(): string | undefined
  /** The header by which a probe moves its bytes there. */
  readonly bytes: string
  build(sources: readonly string[], elf: string, flags: readonly string[]): Promise<void>
  /** Errors: an Error when it crashes, or does not end in time. */
  run(elf: string, session: Session): Promise<Ran>
  /** Static memory that leaves enough for the stack of a probe. */
  readonly memoryBytes: number
  /** What its cycles are worth. */
  readonly cycles: "none" | "exact" | "modelled"
  /** Whether the stack of a call is seen. */
  readonly seesStack: boolean
}
const STACK_BYTES = 448
const C_FILES = join(import.meta.dirname, "c")

/** A runner that is a process: requests on stdin, answers on stdout, and what was measured in lines on stderr. */
const inProcess =
  (command: (elf: string) => Promise<Command>): TargetFacts["run"] =>
  async (elf, { requests, timeoutMs }) => {
    const { stdout, stderr } = await execute(await command(elf), Buffer.concat(requests), timeoutMs)
    const marks = [...stderr.matchAll(/^mark (\d+) cycles (\d+)(?: stack (\d+))?/gm)].map(
      ([, mark, cycles, stack]) => ({
        ...{ mark: Number(mark), cycles: Number(cycles) },
        ...(stack !== undefined && { stackBytes: Number(stack) }),
      }),
    )
    const stacks = [...stderr.matchAll(/^stack (\d+)$/gm)].map(([, bytes]) => Number(bytes))
    return { output: stdout, marks, stacks, said: stderr }
  }

const STRICT = ["-Wall", "-Wextra", "-Werror"]

const host = (kind: readonly string[]): TargetFacts => ({
  missing: () => missingProgram("gcc"),
  bytes: join(C_FILES, "probe_host.h"),
  async build(sources, elf, flags) {
    const { code, said } = await runCompiler("gcc", ["-std=c99", ...STRICT, ...kind, ...flags, ...sources, "-o", elf])
    if (code !== 0) throw new Error(`gcc ended with ${code}: ${said}`)
  },
  run: inProcess(async (elf) => [elf]),
  memoryBytes: 2 ** 20,
  cycles: "none",
  seesStack: false,
})

const missingFor = (chip: Chip, ...programs: readonly string[]): string | undefined =>
  findChipCompiler(chip) ? missingProgram(...programs) : `a compiler for ${chip} is not installed`

/** An AVR's program, whatever simulates the chip. */
const onAvr = (chip: "atmega328p" | "atmega2560"): Omit<TargetFacts, "missing" | "run" | "seesStack"> => ({
  bytes: join(C_FILES, "probe_avr.h"),
  async build(sources, output, flags) {
    await compileForChip({ chip, sources, output, flags: [...STRICT, ...flags] })
  },
  memoryBytes: (chip === "atmega328p" ? 2048 : 8192) - STACK_BYTES,
  cycles: "exact",
})
const LIBSIMAVR = "/usr/include/simavr/sim_avr.h"
const simavr = (chip: "atmega328p" | "atmega2560"): TargetFacts => ({
  ...onAvr(chip),
  seesStack: true,
  missing: () =>
    missingFor(chip, "gcc") ?? (existsSync(LIBSIMAVR) ? undefined : `libsimavr-dev (${LIBSIMAVR}) is not installed`),
  run: inProcess(async (elf) => [await cachedTool(join(C_FILES, "simavr_runner.c"), ["-lsimavr", "-lelf"]), chip, elf]),
})

const avr8js = (chip: "atmega328p" | "atmega2560", board: AvrBoard["name"]): TargetFacts => ({
  ...onAvr(chip),
  seesStack: false, // since reset, not by call
  missing: () => missingFor(chip),
  run: (elf, session) => runOnVirtualBoard(elf, board, session),
})

const qemu = (chip: CortexChip, flashBytes: number, ramBytes: number): TargetFacts => ({
  missing: () => missingFor(chip, "gcc", "qemu-system-arm"),
  bytes: join(C_FILES, "probe_cortex.h"),
  async build(sources, output, flags) {
    await compileForChip({ chip, sources, output, flags: [...STRICT, ...flags, ...linkFlags(flashBytes, ramBytes)] })
  },
  run: inProcess((elf) => qemuCommand(chip, elf)),
  memoryBytes: ramBytes - 4 * STACK_BYTES,
  cycles: "modelled",
  seesStack: true,
})

/** Every place that must give the same bytes. */
export const TARGETS = {
  host: host(["-O2"]),
  "host, checked": host(["-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"]),
  "atmega328p on simavr": simavr("atmega328p"),
  "atmega2560 on simavr": simavr("atmega2560"),
  "atmega328p on avr8js": avr8js("atmega328p", "uno"),
  "atmega2560 on avr8js": avr8js("atmega2560", "mega"),
  "cortex-m0 on QEMU": qemu("cortex-m0", 256 * 1024, 16 * 1024),
  "cortex-m0plus on QEMU": qemu("cortex-m0plus", 2 * 2 ** 20, 264 * 1024),
  "cortex-m4 on QEMU": qemu("cortex-m4", 2 ** 20, 256 * 1024),
} as const satisfies Readonly<Record<string, TargetFacts>>
export type Target = keyof typeof TARGETS
