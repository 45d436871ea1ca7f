import { counted } from "@open-brains/core/base/words.ts"

export { counted }
/** How lines are laid out for a person: a narrow terminal is kept to. */
export const COLUMNS_MAX = Math.max(60, Math.min(100, process.stdout.columns ?? 100))

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}/u
/** Columns that a terminal gives a text, near enough. Source: Unicode, annex 11 (East Asian width). */
export const widthOf = (text: string): number =>
  Array.from(text).reduce((sum, each) => sum + (NO_WIDTH.test(each) ? 0 : WIDE.test(each) ? 2 : 1), 0)
export const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)))
export const widest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)

/** A stranger's text on one line: nothing in it moves the cursor, colours the terminal or turns what follows around. */
export function shorten(text: string, widthMax = 60): string {
  const plain = text
    .slice(0, 4 * widthMax + 200)
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "�")
    .trim()
  if (widthOf(plain) <= widthMax) return plain
  let kept = ""
  let width = 0
  for (const each of plain) {
    width += widthOf(each)
    if (width > widthMax - 1) break
    kept += each
  }
  return `${kept.trimEnd()}…`
}

/** Words over lines of at most `COLUMNS_MAX`, each after the first indented. */
export function wrap(text: string, indent = 0): string {
  const lines: string[] = []
  let line = ""
  for (const word of text.split(" ")) {
    const room = COLUMNS_MAX - indent
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`)
}

export const percent = (share: number | undefined): string =>
  share === undefined || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(1)} %`
export const inBits = (value: number | undefined, decimals = 2): string =>
  value === undefined || Number.isNaN(value) ? "–" : value.toFixed(decimals)
/** How much that is, in a unit that leaves few digits. */
export const inBytes = (bytes: number): string =>
  bytes < 1000
    ? counted(bytes, "byte")
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(1)} KB`
      : `${(bytes / 1e6).toFixed(1)} MB`
