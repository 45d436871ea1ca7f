import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { bytesOf } from "@open-brains/core/base/dtype.ts"
import { AVR_BOARDS } from "./avr.ts"
import type { Board } from "./boards.ts"
import { type Chip, compileForChip, findChipCompiler } from "./compile.ts"
import { type CortexChip, countInQemu, isCortex, linkFlags } from "./cortex/qemu.ts"
import { type Elf, type ElfSymbol, footprintOf, readElf } from "./elf.ts"
import { readFirmware } from "./firmware.ts"
import { alike, askedProbeOf, type Callable, callsOf, emptyProbeOf, probeOf, sizedProbeOf, textsOf } from "./probe.ts"
import type { Profile } from "./profile.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"
import { stackOf } from "./stack.ts"
import { openVirtualBoard, type VirtualBoard } from "./virtual.ts"
import { inWorkplace } from "./workplace.ts"

/** What a compiler and a simulator say of a module: the module's own, without the program around it. */
export interface Measured {
  readonly flashBytes: number
  readonly ramBytes: number
  /** Of its deepest call, with the return address: proved from the machine code, else the most that was seen. */
  readonly stackBytes?: number
  readonly isStackProved: boolean
  /** Counted by a simulator of the chip, or modelled over the instructions that ran. */
  readonly cycles: "exact" | "modelled"
  /** Why no cycles are known where they could be. */
  readonly untimed?: string
  readonly calls: readonly MeasuredCall[]
  readonly layers: readonly MeasuredLayer[]
  /** What the compiler had to say: nothing, if all is well. */
  readonly said: string
}
export interface MeasuredCall {
  readonly about: string
  readonly cycles: number
}
export interface MeasuredLayer {
  readonly about: string
  readonly flashBytes: number
  readonly cycles?: number
}
/** A minute of a chip's time: what takes longer is not timed. */
const CYCLES_MAX = 60 * 16_000_000

/** Compiles a module for a board's chip, and runs it where the chip is simulated. Nothing where no compiler is here. Errors: OB849. */
export async function measure(module: Exported, sources: Sources, board: Board): Promise<Measured | undefined> {
  const { target } = board
  if (target === undefined || findChipCompiler(target) === undefined) return undefined
  return inWorkplace("brain-export-", async (folder) => {
    const own = Object.entries(sources.files)
    for (const [name, text] of own) await writeFile(join(folder, name), text)
    const files = own.flatMap(([name]) => (name.endsWith(".c") ? [join(folder, name)] : []))
    const whole = await linked(folder, "probe", probeOf(module), files, target, board)
    const empty = await linked(folder, "empty", emptyProbeOf(module), [], target, board)
    const isSized = callsOf(module).every(({ before }) => before === undefined)
    const sized = isSized ? whole : await linked(folder, "sized", sizedProbeOf(module), files, target, board)
    const [all, none] = [footprintOf(sized.elf), footprintOf(empty.elf)]
    const symbols = sources.chip.layers.map(({ symbol }) => symbol)
    const run = isCortex(target)
      ? await modelledMean(folder, module, files, target, board, symbols, whole)
      : simulated(whole.bytes, whole.elf, board, module)
    const known = "untimed" in run ? undefined : run
    return {
      flashBytes: all.flashBytes - none.flashBytes,
      ramBytes: all.ramBytes - none.ramBytes,
      ...stackIn(module, whole.elf, known?.stackBytes),
      cycles: board.cycles === "simulated" ? "exact" : "modelled",
      ...("untimed" in run ? run : {}),
      calls: alike(known?.calls ?? []),
      layers: layersOf(sources, whole.elf, known?.cyclesOf),
      said: whole.said.replaceAll(`${folder}/`, ""),
    }
  })
}
function stackIn(module: Exported, elf: Elf, seen: number | undefined): Pick<Measured, "stackBytes" | "isStackProved"> {
  const bounds = callsOf(module).map(({ symbol }) => stackOf(elf, symbol))
  const bytes = bounds.map((bound) => ("bytes" in bound ? bound.bytes : undefined))
  if (bytes.every((each) => each !== undefined)) return { stackBytes: Math.max(...bytes), isStackProved: true }
  return { ...(seen === undefined ? {} : { stackBytes: seen }), isStackProved: false }
}

