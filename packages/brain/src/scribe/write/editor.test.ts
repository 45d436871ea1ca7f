import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Action, type EditorState, isAtLineEnd, newEditor, press } from "./editor.ts"
import { type Key, keysIn } from "./keys.ts"

const begin = (text = "", saved?: string): EditorState => newEditor(text, saved)
/** The state after keys as a terminal sends them, and what was to be done. */
function typed(state: EditorState, sent: string): { readonly state: EditorState; readonly actions: readonly Action[] } {
  const actions: Action[] = []
  let now = state
  for (const key of keysIn(sent).keys) {
    const edited = press(now, key)
    now = edited.state
    actions.push(...edited.actions)
  }
  return { state: now, actions }
}
/** The text with | for the cursor. */
const shown = ({ text, cursor }: EditorState): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`
const [UP, DOWN, RIGHT, LEFT, DELETE] = ["\u001b[A", "\u001b[B", "\u001b[C", "\u001b[D", "\u001b[3~"]
const [SAVE, LEAVE, HOME, END] = ["\u0013", "\u0003", "\u0001", "\u0005"]

describe("editing", () => {
  it.each([
    ["writes and moves", "abc", `${LEFT}${LEFT}x${RIGHT}y`, "axby|c"],
    ["takes letters away on both sides", "abcd", `${LEFT}\u007f${LEFT}${DELETE}`, "a|d"],
    ["takes nothing away at the ends", "a", `${DELETE}${HOME}\u007f`, "|a"],
    ["joins lines", "ab\ncd", `${HOME}\u007f`, "ab|cd"],
    ["goes up in its column, as far as lines reach", "abc\nd\nefg", `${UP}${UP}x`, "ax|bc\nd\nefg"],
    ["goes to the ends of a line", "ab\ncd", `${UP}${HOME}x${END}y`, "xaby|\ncd"],
    ["goes to the ends of the text", "ab\ncd", `${UP}${UP}x${DOWN}${DOWN}y`, "xab\ncdy|"],
    ["moves by letters as they are seen", "a👩‍👩‍👧é", `${LEFT}${LEFT}x`, "ax|👩‍👩‍👧é"],
    ["takes away a letter as it is seen", "a👩‍👩‍👧", "\u007f", "a|"],
    ["pastes lines", "", "\u001b[200~a\r\nb\u001b[201~", "a\nb|"],
  ])("%s", (_, text, sent, expected) => {
    expect(shown(typed(begin(text), sent).state)).toBe(expected)
  })
  it("learns a line when it is ended, and no empty one", () => {
    const { actions, state } = typed(begin(), "one\r\r  \rtwo")
    expect(actions).toEqual([{ kind: "learn", line: "one\n" }])
    expect(shown(state)).toBe("one\n\n  \ntwo|")
  })
  it("never stands outside of its text or within a letter, whatever is pressed", () => {
    const key: fc.Arbitrary<Key> = fc.oneof(
      fc.constantFrom<Key>(
        ...(["enter", "tab", "backspace", "delete", "save", "left", "right", "up", "down", "home", "end"] as const).map(
          (kind) => ({ kind }),
        ),
      ),
      fc.record({ kind: fc.constant("text" as const), text: fc.constantFrom("a", "猫", "👩‍👩‍👧", "e\u0301", "😀") }),
    )
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), (keys) => {
        let state = begin("start\n")
        for (const each of keys) {
          state = press({ ...state, ghost: isAtLineEnd(state) ? " on we go" : "" }, each).state
          expect(state.cursor).toBeGreaterThanOrEqual(0)
          expect(state.cursor).toBeLessThanOrEqual(state.text.length)
          expect(state.text.isWellFormed()).toBe(true)
          expect(state.text.slice(0, state.cursor).isWellFormed()).toBe(true)
        }
      }),
      { seed: 1 },
    )
  })
})

describe("a ghost", () => {
  const ghostly = (text: string, ghost: string, cursor = text.length): EditorState => ({
    ...begin(text),
    ghost,
    cursor,
  })
  it("is taken word by word, or at once", () => {
    const one = typed(ghostly("The cat", " sat on the mat"), "\t").state
    expect([shown(one), one.ghost]).toEqual(["The cat sat|", " on the mat"])
    const two = typed(one, "\t").state
    expect([shown(two), two.ghost]).toEqual(["The cat sat on|", " the mat"])
    for (const all of [RIGHT, END]) expect(shown(typed(two, all).state)).toBe("The cat sat on the mat|")
  })
  it("is gone after any other key, and Tab without one does nothing", () => {
    expect(typed(ghostly("ab", "cd"), LEFT).state).toMatchObject({ ghost: "", text: "ab" })
    expect(typed(ghostly("ab", "cd"), "x").state).toMatchObject({ ghost: "", text: "abx" })
    expect(shown(typed(begin("ab"), "\t").state)).toBe("ab|")
  })
  it("is not taken within a line", () => {
    expect(shown(typed(ghostly("ab", "zz", 1), RIGHT).state)).toBe("ab|")
  })
})

describe("leaving", () => {
  it("asks once for what is not saved, and forgets that after another key", () => {
    const first = typed(begin("a", ""), LEAVE)
    expect([first.actions, first.state.isAsked]).toEqual([[], true])
    expect(typed(first.state, LEAVE).actions).toEqual([{ kind: "leave" }])
    expect(typed(first.state, `x${LEAVE}`).actions).toEqual([])
    expect(typed(begin("a", "a"), LEAVE).actions).toEqual([{ kind: "leave" }])
    expect(typed(begin("a"), "\u0004").actions).toEqual([{ kind: "leave" }])
  })
  it("saves where there is a file, and else says how", () => {
    expect(typed(begin("a", ""), SAVE).actions).toEqual([{ kind: "save" }])
    const { actions, state } = typed(begin("a"), SAVE)
    expect([actions, state.said]).toEqual([[], expect.stringContaining("brain write SCRIBE FILE")])
  })
})
