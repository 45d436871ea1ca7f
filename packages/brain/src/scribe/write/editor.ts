import type { Key, Move } from "./keys.ts"

/** A text that is being written: all that the screen shows is a function of it. */
export interface EditorState {
  readonly text: string
  /** A place in the text, between two letters as a person sees them. */
  readonly cursor: number
  /** How the text would go on: shown after the cursor, and none of the text. */
  readonly ghost: string
  /** The text as it lies in its file, or nothing where it has none. */
  readonly saved: string | undefined
  /** Somebody wanted to leave an unsaved text, and was asked. */
  readonly isAsked: boolean
  /** What the last key came to, for a person. */
  readonly said: string
}
/** What is to be done in the world. */
export type Action =
  | { readonly kind: "learn"; readonly line: string }
  | { readonly kind: "save" }
  | { readonly kind: "leave" }
export interface Edited {
  readonly state: EditorState
  readonly actions: readonly Action[]
}

export const newEditor = (text: string, saved: string | undefined): EditorState => ({
  ...{ text, cursor: text.length, ghost: "", saved },
  ...{ isAsked: false, said: "" },
})
export const isUnsaved = ({ text, saved }: EditorState): boolean => saved !== undefined && text !== saved
/** A ghost is of the end of a line: elsewhere what follows is there already. */
export const isAtLineEnd = ({ text, cursor }: EditorState): boolean => cursor === text.length || text[cursor] === "\n"
export const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1
const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf("\n", at)
  return end < 0 ? text.length : end
}

/** What a key makes of a text. Enter ends a line, which is then learnt; leaving what is not saved takes a second key. */
export function press(before: EditorState, key: Key): Edited {
  const state = { ...before, isAsked: false, said: "" }
  switch (key.kind) {
    case "text":
    case "paste":
      return edited(inserted(state, key.text))
    case "enter": {
      const line = state.text.slice(lineStart(state.text, state.cursor), state.cursor)
      return edited(
        inserted(state, "\n"),
        ...(line.trim() === "" ? [] : [{ kind: "learn" as const, line: `${line}\n` }]),
      )
    }
    case "tab":
      return edited(inserted(state, firstWord(state.ghost), state.ghost.slice(firstWord(state.ghost).length)))
    case "backspace":
      return edited(cutOut(state, letterBefore(state.text, state.cursor), state.cursor))
    case "delete":
      return edited(cutOut(state, state.cursor, letterAfter(state.text, state.cursor)))
    case "save":
      return state.saved === undefined
        ? edited({ ...state, said: "It has no file: brain write SCRIBE FILE names one. It is printed when you leave." })
        : edited(state, { kind: "save" })
    case "leave":
      return isUnsaved(state) && !before.isAsked
        ? edited({ ...state, isAsked: true, said: "Not saved. Ctrl-S saves it, Ctrl-C again leaves it as it was." })
        : edited(state, { kind: "leave" })
    default:
      return edited(moved(state, key.kind))
  }
}
const edited = (state: EditorState, ...actions: readonly Action[]): Edited => ({ state, actions })

/** With a text put in at the cursor; what is left of a ghost stays. */
function inserted(state: EditorState, text: string, ghost = ""): EditorState {
  const whole = state.text.slice(0, state.cursor) + text + state.text.slice(state.cursor)
  return { ...state, text: whole, cursor: state.cursor + text.length, ghost }
}
const cutOut = (state: EditorState, from: number, to: number): EditorState => ({
  ...state,
  text: state.text.slice(0, from) + state.text.slice(to),
  cursor: from,
  ghost: "",
})
/** The spaces that begin it, and a word. */
const firstWord = (ghost: string): string => /^\s*\S*/.exec(ghost)![0]

function moved(state: EditorState, move: Move): EditorState {
  const { text, cursor, ghost } = state
  const isAccepted = ghost !== "" && isAtLineEnd(state) && (move === "right" || move === "end")
  if (isAccepted) return inserted(state, ghost)
  const to = (place: number): EditorState => ({ ...state, cursor: place, ghost: "" })
  const start = lineStart(text, cursor)
  switch (move) {
    case "left":
      return to(letterBefore(text, cursor))
    case "right":
      return to(letterAfter(text, cursor))
    case "home":
      return to(start)
    case "end":
      return to(lineEnd(text, cursor))
    case "up":
      return start === 0 ? to(0) : to(sameColumn(text, lineStart(text, start - 1), cursor - start))
    case "down": {
      const end = lineEnd(text, cursor)
      return end === text.length ? to(end) : to(sameColumn(text, end + 1, cursor - start))
    }
    default:
      return move satisfies never
  }
}

const LETTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" })
/** A line is enough to find a letter, and a long one is cut. */
const NEAR = 64
function letterBefore(text: string, at: number): number {
  if (at === 0) return 0
  if (text[at - 1] === "\n") return at - 1
  const from = Math.max(lineStart(text, at), at - NEAR)
  return from + (LETTERS.segment(text.slice(from, at)).containing(at - from - 1)?.index ?? 0)
}
function letterAfter(text: string, at: number): number {
  if (at === text.length || text[at] === "\n") return Math.min(text.length, at + 1)
  return at + (LETTERS.segment(text.slice(at, at + NEAR)).containing(0)?.segment.length ?? 1)
}
/** A place as far from the start of another line, not within a letter. */
function sameColumn(text: string, start: number, column: number): number {
  const end = lineEnd(text, start)
  let at = start
  while (at < end && at - start < column) at = letterAfter(text, at)
  return Math.min(at, end)
}
