import { refuse } from "@open-brains/core/base/problem.ts"
import type { DataSetManifest, Encoding, Reading } from "@open-brains/core/module/manifest.ts"
import { fastTextRows, jsonRows, labelledRows, pairedRows } from "./formats.ts"
import { COLUMNS, type Columns, decoded, examplesFrom, jsonLines, separated } from "./read.ts"
import type { Row } from "./rows.ts"
import type { OpenExample } from "./split.ts"

/**
 * The examples of a data set out of its files, in the order of its readings, with the labels and splits that its manifest
 * gives them. Errors: OB502 to OB509, OB518, OB519 when a file is not what the manifest says, with the place in it.
 */
export function examplesOf(
  { readings, renamed, none, name: set }: DataSetManifest,
  bytesOf: (file: string) => Uint8Array,
): readonly OpenExample[] {
  const names = new Map(renamed)
  return readings.flatMap((reading) => {
    const path = `${set}/${reading.file}`
    const text = decode(path, withoutLines(bytesOf(reading.file), reading.without), reading.encoding)
    const columns = columnsOf(reading)
    const rows = rowsOf(path, text, reading, columns, () =>
      decode(`${set}/${reading.labels}`, bytesOf(reading.labels!), reading.encoding),
    )
    if (rows.length === 0)
      refuse({
        code: "OB502",
        seen: `${path} holds no examples.`,
        hint: "Correct the reading in the data set's manifest.",
      })
    return examplesFrom(path, rows, columns).map(({ text, label, split }): OpenExample => {
      const named = label === undefined || label === none ? undefined : (names.get(label) ?? label)
      return { text, label: named, split: reading.split ?? split }
    })
  })
}

const decode = (path: string, bytes: Uint8Array, encoding: Encoding = "utf8"): string =>
  encoding === "latin1" ? Buffer.from(bytes).toString("latin1") : decoded(path, bytes)

/** Damaged lines are emptied: those that follow keep their numbers. */
function withoutLines(bytes: Uint8Array, without: Reading["without"] = []): Uint8Array {
  if (without.length === 0) return bytes
  let line = 1
  return bytes.filter((byte) => {
    const isKept = byte === 10 || !without.some(([from, to]) => line >= from && line <= to)
    if (byte === 10) line++
    return isKept
  })
}

/** Columns that are found by their place are called by it. */
const columnsOf = ({ text = COLUMNS.text, label = COLUMNS.label }: Reading): Columns => ({
  ...COLUMNS,
  text: `${text}`,
  label: `${label}`,
})

function rowsOf(path: string, text: string, reading: Reading, columns: Columns, labels: () => string): readonly Row[] {
  const hasHeading = typeof reading.text !== "number"
  switch (reading.reader) {
    case "csv":
      return separated(path, text, columns, ",", hasHeading)
    case "tsv":
      return separated(path, text, columns, "\t", hasHeading)
    case "json":
      return jsonRows(path, text, reading.member)
    case "jsonl":
      return jsonLines(path, text)
    case "fasttext":
      return fastTextRows(path, text, columns)
    case "labelled":
      return labelledRows(text)
    case "lines":
      return pairedRows(path, text, reading.labels!, labels())
    default:
      return reading.reader satisfies never
  }
}
