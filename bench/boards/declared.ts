/** Part `declared`: what `brain export` says of a module before anything is flashed, against what is so. */
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { missingProgram } from "../../scripts/testing.ts"
import type { Part } from "../shared/part.ts"
import { type Cell, type Measure, number, type Section } from "../shared/report.ts"
import { boardNamed, type Exported, type Report, reportOn, type Target } from "./brain.testing.ts"
import type { Exhibit } from "./exhibit.ts"
import { exhibitsIn, fullTexts, type Hall, isShown } from "./exhibits.ts"
import { cyclesOf, runOn } from "./ran.ts"

const BOARDS = {
  uno: { chip: "atmega328p", target: "atmega328p on simavr" },
  mega: { chip: "atmega2560", target: "atmega2560 on simavr" },
} as const satisfies Readonly<Record<string, { readonly chip: string; readonly target: Target }>>
const [STACK_OVER_MAX, CYCLES_OFF_MAX] = [64, 5]

export interface Call {
  readonly entry: string
  readonly declared: number
  readonly mean: number | undefined
}
interface Row {
  readonly name: string
  readonly board: string
  readonly report: Report
  readonly linked: Size | undefined
  readonly stackBytes: number | undefined
  readonly calls: readonly Call[]
  /** Why it did not run. */
  readonly why?: string
}

export async function measureDeclared(hall: Hall): Promise<Part> {
  const lacks = missingProgram("avr-gcc", "avr-size")
  if (lacks !== undefined) return { measures: [], sections: [sectionOf([], [lacks])], isSame: true }
  const all = await exhibitsIn(hall)
  const rows: Row[] = []
  for (const [board, { chip, target }] of Object.entries(BOARDS))
    for (const exhibit of all.filter(isShown)) {
      const report = await reportOn(exhibit.module, exhibit.sources, boardNamed(board))
      // What is declared is of texts of full length.
      const asked = exhibit.module.kind === "classifier" ? await fullTexts(hall) : exhibit
      const [ran, timed] = [await runOn(exhibit, target), await runOn(asked, target)]
      const mean = (entry: string): number | undefined =>
        "why" in timed ? undefined : cyclesOf(asked, timed.answers, entry)?.mean
      const entries = entriesOf(exhibit.module)
      rows.push({
        ...{ name: exhibit.name, board, report },
        linked: linkedSize(exhibit, chip, join(hall.folder, `${exhibit.name}-${board}`)),
        stackBytes: "why" in ran ? undefined : ran.answers.stackBytes,
        calls: report.calls.map(({ cycles }, i) => ({ entry: entries[i]!, declared: cycles, mean: mean(entries[i]!) })),
        ...("why" in ran ? { why: ran.why } : {}),
      })
    }
  const unrun = rows.flatMap(({ name, board, why }) => (why === undefined ? [] : [`${name}, ${board}: ${why}.`]))
  return { measures: measuresOf(rows), sections: [sectionOf(rows, unrun)], isSame: true }
}

/** What a sketch calls, in the order of the report. */
const entriesOf = (module: Exported): readonly string[] =>
  module.kind === "classifier"
    ? ["ask"]
    : module.kind === "net"
      ? Object.keys(module.ports)
      : ["begin", "learn", "read", "next"]

export interface Size {
  readonly flashBytes: number
  readonly ramBytes: number
}
/**
 * The module in a program of its own that calls each of its functions, by avr-size, less a program that calls nothing: the
 * text that is asked is in both, since it is the sketch's.
 */
