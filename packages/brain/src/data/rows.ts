import { basename } from "node:path"

/** What a file says of one example, before anybody has looked at it. */
export interface Row {
  /** From 1; of a list in JSON the place in it. */
  readonly line: number
  readonly values: Readonly<Record<string, unknown>>
  /** What `line` counts, if not lines. */
  readonly unit?: "item"
}
export const at = (path: string, line: number, unit: "line" | "item" = "line"): string =>
  `${basename(path)}, ${unit} ${line}`

/** Lines that are not empty, with their numbers. */
export const linesOf = (text: string): readonly { readonly line: number; readonly source: string }[] =>
  text
    .split(/\r?\n/)
    .map((source, i) => ({ line: i + 1, source }))
    .filter(({ source }) => source.trim() !== "")
