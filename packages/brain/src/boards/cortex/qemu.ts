import { join } from "node:path"
import { findCompiler, NO_COMPILER } from "../../native/compiler.ts"
import type { Chip } from "../compile.ts"
import { type Command, execute } from "./execute.ts"
import { cachedTool } from "./tools.ts"

export type CortexChip = Extract<Chip, `cortex-${string}`>
export const isCortex = (chip: Chip): chip is CortexChip => chip.startsWith("cortex")

/** QEMU's machine and the table of cycles. QEMU has no RP2040; an M4 runs all that an M0+ does. */
const MACHINES: Readonly<Record<CortexChip, { readonly machine: string; readonly model: "m0" | "m0p" | "m4" }>> = {
  "cortex-m0": { machine: "microbit", model: "m0" },
  "cortex-m0plus": { machine: "mps2-an386", model: "m0p" },
  "cortex-m4": { machine: "mps2-an386", model: "m4" },
}
/** How a program that includes it starts and ends there, and the instructions between which cycles are counted. */
export const START_HEADER = join(import.meta.dirname, "start.h")

/** What links such a program into so many bytes of flash and RAM. */
export const linkFlags = (flashBytes: number, ramBytes: number): readonly string[] => [
  ...[`-Wl,--defsym=flash_bytes=${flashBytes}`, `-Wl,--defsym=ram_bytes=${ramBytes}`],
  ...["-nostartfiles", "-nostdlib", "-T", join(import.meta.dirname, "cortex.ld"), "-lc", "-lgcc"],
]

/** What the plugin calls is QEMU's: only Apple's linker wants to be told. */
const LEFT_OPEN = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []

/**
 * The command that runs a linked program in QEMU with our plugin: cycles.c says what it counts and tells on stderr. `functions` are
 * addresses of functions whose calls are counted too. Errors: an Error where the compiler of this computer does not make the plugin.
 */
export async function qemuCommand(chip: CortexChip, elf: string, functions: readonly number[] = []): Promise<Command> {
  const { machine, model } = MACHINES[chip]
  const plugin = await cachedTool(join(import.meta.dirname, "cycles.c"), ["-shared", "-fPIC", ...LEFT_OPEN])
  const quiet = ["-display", "none", "-monitor", "none", "-serial", "none"]
  const semihosting = ["-semihosting-config", "enable=on,target=native"]
  const asked = [plugin, `model=${model}`, ...functions.map((address) => `function=${address}`)].join(",")
  return ["qemu-system-arm", "-M", machine, ...quiet, ...semihosting, "-plugin", asked, "-kernel", elf]
}

/** Modelled cycles between each pair of marks in their order, and of the last call of each function. */
export interface Counted {
  readonly marks: readonly number[]
  readonly functions: ReadonlyMap<number, number>
}
const RUN_MS_MAX = 60_000

/** Runs a program that asks for nothing; or says in a few words, without paths, why cycles were not counted. */
export async function countInQemu(
  chip: CortexChip,
  elf: string,
  functions: readonly number[],
): Promise<Counted | { readonly untimed: string }> {
  if (findCompiler() === undefined) return { untimed: NO_COMPILER }
  let command: Command
  try {
    command = await qemuCommand(chip, elf, functions)
  } catch {
    return { untimed: "the compiler of this computer does not make the plugin that counts" }
  }
  try {
    const { stderr } = await execute(command, new Uint8Array(), RUN_MS_MAX)
    const marks = [...stderr.matchAll(/^mark \d+ cycles (\d+)/gm)].map(([, cycles]) => Number(cycles))
    const each = [...stderr.matchAll(/^function (\d+) cycles (\d+)$/gm)].map(
      ([, n, cycles]) => [functions[Number(n)]!, Number(cycles)] as const,
    )
    return { marks, functions: new Map(each) }
  } catch (error) {
    return { untimed: REASONS.find(([sign]) => sign.test((error as Error).message))![1] }
  }
}
/** By what is said when it fails. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ENOENT/, "qemu-system-arm is not installed"],
  [/was killed after/, "it takes QEMU over a minute"],
  [/plugin/i, "this QEMU does not take the plugin that counts"],
  [/^/, "QEMU did not run it to its end"],
]
