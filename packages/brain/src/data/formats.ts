/** Ways to write examples down that need no heading. Each gives rows with `text` and `label`, or what the caller names. */
import { type Problem, refuse, suggest } from "@open-brains/core/base/problem.ts"
import { counted, shorten } from "../layout.ts"
import { at, linesOf, type Row } from "./rows.ts"

const MARK = "__label__"
export const looksLikeFastText = (text: string): boolean => text.trimStart().startsWith(MARK)

/**
 * `__label__NAME text`, an example a line. Source: fastText, docs/supervised-tutorial.md. Errors: OB518 for a line of
 * another form.
 */
export function fastTextRows(path: string, text: string, names: { readonly text: string; readonly label: string }) {
  const problems: Problem[] = []
  const rows = linesOf(text).flatMap(({ line, source }): Row[] => {
    const words = source.trim().split(/\s+/)
    const labels = words.findIndex((word) => !word.startsWith(MARK))
    if (labels === 1 && words[0] !== MARK)
      return [
        {
          line,
          values: { [names.label]: words[0]!.slice(MARK.length), [names.text]: restAfter(source.trim(), words[0]!) },
        },
      ]
    const seen =
      labels === 0
        ? "begins with no label"
        : labels === 1
          ? "has an empty label"
          : labels < 0
            ? "has no text"
            : `has ${labels} labels, and one is learnt`
    problems.push({
      code: "OB518",
      seen: `${at(path, line)} ${seen}: ${shorten(source)}`,
      hint: `Write a line for each example, of one label and its text: ${MARK}parcel where is it.`,
    })
    return []
  })
  if (problems.length > 0) refuse(...problems.slice(0, PROBLEMS_SHOWN))
  return rows
}
const PROBLEMS_SHOWN = 5
const restAfter = (source: string, word: string): string => source.slice(word.length).trim()

/** A label, a space and the text, an example a line. */
export const labelledRows = (text: string): readonly Row[] =>
  linesOf(text).map(({ line, source }) => {
    const [label] = source.trimStart().split(/\s/, 1)
    return { line, values: { label, text: restAfter(source.trimStart(), label!) } }
  })

/** Texts in one file and their labels in another, line by line. Errors: OB519 when one has more lines. */
export function pairedRows(path: string, text: string, labelsPath: string, labels: string): readonly Row[] {
  const [texts, names] = [text, labels].map((all) => all.replace(/\r?\n$/, "").split(/\r?\n/)) as [string[], string[]]
  if (texts.length !== names.length)
    refuse({
      code: "OB519",
      seen: `${path} has ${counted(texts.length, "line")} and ${labelsPath} ${names.length}.`,
      hint: "The n-th line of one goes with the n-th of the other: name two files that belong together.",
    })
  return texts.map((each, i) => ({ line: i + 1, values: { text: each, label: names[i] } }))
}

/**
 * A list in JSON, of objects or of lists, whole or as a member of an object; a list's places are called "1", "2", …
 * Errors: OB504.
 */
export function jsonRows(path: string, text: string, member?: string): readonly Row[] {
  const whole = parsed(path, text)
  const list =
    member === undefined ? whole : isObject(whole) && Object.hasOwn(whole, member) ? whole[member] : undefined
  if (!Array.isArray(list)) return noList(path, whole, member)
  return list.map((each: unknown, i): Row => {
    if (Array.isArray(each)) {
      const values = Object.fromEntries(each.map((value, place) => [`${place + 1}`, value]))
      return { line: i + 1, unit: "item", values }
    }
    if (isObject(each)) return { line: i + 1, unit: "item", values: each }
    return refuse({
      code: "OB504",
      seen: `${at(path, i + 1, "item")} is no JSON object: ${shorten(JSON.stringify(each))}`,
      hint: 'Write a list of objects, such as [{"text": "where is my parcel", "label": "parcel_status"}].',
    })
  })
}
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return refuse({
      code: "OB504",
      seen: `${path} is no JSON: ${(error as Error).message}.`,
      hint: "Write it anew, whole; or one object a line, in a file that ends in .jsonl.",
    })
  }
}

function noList(path: string, whole: unknown, member: string | undefined): never {
  const members = isObject(whole) ? Object.keys(whole) : []
  return refuse({
    code: "OB504",
    seen: member === undefined ? `${path} is no list of objects.` : `${path} has no list \`${shorten(member)}\`.`,
    hint:
      members.length > 0
        ? shorten(`Its members: ${member === undefined ? members.join(", ") : suggest(member, members)}`, 200)
        : 'Write a list of objects, such as [{"text": "where is my parcel", "label": "parcel_status"}].',
  })
}
