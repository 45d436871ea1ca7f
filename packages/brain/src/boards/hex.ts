/** Intel HEX: lines `:LLAAAATT...CC` of hexadecimal digits. Source: Intel, Hexadecimal Object File Format, 1988. */
import { refuse } from "@open-brains/core/base/problem.ts"

export interface Piece {
  readonly address: number
  readonly bytes: Uint8Array
}

export const isHex = (text: string): boolean => /^\s*:[0-9A-Fa-f]{2}/.test(text.slice(0, 99))

/** Data of a file by address. Errors: OB842 with the line that is damaged, or where its end is missing. */
export function readHex(source: string, file: string): readonly Piece[] {
  const pieces: Piece[] = []
  let base = 0
  let start = 0
  for (const line of source.split("\n")) {
    const bad = (seen: string): never =>
      refuse({
        code: "OB842",
        seen,
        hint: "Build it again, or copy it again: every line of a HEX file ends with the sum of its bytes.",
        span: { file, source, start, end: start + Math.max(1, line.trimEnd().length) },
      })
    const text = line.trim()
    if (text !== "") {
      if (!/^:(?:[0-9A-Fa-f]{2}){5,260}$/.test(text)) return bad("This is no line of a HEX file.")
      const bytes = Uint8Array.from({ length: (text.length - 1) / 2 }, (_, i) =>
        Number.parseInt(text.slice(1 + 2 * i, 3 + 2 * i), 16),
      )
      const [length, high, low, kind] = bytes as Uint8Array & Readonly<Record<0 | 1 | 2 | 3, number>>
      if (bytes.length !== length! + 5) return bad(`It says ${length} bytes of data, and holds ${bytes.length - 5}.`)
      if ((bytes.reduce((sum, byte) => sum + byte, 0) & 255) !== 0) return bad("The sum of its bytes is wrong.")
      const data = bytes.subarray(4, -1)
      if (kind === 1) return pieces
      if (kind === 0) pieces.push({ address: base + ((high! << 8) | low!), bytes: data })
      else if (kind === 2 || kind === 4) {
        if (length !== 2) return bad("An extended address has two bytes.")
        base = ((data[0]! << 8) | data[1]!) * (kind === 2 ? 16 : 65_536)
      } else if (kind !== 3 && kind !== 5) return bad(`There is no kind of line ${kind}.`)
    }
    start += line.length + 1
  }
  return refuse({
    code: "OB842",
    seen: `${file} has no last line \`:00000001FF\`: a part of it is missing.`,
    hint: "Build it again, or copy it again.",
  })
}