interface Linked {
  readonly path: string
  readonly bytes: Uint8Array
  readonly elf: Elf
  readonly said: string
}
async function linked(
  folder: string,
  name: string,
  main: string,
  sources: readonly string[],
  chip: Chip,
  { flashBytes, ramBytes }: Board,
): Promise<Linked> {
  const [source, path] = [join(folder, `${name}_main.c`), join(folder, `${name}.elf`)]
  await writeFile(source, main)
  const flags = ["-Wall", "-Wextra", ...(isCortex(chip) ? linkFlags(flashBytes, ramBytes) : [])]
  const said = await compileForChip({ chip, sources: [source, ...sources], output: path, flags })
  const bytes = new Uint8Array(await readFile(path))
  return { path, bytes, elf: readElf(bytes, path), said }
}

/** Nothing where it could not be: why. */
interface Untimed {
  readonly untimed: string
}
interface Run {
  readonly stackBytes?: number
  readonly calls: readonly MeasuredCall[]
  /** Of a layer in a call of the function that it is of: the mean, where the probe calls that several times. */
  cyclesOf(symbol: string): number | undefined
}
const TOO_LONG = "it does not fit, or takes over a minute"
/**
 * The mean of what the module is asked, or of as much of it as a minute holds. Nothing where the program does not
 * fit the chip, or takes too long: why.
 */
function simulated(bytes: Uint8Array, elf: Elf, board: Board, module: Exported): Run | Untimed {
  const chip = AVR_BOARDS[board.name as keyof typeof AVR_BOARDS]
  const { flashBytes, ramBytes } = footprintOf(elf)
  if (flashBytes > board.flashBytes || ramBytes > board.ramBytes - STACK_LEAST) return { untimed: TOO_LONG }
  const firmware = readFirmware(bytes, "the probe", chip)
  const runs: Run[] = []
  let left = CYCLES_MAX
  for (const inputs of questionsTo(module)) {
    const open = openVirtualBoard(chip, firmware)
    const end = runOnce(open, elf, module, inputs, left)
    left -= open.cycles
    if (end === undefined) break
    runs.push(end)
  }
  if (runs.length === 0) return { untimed: TOO_LONG }
  return meanOf(runs)
}

function meanOf(runs: readonly Run[]): Run {
  const stacks = runs.flatMap(({ stackBytes }) => stackBytes ?? [])
  const mean = (of: (run: Run) => number): number =>
    Math.round(runs.reduce((sum, run) => sum + of(run), 0) / runs.length)
  return {
    ...(stacks.length > 0 ? { stackBytes: Math.max(...stacks) } : {}),
    calls: runs[0]!.calls.map(({ about }, i) => ({ about, cycles: mean(({ calls }) => calls[i]!.cycles ?? 0) })),
    cyclesOf: (symbol) =>
      runs.some((run) => run.cyclesOf(symbol) !== undefined) ? mean((run) => run.cyclesOf(symbol) ?? 0) : undefined,
  }
}

/** Bytes by the variables of the probe that they are put into. */
function questionsTo(module: Exported): readonly Readonly<Record<string, Uint8Array>>[] {
  switch (module.kind) {
    case "net":
      return module.samples.runs.map((run) =>
        Object.fromEntries(
          Object.entries(run).map(([buffer, numbers]) => [`${module.name}_${buffer}`, bytesOf(numbers)]),
        ),
      )
    case "classifier":
      return textsOf(module.textBytes).map((text) => ({ text: new TextEncoder().encode(text) }))
    case "scribe":
      return [{}]
    default:
      return module satisfies never
  }
}

