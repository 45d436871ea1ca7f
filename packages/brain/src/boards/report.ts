import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { MEMORY_MIN } from "@open-brains/core/mix/scribe.ts"
import { pad, widest } from "../layout.ts"
import type { Paint } from "../services.ts"
import { parseSize, printSize } from "../size.ts"
import { BOARDS, type Board, withArticle } from "./boards.ts"
import { type Estimate, estimate, estimatedCycles } from "./estimate.ts"
import { type Measured, measure } from "./measure.ts"
import type { Exported } from "./program.ts"
import type { Sources } from "./sources.ts"

/** How a figure is known: of the linked program or counted while it ran, of a model, or of sizes and a stated cost. */
export type Known = "exact" | "modelled" | "about"

/** What a module takes of a board, before anything is flashed. Bytes are bytes; a KB is 1000 of them. */
export interface Report {
  readonly name: string
  readonly board: string
  /** Bytes of text that are read. */
  readonly textBytes?: number
  readonly flash: Room
  /** Beside what is static the stack of the deepest call: a bound that is proved, or else the most that was seen. */
  readonly ram: Room & {
    readonly sketchStackBytes?: number
    readonly stackBytes?: number
    readonly isStackProved?: boolean
  }
  readonly calls: readonly {
    readonly about: string
    readonly cycles: number
    readonly ms: number
    readonly known: Known
  }[]
  readonly layers: readonly {
    readonly about: string
    readonly flashBytes?: number
    readonly cycles?: number
    readonly ms?: number
    /** Of the cycles. */
    readonly known?: Known
  }[]
  /** Why the time is not counted, or no better known. */
  readonly untimed?: string
  readonly fits: boolean
  /** What does not fit, by how much, and what would. */
  readonly misfits: readonly Misfit[]
  /** Texts that a scribe has read and a board does not have. */
  readonly left?: readonly string[]
  /** Of weights.safetensors, for those who teach it smaller. */
  readonly weightBytes?: number
  /** What the compiler warned of. */
  readonly warnings: readonly string[]
}
export interface Room {
  /** The module's own. */
  readonly bytes: number
  /** What a sketch takes without it, with the line of text that it asks of; nothing where nobody measured the core of the board. */
  readonly sketchBytes?: number
  readonly ofBytes: number
  readonly known: Known
}
export interface Misfit {
  readonly what: "flash" | "RAM"
  readonly overBytes: number
  readonly hint: string
}

/** Measures a module for a board where its compiler is here, and else estimates it. Errors: OB849. */
export async function reportOn(module: Exported, sources: Sources, board: Board): Promise<Report> {
  const guess = estimate(module, sources, board)
  const measured = await measureIfItFits(module, sources, guess, board)
  const rest = measured ? knownBy(module, measured, sources, board) : estimatedBy(module, guess, sources, board)
  const misfits = misfitsOf(module, rest, board)
  return {
    name: module.name,
    board: board.name,
    ...(module.kind === "classifier" ? { textBytes: module.textBytes, weightBytes: module.weightBytes } : {}),
    ...(module.kind === "scribe" && module.left.length > 0 ? { left: module.left } : {}),
    ...rest,
    ...{ fits: misfits.length === 0, misfits },
    warnings: (measured?.said ?? "").split("\n").filter((line) => line.includes("warning:")),
  }
}
/** What is too large is not compiled, or the linker refuses it: then there is an estimate alone. */
async function measureIfItFits(
  module: Exported,
  sources: Sources,
  { constantBytes, ramBytes }: Estimate,
  board: Board,
): Promise<Measured | undefined> {
  if (constantBytes > board.flashBytes || ramBytes > board.ramBytes) return undefined
  try {
    return await measure(module, sources, board)
  } catch (error) {
    const isTooLarge =
      error instanceof Refusal && /overflow|not within region|will not fit in region/.test(error.message)
    if (isTooLarge) return undefined
    throw error
  }
}
type Sized = Pick<Report, "flash" | "ram" | "calls" | "layers" | "untimed">

const inMs = (cycles: number, { mhz }: Board): number => cycles / (1000 * mhz)

/** What the example of the library keeps behind a text. */
const LINE_ENDS = 2
const roomsOf = (
  module: Exported,
  { flashBytes, ramBytes }: Pick<Measured, "flashBytes" | "ramBytes">,
  board: Board,
  known: Known,
): Pick<Report, "flash" | "ram"> => {
  const line = module.kind === "classifier" ? module.textBytes + LINE_ENDS : 0
  const { core } = board
  return {
    flash: { bytes: flashBytes, ...(core ? { sketchBytes: core.flashBytes } : {}), ofBytes: board.flashBytes, known },
    ram: {
      bytes: ramBytes,
      ...(core ? { sketchBytes: core.ramBytes + line, sketchStackBytes: core.stackBytes } : {}),
      ofBytes: board.ramBytes,
      known,
    },
  }
}

