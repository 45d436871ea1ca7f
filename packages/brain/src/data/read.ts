import { readdir, readFile } from "node:fs/promises"
import { basename, dirname, extname } from "node:path"
import { type Problem, refuse, suggest } from "@open-brains/core/base/problem.ts"
import { LIMITS } from "@open-brains/core/module/values.ts"
import { type Example, UNSURE } from "@open-brains/core/train/examples.ts"
import { CsvError, parse } from "csv-parse/sync"
import { counted, shorten } from "../layout.ts"
import { fastTextRows, jsonRows, looksLikeFastText } from "./formats.ts"
import { at, linesOf, type Row } from "./rows.ts"
import { SPLITS, type SplitName } from "./split.ts"

/** An example as a file has it: with the line that it starts on, and its split if the file says one. */
export interface ReadExample extends Example {
  readonly line: number
  readonly split: SplitName | undefined
  readonly lesson?: true
}
/** Names of the columns, or members of a JSON line, that hold text, label and split. */
export interface Columns {
  readonly text: string
  readonly label: string
  readonly split: string
}
export const COLUMNS: Columns = { text: "text", label: "label", split: "split" }
export const BYTES_MAX = 2 ** 28

/**
 * Examples out of a file in UTF-8: CSV, TSV, JSONL, a JSON list of objects, or fastText's `__label__NAME text`; the first
 * line of CSV and TSV names the columns. An empty label, or `unsure`, says that the text fits no label. Errors: OB501 to
 * OB509 and OB518, each with the line.
 */
export async function readExamples(path: string, columns: Columns = COLUMNS): Promise<readonly ReadExample[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => unreadable(path, error))
  if (bytes.length > BYTES_MAX)
    refuse({
      code: "OB501",
      seen: `${path} has ${bytes.length} bytes.`,
      hint: `Split it: ${BYTES_MAX} bytes are the limit.`,
    })
  return parseExamples(path, decoded(path, bytes), columns)
}

/** The same, of a text that has been read: the ending of `path` says what it is. */
export function parseExamples(path: string, text: string, columns: Columns = COLUMNS): readonly ReadExample[] {
  if (text.trim() === "")
    refuse({
      code: "OB502",
      seen: `${path} is empty.`,
      hint: `Give it a line \`${columns.text},${columns.label}\` and one line an example.`,
    })
  return examplesFrom(path, rowsOf(path, text, columns), columns)
}

function rowsOf(path: string, text: string, columns: Columns): readonly Row[] {
  if (isFastText(path, text)) return fastTextRows(path, text, columns)
  if (!isJsonLines(path)) return separated(path, text, columns)
  return isList(path, text) ? jsonRows(path, text) : jsonLines(path, text)
}
/** By its ending, or a `.txt` by how it begins: a CSV does not begin with a label. */
const isFastText = (path: string, text: string): boolean =>
  /\.ft$/i.test(path) || (/\.txt$/i.test(path) && looksLikeFastText(text))
const isList = (path: string, text: string): boolean => /\.json$/i.test(path) && text.trimStart().startsWith("[")

/** Rows as examples. Errors: OB502 when there are none, OB505, OB508 and OB509, at most five. */
export function examplesFrom(path: string, rows: readonly Row[], columns: Columns): readonly ReadExample[] {
  const problems: Problem[] = []
  const examples = rows.flatMap((row) => {
    const found = exampleOf(path, row, columns)
    if ("code" in found) problems.push(found)
    return "code" in found ? [] : [found]
  })
  if (problems.length > 0) refuse(...problems.slice(0, PROBLEMS_SHOWN), ...more(path, problems.length - PROBLEMS_SHOWN))
  if (examples.length === 0)
    refuse({
      code: "OB502",
      seen: `${path} has a heading and no examples.`,
      hint: "Write one example a line below it.",
    })
  return examples
}

const PROBLEMS_SHOWN = 5
const more = (path: string, count: number): readonly Problem[] =>
  count > 0
    ? [
        {
          code: "OB508",
          seen: `${path} has ${counted(count, "more line", "more lines")} like these.`,
          hint: "Mend those above first, then run it again.",
        },
      ]
    : []