/** At the first mark, where the state is as it begins, the inputs are put into memory. */
function runOnce(
  open: VirtualBoard,
  elf: Elf,
  module: Exported,
  inputs: Readonly<Record<string, Uint8Array>>,
  cyclesMax: number,
): Run | undefined {
  open.runUntil(() => open.marks.length > 0, cyclesMax)
  for (const [buffer, bytes] of Object.entries(inputs)) {
    const place = elf.symbols.find(({ name, kind }) => kind === "object" && name === buffer)
    if (place) open.write(place.address, bytes) // what nothing reads, the linker leaves out
  }
  if (open.runUntil(() => false, cyclesMax - open.cycles) !== "asleep") return undefined
  const at = (value: number): number | undefined => open.marks.find((mark) => mark.value === value)?.cycle
  const calls = callsOf(module).flatMap(({ about }, i) => {
    const [from, to] = [at(2 * i + 2), at(2 * i + 3)]
    return from === undefined || to === undefined ? [] : [{ about, cycles: to - from }]
  })
  const profile = open.profile(elf.symbols)
  const named = (symbol: string): Profile | undefined => profile.find(({ name }) => isNamed(name, symbol))
  // What is jumped to, as the last thing of a function often is, counts as no call: it takes what the others leave.
  const leftOf = ({ name, inclusiveCycles }: Profile): number =>
    profile.reduce(
      (left, each) => left - (each.name.startsWith(`${name}_`) ? each.inclusiveCycles : 0),
      inclusiveCycles,
    )
  const cyclesOf = (symbol: string): number | undefined => {
    const [found, whole] = [named(symbol), named(symbol.replace(/_\d+$/, ""))]
    if (!found) return undefined
    if (found.calls > 0) return found.inclusiveCycles / Math.max(1, whole?.calls ?? 0)
    return whole && whole.calls > 0 ? leftOf(whole) / whole.calls : found.selfCycles
  }
  return { stackBytes: open.stackUsed, calls, cyclesOf }
}
const STACK_LEAST = 64

/** So many samples are modelled: each is a program of its own. */
const SAMPLES_MODELLED = 4
/** The mean of some of a net's samples; of anything else the one run of its probe. */
async function modelledMean(
  folder: string,
  module: Exported,
  files: readonly string[],
  target: CortexChip,
  board: Board,
  symbols: readonly string[],
  whole: Linked,
): Promise<Run | Untimed> {
  if (module.kind !== "net") return modelled(whole, target, callsOf(module, false), symbols)
  const some = module.samples.runs.slice(0, SAMPLES_MODELLED)
  const about = module.samples.about.replace(/\d+/, `${some.length}`)
  const things = callsOf({ ...module, samples: { ...module.samples, about } })
  const runs: Run[] = []
  for (const [n, inputs] of some.entries()) {
    const asked = await linked(folder, `asked${n}`, askedProbeOf(module, inputs), files, target, board)
    const run = await modelled(asked, target, things, symbols)
    if ("untimed" in run) return run
    runs.push(run)
  }
  return meanOf(runs)
}

async function modelled(
  { path, elf }: Linked,
  chip: CortexChip,
  things: readonly Callable[],
  layers: readonly string[],
): Promise<Run | Untimed> {
  const addressOf = (symbol: string): number | undefined => functionNamed(elf, symbol)?.address
  const counted = await countInQemu(chip, path, [...new Set(layers.flatMap((each) => addressOf(each) ?? []))])
  if ("untimed" in counted) return counted
  const { marks, functions } = counted
  if (marks.length !== things.length) return { untimed: "QEMU did not run it to its end" }
  return {
    calls: things.map(({ about }, i) => ({ about, cycles: marks[i]! })),
    cyclesOf: (symbol) => functions.get(addressOf(symbol) ?? -1),
  }
}

/** A compiler may call its own version of a function NAME.constprop.0. */
const isNamed = (found: string, symbol: string): boolean => found === symbol || found.startsWith(`${symbol}.`)

const functionNamed = ({ symbols }: Elf, symbol: string): ElfSymbol | undefined =>
  symbols.find(({ name, kind }) => kind === "function" && isNamed(name, symbol))

function layersOf({ chip }: Sources, elf: Elf, cyclesOf?: Run["cyclesOf"]): readonly MeasuredLayer[] {
  return chip.layers.map(({ symbol, about }) => {
    const cycles = cyclesOf?.(symbol)
    const flashBytes = functionNamed(elf, symbol)?.size ?? 0
    return { about, flashBytes, ...(cycles === undefined ? {} : { cycles }) }
  })
}