export function linkedSize({ module, sources }: Exhibit, chip: string, folder: string): Size | undefined {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(sources.files)) writeFileSync(join(folder, name), text)
  const { name } = module
  const isText = module.kind === "classifier"
  const takes: Readonly<Record<string, string>> = { ask: "text", learn: "' '", read: "'s'" }
  const calls = [...(module.kind === "net" && module.reset !== undefined ? [module.reset] : []), ...entriesOf(module)]
  const callsBy = (call: (entry: string, argument: string) => string): string =>
    calls.map((entry) => call(entry, module.kind === "net" ? "" : (takes[entry] ?? ""))).join(" ")
  const text = isText ? `static char text[${module.textBytes + 1}] = "a question";\n` : ""
  const size = (main: string, own: readonly string[]): Size => {
    writeFileSync(join(folder, "whole.c"), `${main}\n`)
    const flags = ["-Os", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]
    const words = [`-mmcu=${chip}`, "-DF_CPU=16000000UL", "-std=c99", ...flags, "-o", "whole.elf", "whole.c", ...own]
    execFileSync("avr-gcc", words, { cwd: folder })
    const said = execFileSync("avr-size", ["whole.elf"], { cwd: folder, encoding: "utf8" })
    const [code = 0, data = 0, bss = 0] = said.split("\n")[1]!.trim().split(/\s+/).map(Number)
    return { flashBytes: code + data, ramBytes: data + bss }
  }
  const own = Object.keys(sources.files).filter((file) => file.endsWith(".c"))
  try {
    const whole = size(
      `#include "${sources.header}"\n${text}int main(void) { ${callsBy((entry, argument) => `(void)${name}_${entry}(${argument});`)} for (;;) {} }`,
      own,
    )
    const keep = (argument: string): string => (argument === "" ? "" : `__asm__ volatile("" : : "r"(${argument}));`)
    const keeps = callsBy((_, argument) => keep(argument))
    const none = size(`${text}int main(void) { ${keeps} for (;;) {} }`, [])
    return { flashBytes: whole.flashBytes - none.flashBytes, ramBytes: whole.ramBytes - none.ramBytes }
  } catch {
    return undefined // the linker refuses what does not fit, and the report says so itself
  }
}

export const offBy = ({ declared, mean }: Call): number | undefined =>
  mean === undefined ? undefined : (100 * Math.abs(declared - mean)) / mean

function measuresOf(rows: readonly Row[]): readonly Measure[] {
  const linked = rows.flatMap(({ report, linked: size }) => (size ? [{ report, size }] : []))
  const stacks = rows.flatMap(({ report: { ram }, stackBytes }) =>
    stackBytes === undefined || ram.stackBytes === undefined ? [] : [ram.stackBytes - stackBytes],
  )
  const offs = rows.flatMap(({ calls }) => calls.flatMap((call) => offBy(call) ?? []))
  const most = (values: readonly number[]): number | undefined => (values.length > 0 ? Math.max(...values) : undefined)
  return [
    {
      name: "declared flash, bytes off the linker's at most",
      value: most(linked.map(({ report, size }) => Math.abs(report.flash.bytes - size.flashBytes))),
      ...{ unit: "bytes", digits: 0, bars: { is: "at most", must: 0 } },
    },
    {
      name: "declared static RAM, bytes off the linker's at most",
      value: most(linked.map(({ report, size }) => Math.abs(report.ram.bytes - size.ramBytes))),
      ...{ unit: "bytes", digits: 0, bars: { is: "at most", must: 0 } },
    },
    {
      name: "declared stack less the high-water mark, least",
      value: stacks.length > 0 ? Math.min(...stacks) : undefined,
      ...{ unit: "bytes", digits: 0, bars: { is: "at least", must: 0 } },
    },
    {
      name: "declared stack less the high-water mark, most",
      ...{ value: most(stacks), unit: "bytes", digits: 0, bars: { is: "at most", must: STACK_OVER_MAX } },
    },
    {
      name: "declared cycles, off the mean at most",
      ...{ value: most(offs), unit: "%", digits: 2, bars: { is: "at most", must: CYCLES_OFF_MAX } },
    },
  ]
}

const sectionOf = (rows: readonly Row[], notes: readonly string[]): Section => ({
  title: "What is declared",
  notes: [
    "What `brain export` declares of each module, and what is so: flash and static RAM of a separate program that calls each function, by avr-size, less those of a program that calls nothing; the most stack that a call took on simavr; the mean cycles of the calls of each entry, there too. The intent edition is declared for texts of 64 bytes, so its cycles are held against such texts: messages of the test split one after another, cut to pieces of 64 bytes.",
    ...notes,
  ],
  table: {
    heading: [
      ...["module", "board", "flash", "linker's", "static RAM", "linker's", "stack", "seen"],
      ...["call", "cycles", "mean", "off %"],
    ],
    rows: rows.flatMap(({ name, board, report, linked, stackBytes, calls }) => {
      const { flash, ram } = report
      const first: readonly Cell[] = [
        ...[name, board, `${flash.bytes}`, linked?.flashBytes.toFixed(0), `${ram.bytes}`, linked?.ramBytes.toFixed(0)],
        ...[ram.stackBytes?.toFixed(0), stackBytes?.toFixed(0)],
      ]
      const timed = calls.map((call): readonly Cell[] => [
        ...[call.entry, call.declared.toFixed(0), number(call.mean, 0), number(offBy(call), 2)],
      ])
      return (timed.length > 0 ? timed : [[]]).map((cells, i) => [
        ...(i === 0 ? first : [name, board, "", "", "", "", "", ""]),
        ...cells,
      ])
    }),
  },
})