const isJsonLines = (path: string): boolean => [".jsonl", ".ndjson", ".json"].includes(extname(path).toLowerCase())

async function unreadable(path: string, { code }: NodeJS.ErrnoException): Promise<never> {
  if (code !== "ENOENT")
    return refuse({ code: "OB501", seen: `${path} cannot be read (${code}).`, hint: "Name a file that you may read." })
  const beside = await readdir(dirname(path)).catch(() => undefined)
  const hint = beside
    ? suggest(basename(path), beside.filter(holdsExamples))
    : `There is no folder ${dirname(path)} either: check the path.`
  return refuse({ code: "OB501", seen: `There is no file ${path}.`, hint })
}
/** By its ending, a file that examples are likely to be in. */
export const holdsExamples = (name: string): boolean => /\.(?:csv|tsv|jsonl|ndjson|json|txt|ft)$/i.test(name)

/** Errors: OB503, with the line. */
export function decoded(path: string, bytes: Uint8Array): string {
  const hasMark = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  const looksLikeUtf16 = hasMark || (bytes[0] === 0) !== (bytes[1] === 0)
  const zero = bytes.indexOf(0)
  try {
    // The mark says what it is: spreadsheets write it as “Unicode text”.
    if (hasMark) return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be", { fatal: true }).decode(bytes)
    if (zero < 0) return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    // Falls through to the message: where the first byte lies that is no UTF-8 is found by decoding line by line.
  }
  let line = 1
  let start = 0
  for (let i = 0; !looksLikeUtf16 && i <= bytes.length; i++) {
    if (i < bytes.length && bytes[i] !== 10) continue
    if (zero >= start && zero < i) break
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, i))
    } catch {
      break
    }
    line++
    start = i + 1
  }
  const seen = looksLikeUtf16
    ? `${path} is in UTF-16, ${hasMark ? "and damaged" : "without the mark at its beginning that says so"}.`
    : `${at(path, line)} ${zero < 0 ? "is not UTF-8" : "holds a NUL byte, which no text has"}.`
  return refuse({
    code: "OB503",
    seen,
    hint: "Save the file as UTF-8: in a spreadsheet, choose “CSV UTF-8” when you export it.",
  })
}

export function jsonLines(path: string, text: string): readonly Row[] {
  return linesOf(text).map(({ line, source }): Row => {
    try {
      const values: unknown = JSON.parse(source)
      if (typeof values === "object" && values !== null && !Array.isArray(values))
        return { line, values: values as Row["values"] }
    } catch {
      // Reported below, with what is on the line.
    }
    return refuse({
      code: "OB504",
      seen: `${at(path, line)} is no JSON object: ${shorten(source)}`,
      hint: `Write one object a line, such as {"text": "where is my parcel", "label": "parcel_status"}.`,
    })
  })
}

function delimiterOf(path: string, text: string): "," | "\t" {
  const firstLine = text.trimStart().split("\n", 1)[0]!
  return extname(path).toLowerCase() === ".tsv" || (firstLine.includes("\t") && !firstLine.includes(",")) ? "\t" : ","
}

/** Rows of CSV or TSV. Without a heading columns are called by their places, from "1". Errors: OB505, OB506, OB507. */
export function separated(
  path: string,
  text: string,
  columns: Columns,
  delimiter = delimiterOf(path, text),
  hasHeading = true,
): readonly Row[] {
  const bytes = Buffer.from(text)
  const rows: Row[] = []
  const lines = lineCounter(bytes)
  let end = 0 // of the last record that was read whole
  try {
    parse(bytes, {
      columns(names: string[]) {
        const heading = bytes.indexOf(10, startAfter(bytes, 0))
        end = heading < 0 ? bytes.length : heading
        if (hasHeading) return headingOf(path, names, columns)
        rows.push({ line: 1, values: byPlace(names) })
        return names.map((_, i) => `${i + 1}`)
      },
      delimiter,
      skip_empty_lines: true,
      quote: delimiter === "\t" ? null : '"',
      on_record(values: Record<string, string>, info) {
        rows.push({ line: lines(startAfter(bytes, end)), values })
        end = info.bytes
        return null
      },
    })
    return rows
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return refuse(brokenLine(path, error, lines(startAfter(bytes, end))))
  }
}
const byPlace = (values: readonly string[]): Row["values"] =>
  Object.fromEntries(values.map((value, i) => [`${i + 1}`, value]))
