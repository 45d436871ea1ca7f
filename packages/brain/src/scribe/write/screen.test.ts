import { expect, test } from "vitest"
import { type EditorState, newEditor } from "./editor.ts"
import { screenOf } from "./screen.ts"

/** What a terminal shows after it was sent that: its rows, and the cursor's place. */
function rowsOf(sent: string): { readonly rows: readonly string[]; readonly cursor: string } {
  const [, row, column] = /\[(\d+);(\d+)H.\[\?25h$/.exec(sent)!
  const rows = sent
    .slice("\u001b[?25l\u001b[H".length, sent.lastIndexOf("\u001b[K"))
    .split("\r\n")
    .map((each) => each.replaceAll("\u001b[K", ""))
  return { rows, cursor: `${row},${column}` }
}
const paint = (colour: string, text: string): string => (colour === "dim" ? `<${text}>` : text)
const draw = (state: EditorState, columns = 12, rows = 4) => rowsOf(screenOf(state, "a.txt", { columns, rows }, paint))

test("text, ghost and cursor", () => {
  const { rows, cursor } = draw({ ...newEditor("one\ntwo", undefined), ghost: " x" })
  expect([rows.slice(0, 3), cursor]).toEqual([["one", "two< ><x>", ""], "2,4"])
  expect(rows).toHaveLength(4)
})
test("lines are folded at the edge, wide letters whole", () => {
  expect(draw(newEditor("0123456789abcd", undefined)).rows.slice(0, 2)).toEqual(["0123456789ab", "cd"])
  expect(draw(newEditor("0123456789a猫", undefined)).rows.slice(0, 2)).toEqual(["0123456789a", "猫"])
  expect(draw(newEditor("0123456789ab", undefined)).cursor).toBe("2,1")
})
test("of a long text what stands around the cursor is shown", () => {
  const text = Array.from({ length: 50 }, (_, i) => `line ${i}`).join("\n")
  expect(draw(newEditor(text, undefined)).rows.slice(0, 3)).toEqual(["line 47", "line 48", "line 49"])
  expect(draw({ ...newEditor(text, undefined), cursor: 0 })).toMatchObject({ cursor: "1,1" })
  expect(draw({ ...newEditor(text, undefined), cursor: 0 }).rows.slice(0, 3)).toEqual(["line 0", "line 1", "line 2"])
})
test("nothing in a text moves the cursor, and the last row says what is to be said", () => {
  const { rows } = draw(newEditor("a\u001b[2Jb\r\u202e\tc", undefined), 40)
  expect(rows[0]).toBe("a�[2Jb�    c")
  expect(draw({ ...newEditor("a", ""), said: "Saved." }, 40).rows[3]).toBe("Saved.")
  expect(draw(newEditor("a", ""), 80).rows[3]).toContain("a.txt, not saved")
})
