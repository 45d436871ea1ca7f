/** A text with names in braces, taken apart: `{{` and `}}` are braces. */
export interface Piece {
  readonly kind: "text" | "name"
  readonly text: string
}

/** Nothing when a brace has no partner or holds no name. */
export function piecesOf(text: string): readonly Piece[] | undefined {
  if (!text.includes("{") && !text.includes("}")) return [{ kind: "text", text }]
  const pieces: Piece[] = []
  let plain = ""
  let from = 0 // of what is not yet in `plain`
  for (let at = nextBrace(text, 0); at < text.length; at = nextBrace(text, at)) {
    plain += text.slice(from, at)
    if (text[at + 1] === text[at]) {
      plain += text[at]!
      at += 2
      from = at
      continue
    }
    const end = text[at] === "{" ? text.indexOf("}", at) : -1
    const name = end < 0 ? "" : text.slice(at + 1, end)
    if (!NAME.test(name)) return undefined
    if (plain !== "") pieces.push({ kind: "text", text: plain })
    plain = ""
    pieces.push({ kind: "name", text: name })
    at = end + 1
    from = at
  }
  plain += text.slice(from)
  if (plain !== "" || pieces.length === 0) pieces.push({ kind: "text", text: plain })
  return pieces
}
const NAME = /^[a-z][a-z0-9_]{0,63}$/

function nextBrace(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 123 || code === 125) return at
  }
  return text.length
}

/** The names that braces of a text begin, where those do not pair: they were meant. */
export const namesIn = (text: string): readonly Piece[] =>
  [...text.matchAll(/\{([a-z][a-z0-9_]*)/g)].map(([, name]) => ({ kind: "name", text: name! }))