/** A person looks for the line that a record starts on; csv-parse counts to its end, and breaks within it twice. */
function startAfter(bytes: Uint8Array, end: number): number {
  let at = end
  while (bytes[at] === 10 || bytes[at] === 13) at++
  return at
}
/** The line of a place in the text, from 1; each place lies behind the one before. */
function lineCounter(bytes: Uint8Array): (place: number) => number {
  let [at, line] = [0, 1]
  return (place) => {
    for (; at < place; at++) if (bytes[at] === 10) line++
    return line
  }
}

function headingOf(path: string, names: readonly string[], columns: Columns): string[] {
  const trimmed = names.map((name) => name.trim())
  const missing = [columns.text, columns.label].filter((name) => !trimmed.includes(name))
  if (missing.length > 0)
    refuse(
      ...missing.map(
        (name): Problem => ({
          code: "OB505",
          seen: `${basename(path)} has no column \`${name}\`: its first line is \`${shorten(names.join(","), 100)}\`.`,
          hint: `${suggest(name, trimmed)} Name it on the first line, or say which column it is: --${name === columns.text ? "text" : "label"} NAME.`,
        }),
      ),
    )
  return trimmed
}

function brokenLine(path: string, { code, message }: CsvError, line: number): Problem {
  if (code === "CSV_QUOTE_NOT_CLOSED")
    return {
      code: "OB506",
      seen: `${at(path, line)}: a quotation mark is opened and never closed.`,
      hint: 'Close it, or write each " inside a quoted text twice: "he said ""no""".',
    }
  if (code === "INVALID_OPENING_QUOTE" || code === "CSV_INVALID_CLOSING_QUOTE")
    return {
      code: "OB506",
      seen: `${at(path, line)}: a quotation mark in the wrong place.`,
      hint: 'Put the whole text in quotation marks and write each " inside it twice: "he said ""no""".',
    }
  if (code === "CSV_RECORD_INCONSISTENT_COLUMNS" || code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH")
    return {
      code: "OB507",
      seen: `${at(path, line)} has another number of columns than the first line.`,
      hint: 'Put a text with a comma in quotation marks: "yes, please",label.',
    }
  return { code: "OB507", seen: `${at(path, line)}: ${message}`, hint: "Export the file again as CSV." }
}

function exampleOf(path: string, { line, values, unit }: Row, columns: Columns): ReadExample | Problem {
  const [text, label, split] = [values[columns.text], values[columns.label], values[columns.split]]
  const missing = (name: string, value: unknown): Problem => ({
    code: "OB505",
    seen:
      value === undefined || typeof value === "string"
        ? `${at(path, line, unit)} has ${value === undefined ? "no" : "an empty"} \`${name}\`.`
        : `${at(path, line, unit)} has no text as its \`${name}\`: ${shorten(JSON.stringify(value))}`,
    hint: `Give each example a \`${name}\`, as text.${value === undefined ? ` ${shorten(suggest(name, Object.keys(values)), 200)}` : ""}`,
  })
  if (typeof text !== "string" || text.trim() === "") return missing(columns.text, text)
  if (label !== null && typeof label !== "string") return missing(columns.label, label)
  const named = SPLITS.find((name) => name === split)
  if (split !== undefined && split !== null && split !== "" && named === undefined)
    return {
      code: "OB508",
      seen: `${at(path, line, unit)} has the split \`${shorten(String(split))}\`.`,
      hint: suggest(String(split), SPLITS),
    }
  const name = label?.trim() ?? ""
  if (name.length > LIMITS.label || /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(name))
    return {
      code: "OB509",
      seen: `${at(path, line, unit)} has a label that ${name.length > LIMITS.label ? `is ${name.length} characters long` : "holds a line break or another control character"}: ${shorten(name)}`,
      hint: `A label is one line of at most ${LIMITS.label} characters. Is \`${columns.label}\` the right column?`,
    }
  const lesson = values["lesson"] === true ? { lesson: true as const } : {}
  return { text, label: name === "" || name === UNSURE ? undefined : name, line, split: named, ...lesson }
}
