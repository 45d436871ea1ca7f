/** Just enough reading of TypeScript for the tidy test: what is code, what is text, and what a file imports. */

const COMMENT = String.raw`\/\/.*|\/\*[\s\S]*?\*\/`
const TEXT = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|${"`"}(?:\\[\s\S]|[^${"`"}\\])*${"`"}`
// A slash begins a regular expression only where a value may begin.
const EXPRESSION = String.raw`(?<=(?:^|[=(,:;[!&|?{}+]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/`
const NOT_CODE = new RegExp(`${COMMENT}|${TEXT}|${EXPRESSION}`, "gm")

/** The source with comments, regular expressions and the inside of quotes blanked; every offset stays what it was. */
export function codeOnly(source: string): string {
  return source.replace(NOT_CODE, (token) => {
    const isText = /^["'`]/.test(token)
    const inside = isText ? token.slice(1, -1) : token
    const blank = inside.replace(/[^\n]/g, " ")
    return isText ? token[0] + blank + token[0] : blank
  })
}

/** Whatever a file reaches for: import, import type, export from, import() of values and of types, require(). */
const REACHES = /\bfrom\s*(?=["'])|\bimport\s*(?=["'])|\b(?:import|require)\s*\(\s*/g

/** The specifiers as written, in order; undefined stands for one that is computed. */
export function importsOf(source: string): readonly (string | undefined)[] {
  return [...codeOnly(source).matchAll(REACHES)].map((match) => {
    const start = match.index + match[0].length
    const quote = source[start]!
    if (!`"'\``.includes(quote)) return undefined
    return source.slice(start + 1, source.indexOf(quote, start + 1))
  })
}
