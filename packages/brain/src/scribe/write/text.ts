import { refuse } from "@open-brains/core/base/problem.ts"
import { counted, inBytes } from "../../layout.ts"

/** Bytes of a text that is edited in memory. */
export const TEXT_MAX = 4_000_000

/** The text of a file that is to be edited and saved as the same file. Errors: OB819. */
export function textOf(bytes: Uint8Array, file: string): string {
  const hint = `Choose a text in UTF-8 of at most ${inBytes(TEXT_MAX)}.`
  if (bytes.length > TEXT_MAX)
    refuse({
      code: "OB819",
      seen: `${file} has more than ${counted(TEXT_MAX, "byte")}: it is too long to be edited here.`,
      hint,
    })
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse({
      code: "OB819",
      seen: `${file} is no text in UTF-8: saved from here, it would be another file.`,
      hint,
    })
  }
}
