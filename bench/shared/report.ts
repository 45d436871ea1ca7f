/** What every bench prints: tables for a person, figures with their bars for a program. */
import { cpus, totalmem } from "node:os"

/** One thing that was measured; `undefined` says that it could not be. */
export interface Measure {
  readonly name: string
  readonly value: number | undefined
  readonly unit: string
  readonly digits: number
  /** Which side of a bar is good. Without a bar the measure is for information. */
  readonly bars?: { readonly is: "at least" | "at most"; readonly must?: number; readonly aim?: number }
  /** What a peer or a limit gave in the same run. */
  readonly peer?: { readonly name: string; readonly value: number | undefined }
}

/** A measure beside one of its bars, as `--json` prints it. */
export interface Figure {
  readonly name: string
  readonly value: number | null
  readonly unit: string
  readonly kind: "must" | "aim" | "info"
  readonly bar: number | null
  readonly holds: boolean | null
  readonly peer: string | null
  readonly peer_value: number | null
}

export function figuresOf(measures: readonly Measure[]): readonly Figure[] {
  return measures.flatMap(({ name, value, unit, bars, peer }) => {
    const rest = { peer: peer?.name ?? null, peer_value: peer?.value ?? null }
    const figure = (kind: Figure["kind"], bar: number | null, holds: boolean | null): Figure => ({
      name,
      value: value ?? null,
      unit,
      kind,
      bar,
      holds,
      ...rest,
    })
    const kinds = (["must", "aim"] as const).filter((kind) => bars?.[kind] !== undefined)
    if (kinds.length === 0) return [figure("info", null, null)]
    return kinds.map((kind) => figure(kind, bars![kind]!, reaches(value, bars!.is, bars![kind]!)))
  })
}

const reaches = (value: number | undefined, is: "at least" | "at most", bar: number): boolean | null =>
  value === undefined ? null : is === "at least" ? value >= bar : value <= bar

/** Where figures come from, without a word about whose machine it is. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly platform: string
  readonly node: string
}
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1e9),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
})
export const describeMachine = ({ cpu, cores, memoryGb, platform, node }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGb} GB, ${platform}, Node ${node}`

/** A part of a report: what was done, and what came out. */
export interface Section {
  readonly title: string
  readonly notes: readonly string[]
  readonly table: Table
}
export interface Table {
  readonly heading: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}
/** Nothing stands where there was nothing to measure. */
export type Cell = string | undefined

export const number = (value: number | undefined, digits: number): Cell =>
  value === undefined || Number.isNaN(value) ? undefined : value.toFixed(digits)

/** Markdown that reads as well on a terminal: columns as wide as their widest cell, numbers to the right. */
export function printTable({ heading, rows }: Table): string {
  const cells = rows.map((row) => heading.map((_, column) => row[column] ?? "–"))
  const isNumeric = heading.map((_, column) => cells.every((row) => /^([<>]?[\d.,-]+%?|–|)$/.test(row[column]!)))
  const widths = heading.map((name, column) => Math.max(3, name.length, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => (isNumeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join(" | ")} |`
  const rule = `| ${widths.map((width, c) => (isNumeric[c] ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`
  return [line(heading), rule, ...cells.map(line)].join("\n")
}

/** All measures with their bars and whether each holds. */
export function barsTable(measures: readonly Measure[]): Table {
  const bar = ({ value, bars }: Measure, kind: "must" | "aim"): Cell => {
    const limit = bars?.[kind]
    if (bars === undefined || limit === undefined) return ""
    const holds = reaches(value, bars.is, limit)
    return `${bars.is === "at least" ? "≥" : "≤"} ${limit} ${holds === null ? "unknown" : holds ? "holds" : "FAILS"}`
  }
  return {
    heading: ["figure", "value", "unit", "must", "aim", "peer", "peer's value"],
    rows: measures.map((measure) => [
      measure.name,
      number(measure.value, measure.digits),
      measure.unit,
      bar(measure, "must"),
      bar(measure, "aim"),
      measure.peer?.name ?? "",
      measure.peer === undefined ? "" : number(measure.peer.value, measure.digits),
    ]),
  }
}

export const printSections = (sections: readonly Section[]): string =>
  sections
    .map(({ title, notes, table }) => [`## ${title}`, ...notes, printTable(table)].join("\n\n"))
    .join("\n\n")
    .concat("\n")

/** Progress, for a person who waits: never on stdout, which is for results. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** The value below which a share of the values lies; the median is that of 0.5. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
  return low + (high - low) * (place - Math.floor(place))
}
export const median = (values: readonly number[]): number => quantile(values, 0.5)
export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Wall-clock milliseconds of each of `runs` calls, after one that is not counted. */
export function timings(runs: number, work: () => void): readonly number[] {
  work()
  return Array.from({ length: runs }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
}