function knownBy(module: Exported, measured: Measured, sources: Sources, board: Board): Sized {
  const { flash, ram } = roomsOf(module, measured, board, "exact")
  const { stackBytes, isStackProved, calls, layers, cycles: known, untimed } = measured
  const guess = untimed === undefined ? undefined : timesBy(module, sources, board)
  return {
    flash,
    ram: { ...ram, ...(stackBytes === undefined ? {} : { stackBytes, isStackProved }) },
    calls: guess?.calls ?? calls.map((call) => ({ ...call, ms: inMs(call.cycles, board), known })),
    layers: layers.map((layer, i) => ({
      ...layer,
      ...(layer.cycles === undefined ? guess?.layers[i] : { ms: inMs(layer.cycles, board), known }),
    })),
    ...(untimed === undefined ? {} : { untimed }),
  }
}
function estimatedBy(module: Exported, guess: Estimate, sources: Sources, board: Board): Sized {
  return { ...roomsOf(module, guess, board, "about"), ...timesBy(module, sources, board) }
}
function timesBy(module: Exported, sources: Sources, board: Board): Pick<Sized, "calls" | "layers"> {
  const timed = (cycles: number) => ({ cycles, ms: inMs(cycles, board), known: "about" as const })
  const { calls, layers } = estimatedCycles(module, sources, board)
  return {
    calls: calls.map(({ about, cycles }) => ({ about, ...timed(cycles) })),
    layers: sources.chip.layers.map(({ about }, i) => ({ about, ...timed(layers[i]!) })),
  }
}

/** What is kept free for calls, where nobody has counted them. */
const STACK_USUAL = 100

const flashOf = ({ bytes, sketchBytes = 0 }: Room): number => bytes + sketchBytes
const sketchOf = ({ sketchBytes, sketchStackBytes = 0 }: Report["ram"]): number | undefined =>
  sketchBytes === undefined ? undefined : sketchBytes + sketchStackBytes
const ramOf = (ram: Report["ram"]): number => ram.bytes + (sketchOf(ram) ?? 0) + (ram.stackBytes ?? STACK_USUAL)

function misfitsOf(module: Exported, { flash, ram }: Sized, board: Board): readonly Misfit[] {
  const [overFlash, overRam] = [flashOf(flash) - flash.ofBytes, ramOf(ram) - ram.ofBytes]
  const larger = BOARDS.slice(BOARDS.indexOf(board) + 1).find(
    ({ flashBytes, ramBytes }) => flashOf(flash) <= flashBytes && ramOf(ram) <= ramBytes,
  )
  const holds = larger ? `${withArticle(larger)} holds it (--board ${larger.name})` : "no board of the table holds it"
  return [
    ...(overFlash > 0
      ? [{ what: "flash" as const, overBytes: overFlash, hint: `${holds}${smallerEdition(module, overFlash)}` }]
      : []),
    ...(overRam > 0
      ? [{ what: "RAM" as const, overBytes: overRam, hint: `${holds}${shorterTexts(module, overRam)}` }]
      : []),
  ]
}
/** Weights are all but all of a module's flash: it has to lose as many bytes of them as there are too many. */
function smallerEdition(module: Exported, overBytes: number): string {
  if (module.kind !== "classifier") return ""
  const size = Math.floor((module.weightBytes - overBytes) / 1000)
  return size >= 2 && parseSize(`${size}KB`) ? `; or teach it with --max-size ${size}KB` : ""
}
/** A byte of a text lies in the module and in the line of the sketch. */
const RAM_OF_A_BYTE = 2
function shorterTexts(module: Exported, overBytes: number): string {
  if (module.kind === "scribe") return lessMemory(module.memoryBytes, overBytes)
  if (module.kind !== "classifier") return ""
  const bytes = module.textBytes - Math.ceil(overBytes / RAM_OF_A_BYTE)
  return bytes >= 16 ? `; or let it read less: --text-bytes ${bytes}` : ""
}

/** The tables of a scribe are a power of two. */
function lessMemory(memoryBytes: number, overBytes: number): string {
  const bytes = 2 ** Math.floor(Math.log2(Math.max(1, memoryBytes - overBytes)))
  return bytes >= MEMORY_MIN ? `; or with less memory it is another scribe: --memory ${bytes / 2 ** 10}KB` : ""
}

