/** What somebody did at the keyboard. */
export type Key =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: Named }
type Named = "enter" | "tab" | "backspace" | "delete" | "save" | "leave" | Move
export type Move = "left" | "right" | "up" | "down" | "home" | "end"

/** What a terminal sends, without the escape before it. Source: ECMA-48 and xterm's control sequences. */
const SEQUENCES: Readonly<Record<string, Named>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  "[1~": "home",
  "[7~": "home",
  "[4~": "end",
  "[8~": "end",
  "[3~": "delete",
  ...{ OA: "up", OB: "down", OC: "right", OD: "left", OH: "home", OF: "end" },
}
const CONTROLS: Readonly<Record<string, Named>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\b": "backspace",
  "\u007f": "backspace",
  "\u0003": "leave",
  "\u0004": "leave",
  "\u0013": "save",
  "\u0001": "home",
  "\u0005": "end",
}
const [PASTE, PASTED] = ["\u001b[200~", "\u001b[201~"]
/** What follows an escape: a whole sequence, or the beginning of one. */
const SEQUENCE = /^(?:\[[0-9;?]*[ -/]*[@-~]|O[@-~])/
const OPEN = /^(?:\[[0-9;?]*[ -/]*|O)?$/
const PENDING_MAX = 2 ** 20

/**
 * The keys in what a terminal sent, and what is still to be completed by what it sends next: a sequence that was cut. What is
 * pasted is text, whatever stands in it.
 */
export function keysIn(sent: string): { readonly keys: readonly Key[]; readonly pending: string } {
  const keys: Key[] = []
  let rest = sent
  while (rest !== "") {
    if (rest.startsWith(PASTE)) {
      const end = rest.indexOf(PASTED)
      if (end < 0 && rest.length < PENDING_MAX) return { keys, pending: rest }
      const text = rest.slice(PASTE.length, end < 0 ? undefined : end)
      keys.push({ kind: "paste", text: plain(text.replace(/\r\n?/g, "\n")) })
      rest = end < 0 ? "" : rest.slice(end + PASTED.length)
      continue
    }
    if (rest.startsWith("\u001b")) {
      const after = rest.slice(1)
      if (after.length < 32 && OPEN.test(after)) return { keys, pending: rest }
      const [sequence = ""] = SEQUENCE.exec(after) ?? []
      const kind = SEQUENCES[sequence.replace(/^\[1;\d/, "[")] // with Shift or Control held, too
      if (kind !== undefined) keys.push({ kind })
      rest = after.slice(sequence.length)
      continue
    }
    const [first = ""] = rest
    const kind = CONTROLS[first]
    if (kind !== undefined) {
      keys.push({ kind })
      rest = rest.slice(first.length)
      continue
    }
    const [run] = /^\P{Cc}+/u.exec(rest) ?? [first]
    if (plain(run!) !== "") keys.push({ kind: "text", text: plain(run!) })
    rest = rest.slice(run!.length)
  }
  return { keys, pending: "" }
}
/** Without what moves a cursor; line breaks and tabs stay. */
const plain = (text: string): string => text.replace(/(?![\n\t])\p{Cc}/gu, "")
