import { DTYPE, type Dtype } from "@open-brains/core/base/dtype.ts"

/** A text as a C string literal, in ASCII, whatever is in it; `\?` since two of them begin a trigraph. */
export const quoted = (text: string): string =>
  `"${[...new TextEncoder().encode(text)]
    .map((byte) => {
      if (byte === 0x22 || byte === 0x5c || byte === 0x3f) return `\\${String.fromCharCode(byte)}`
      return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`
    })
    .join("")}"`

/** A text within a comment of C: on one line, and none that ends it or begins another. */
export const commented = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll("*/", "* /")
    .replaceAll("/*", "/ *")
    .replaceAll("\\", "/") // at the end of a line it would go on in the next

/** The type that C has for a dtype of integers. */
export const cType = (dtype: Dtype): string => {
  const { scalar, bytes } = DTYPE[dtype]
  if (scalar !== "i32") throw new Error(`bug: ${dtype} is no integer, and floats are refused before`)
  return `${dtype.startsWith("u") ? "uint" : "int"}${8 * bytes}_t`
}
export const upper = (name: string): string => name.toUpperCase()

/** How the README of each export ends: what it takes, and under which licence it stands. */
export const closingOf = (figures: readonly string[], licence: string): readonly string[] => [
  "## What it takes",
  "",
  "```",
  ...figures,
  "```",
  "",
  "## Licence",
  "",
  `${commented(licence)}: see LICENSE.`,
]
