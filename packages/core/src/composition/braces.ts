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
  for (let at = 0; at < text.length; ) {
    const [here, next] = [text[at]!, text[at + 1]]
    if ((here === "{" || here === "}") && here === next) {
      plain += here
      at += 2
    } else if (here === "{") {
      const end = text.indexOf("}", at)
      const name = end < 0 ? "" : text.slice(at + 1, end)
      if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) return undefined
      if (plain !== "") pieces.push({ kind: "text", text: plain })
      plain = ""
      pieces.push({ kind: "name", text: name })
      at = end + 1
    } else if (here === "}") return undefined
    else {
      plain += here
      at++
    }
  }
  if (plain !== "" || pieces.length === 0) pieces.push({ kind: "text", text: plain })
  return pieces
}
