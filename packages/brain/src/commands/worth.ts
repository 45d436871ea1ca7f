import { refuse } from "@open-brains/core/base/problem.ts"
import { inTurns } from "../in_turns.ts"
import { COLUMNS_MAX, inBytes, pad, shorten, widest } from "../layout.ts"
import { type Bars, barOf, barsSvg, mostOf } from "../plot/bars.ts"
import { findScribe, NONE } from "../scribe/find.ts"
import { firstBytesOf } from "../scribe/read_file.ts"
import { type Worth, worthOf } from "../scribe/worth.ts"
import type { ExitCode, Services } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { openTold, type ScribeArguments } from "./scribes.ts"

export interface WorthArguments extends ScribeArguments {
  readonly on: string
  readonly bytes: number
  readonly svg?: string
}

/** `brain worth SCRIBE --on FILE`: what each of its experts brings, and what it costs; of modules with labels, what each of those does. */
export async function worth(paths: readonly string[], options: WorthArguments, services: Services): Promise<ExitCode> {
  const [path = NONE] = paths
  if (paths.length > 1 || (path !== NONE && !(await findScribe(path))))
    return (await import("./worth_labels.ts")).worthLabels(paths, options, services)
  const { on, bytes, svg, json = false } = options
  if (svg !== undefined) await refuseUnwritable(svg)
  const text = await firstBytesOf(on, bytes)
  if (text.length === 0)
    refuse({ code: "OB817", seen: `${on} is empty: nothing can be told from it.`, hint: "Name a file with some text." })
  const scribe = await openTold(path, options, services)
  const found = await inTurns(worthOf(scribe.predictor, text), ({ done, of, doing }) =>
    services.progress(`${Math.floor((100 * done) / of)} %, ${doing}`),
  )
  services.progress(undefined)
  const bars = barsOf(found, on)
  if (svg !== undefined) await writeFileWhole(svg, barsSvg(bars))
  if (json) services.print(JSON.stringify({ on, ...found }))
  else for (const line of describe(found, on, bars, services)) services.print(line)
  if (svg !== undefined && !json) services.print(`\nThe bars: ${svg}`)
  return 0
}

const barsOf = ({ experts, bits, bytes }: Worth, on: string): Bars => ({
  title: `What each expert is worth on ${shorten(on)}`,
  label: "bits a byte that it saves, all others being there",
  rows: experts.map(({ name, bitsWithout }) => ({ name, value: (bitsWithout - bits) / bytes })),
  print: (value) => value.toFixed(4),
})

function describe(found: Worth, on: string, bars: Bars, { paint }: Services): readonly string[] {
  const { bits, bytes, microseconds, memoryBytes, experts } = found
  const per = (value: number): string => (value / bytes).toFixed(3)
  const order = experts.map((_, e) => e).sort((a, b) => bars.rows[b]!.value - bars.rows[a]!.value)
  const heading = ["expert", "saves", "without", "alone", "µs a byte", "memory"]
  const rows = order.map((e) => {
    const { name, bitsWithout, bitsAlone, microseconds, memoryBytes } = experts[e]!
    const numbers = [bars.print(bars.rows[e]!.value), per(bitsWithout), per(bitsAlone), microseconds.toFixed(2)]
    return [shorten(name, 16), ...numbers, inBytes(memoryBytes)]
  })
  const widths = heading.map((cell, column) => widest([cell, ...rows.map((row) => row[column]!)]))
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? pad(cell, widths[0]!) : cell.padStart(widths[column]!))).join("  ")
  const room = Math.max(8, COLUMNS_MAX - widths.reduce((sum, width) => sum + width + 2, 0))
  const most = mostOf(bars.rows)
  return [
    `All together: ${paint("bold", `${per(bits)} bits a byte`)} on ${inBytes(bytes)} of ${shorten(on)}, ${microseconds.toFixed(2)} µs a byte, ${inBytes(memoryBytes)} of memory.`,
    "",
    paint("dim", lineOf(heading)),
    ...rows.map((row, i) =>
      `${lineOf(row)}  ${paint("cyan", barOf(bars.rows[order[i]!]!.value, most, room))}`.trimEnd(),
    ),
    "",
    paint("dim", "saves: bits a byte that it saves, all others being there; alone: what it would need by itself."),
  ]
}
