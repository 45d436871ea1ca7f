import { shorten, widthOf } from "../../layout.ts"
import type { Paint } from "../../services.ts"
import { type EditorState, isUnsaved } from "./editor.ts"

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}
/** Letters of a row as the terminal shows them; a tab is four spaces, and what would move the cursor a sign for it. */
const shownAs = (letter: string): string =>
  letter === "\t"
    ? "    "
    : letter === "\r"
      ? ""
      : letter.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "�")

/** What a terminal is sent to show a text, its ghost and a line about it, with the cursor where it is. */
export function screenOf(state: EditorState, name: string, { columns, rows }: ScreenSize, paint: Paint): string {
  const { text, cursor, ghost } = state
  const width = Math.max(1, columns)
  const room = Math.max(1, rows - 1)
  // Far above what fits nothing is laid out: a keystroke takes the same time in a long text.
  const from = startOf(text, cursor, room)
  const lines: string[] = [""]
  let column = 0
  const put = (letters: Iterable<string>, colour: (text: string) => string): void => {
    for (const letter of letters) {
      if (letter === "\n") {
        lines.push("")
        column = 0
        continue
      }
      const shown = shownAs(letter)
      const own = widthOf(shown)
      if (column + own > width) {
        lines.push("")
        column = 0
      }
      lines[lines.length - 1] += colour(shown)
      column += own
    }
  }
  const plain = (shown: string): string => shown
  put(text.slice(from, cursor), plain)
  if (column === width) [column, lines[lines.length]] = [0, ""]
  const place = { row: lines.length - 1, column }
  put(ghost, (shown) => paint("dim", shown))
  put(text.slice(cursor, cursor + width * room), plain)
  const top = Math.max(0, place.row - room + 1)
  const seen = lines.slice(top, top + room)
  const about =
    state.said ||
    `${name}${isUnsaved(state) ? ", not saved" : ""} · Tab takes a word, → all · Ctrl-S saves · Ctrl-C leaves`
  return [
    "\u001b[?25l\u001b[H", // no cursor while it is drawn, from the top
    ...Array.from({ length: room }, (_, i) => `${seen[i] ?? ""}\u001b[K\r\n`),
    `${paint("cyan", shorten(about, Math.max(8, width - 1)))}\u001b[K`,
    `\u001b[${place.row - top + 1};${place.column + 1}H\u001b[?25h`,
  ].join("")
}

/** A line start so many lines above a place. */
function startOf(text: string, at: number, lines: number): number {
  let from = at
  for (let i = 0; i <= lines && from > 0; i++) from = text.lastIndexOf("\n", from - 1)
  return from <= 0 ? 0 : from + 1
}