/** Errors: OB853 for what does not fit. */
export function refuseUnfit({ name, misfits }: Report, board: Board): void {
  const [first] = misfits
  if (!first) return
  const seen = misfits.map(({ what, overBytes }) => `${printSize(overBytes)} more ${what}`).join(" and ")
  refuse({
    code: "OB853",
    seen: `\`${name}\` needs ${seen} than ${withArticle(board)} has.`,
    hint: `${sentence(first.hint)} With --force it is written all the same.`,
  })
}
const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

const BAR = 20
function bar(bytes: number, ofBytes: number, paint: Paint): string {
  const share = bytes / ofBytes
  const full = Math.min(BAR, Math.round(BAR * share))
  const colour = share > 1 ? "red" : share > 0.9 ? "yellow" : "green"
  return `${paint(colour, "█".repeat(full))}${"░".repeat(BAR - full)} ${`${Math.round(100 * share)} %`.padStart(6)}`
}
const labelled = (known: Known, text: string): string => (known === "exact" ? text : `${known} ${text}`)
const grouped = (n: number): string => `${Math.round(n)}`.replace(/\B(?=(\d{3})+$)/g, ",")

/** The report for a person, at most a terminal wide. */
export function reportLines(report: Report, board: Board, paint: Paint): readonly string[] {
  const { flash, ram, calls, layers, misfits, warnings, untimed } = report
  const text = report.textBytes === undefined ? "" : `, texts of up to ${grouped(report.textBytes)} bytes`
  const around = (bytes: number | undefined, what: string): string =>
    bytes === undefined ? ", without the core of the board" : ` + ${grouped(bytes)} ${what}`
  const stack = ram.stackBytes === undefined ? "" : ` + ${grouped(ram.stackBytes)} stack`
  const rows = [
    [
      "flash",
      flash,
      flashOf(flash),
      `${labelled(flash.known, grouped(flash.bytes))}${around(flash.sketchBytes, "sketch")}`,
    ],
    [
      "RAM",
      ram,
      ramOf({ stackBytes: 0, ...ram }),
      `${labelled(ram.known, grouped(ram.bytes))}${stack}${around(sketchOf(ram), "sketch")}`,
    ],
  ] as const
  const sizes = rows.map(
    ([what, room, bytes, note]) =>
      `  ${pad(what, 7)}${grouped(bytes).padStart(9)} of ${pad(grouped(room.ofBytes), 10)}${bar(bytes, room.ofBytes, paint)}  ${note}`,
  )
  const times = calls.map(
    ({ about, cycles, ms, known }) =>
      `  time   ${labelled(known, `${grouped(cycles)} cycles`)}, ${known === "about" ? "about " : ""}${ms.toPrecision(3)} ms: ${about}`,
  )
  return [
    `${paint("bold", report.name)} on ${board.title}: ${board.chip}, ${board.mhz} MHz${text}`,
    "",
    ...sizes,
    ...times,
    ...(untimed === undefined ? [] : [`         not counted: ${untimed}`]),
    ...(flash.known === "about" ? ["  about: estimated, not compiled"] : []),
    ...(layers.length > 0 ? ["", ...layerLines(layers, flash.bytes)] : []),
    ...(report.left ? [`  it begins there without ${report.left.join(" and ")}`] : []),
    ...misfits.map(({ what, overBytes, hint }) => paint("red", `  ${printSize(overBytes)} too much ${what}: ${hint}`)),
    ...warnings.map((warning) => paint("yellow", `  ${warning}`)),
  ]
}
const labelledCycles = (layers: Report["layers"]): string =>
  labelled(layers.find(({ known }) => known !== undefined)?.known ?? "exact", "cycles")

/** Each step, and beside them what is no step: weights and tables, names, what calls the steps. */
function layerLines(layers: Report["layers"], flashBytes: number): readonly string[] {
  const cell = (value: number | undefined, print: (n: number) => string): string =>
    value === undefined ? "" : print(value)
  const rest = flashBytes - layers.reduce((sum, layer) => sum + (layer.flashBytes ?? 0), 0)
  const rows = [
    ["step", "flash", labelledCycles(layers), "ms"],
    ...[
      ...layers,
      ...(layers.some((layer) => layer.flashBytes !== undefined)
        ? [{ about: "weights and what else is no step", flashBytes: rest, cycles: undefined, ms: undefined }]
        : []),
    ].map(({ about, flashBytes, cycles, ms }) => [
      about.slice(0, 48),
      cell(flashBytes, grouped),
      cell(cycles, grouped),
      cell(ms, (n) => (n >= 0.1 ? n.toFixed(2) : n.toPrecision(2))),
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => widest(rows.map((row) => row[column]!)))
  return rows.map((row) =>
    `  ${row.map((text, i) => (i === 0 ? pad(text, widths[0]!) : text.padStart(widths[i]!))).join("  ")}`.trimEnd(),
  )
}
