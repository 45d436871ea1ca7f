/** What a file must not hold, whatever it does. The linter knows the rest. */
import { codeOnly } from "./source.ts"

export const LINES_MAX = 500
export const COMPILE_LINES_MAX = 99

/** Complaints about one text file; `path` is relative to the repository. */
export function complaints(path: string, text: string): readonly string[] {
  const found: string[] = []
  const isSource = /\.(?:ts|tsx|sh|c|h|css|html)$/.test(path) || path === "brain" || path === "check"
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
  if (isSource && lines > LINES_MAX && !saysWhyItIsLong(text))
    found.push(`${lines} lines, and the top does not say why`)
  if (path === "packages/core/src/compile.ts" && lines > COMPILE_LINES_MAX) found.push(`${lines} lines`)
  if (isSource && UNFINISHED.test(text)) found.push("unfinished work: do it, or write an issue")
  if (MACHINE_PATH.test(text)) found.push(`a path of one machine: ${MACHINE_PATH.exec(text)![0]}`)
  if (/\.tsx?$/.test(path)) {
    const code = codeOnly(text)
    if (ANY.test(code)) found.push("`any`")
    if (/(?<![.\w$])enum\s+\w/.test(code)) found.push("`enum`")
    if (path.startsWith("packages/core/src/") && /\bMath\.random\b/.test(code)) found.push("Math.random: take a seed")
  }
  return found
}

/** "This file is long because ..." within its first lines. */
const saysWhyItIsLong = (text: string): boolean => /\blong because\b/.test(text.split("\n", 5).join(" "))

/** Where a type stands; a variable of that name is allowed. The linter reads types better, but not in every file. */
const ANY =
  /(?:[:<|&]|=>|\b(?:as|extends|satisfies))\s*any\b(?!\s*[.(])|\bany\s*\[\s*\]|,\s*any\s*>|\btype\s[^=\n]*=\s*any\b/
// Written so that they do not find themselves.
const UNFINISHED = /\b(?:TO[D]O|FIX[M]E|XX[X])\b/
const MACHINE_PATH = /(?<![\w.)}\]*\\/-])\/(?:home|Users|root|work)\/[\w.-]+/
