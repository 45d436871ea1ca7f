/** A person's mistake as data: raised anywhere, collected, rendered once at the edge. A bug of ours is an assertion. */
export interface Problem {
  readonly code: `OB${number}` // stable; docs/errors has a page for each
  readonly seen: string
  readonly hint: string // what mends it
  readonly span?: Span // absent when the mistake is not in a text
}
/** A stretch of a text: `start` and `end` count UTF-16 units, as JavaScript strings do. */
export interface Span {
  readonly file: string
  readonly source: string
  readonly start: number
  readonly end: number
}

export const isProblem = (value: unknown): value is Problem =>
  typeof value === "object" && value !== null && "code" in value && "seen" in value && "hint" in value

/** A Problem on its way to the edge: what the library throws, to be read by a person or, in `problems`, by a program. */
export class Refusal extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(render).join("\n\n"))
    this.name = "Refusal"
    this.problems = problems
  }
}
export const refuse = (...problems: readonly Problem[]): never => {
  throw new Refusal(problems)
}

/** What an error says, whatever was thrown: for a reason that is told, not thrown on. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The same text everywhere: what was seen, the line with carets under what is meant, and the next step. */
export const render = ({ code, seen, span, hint }: Problem): string =>
  [`error[${code}]: ${seen}`, ...(span ? [excerpt(span)] : []), `hint: ${hint}`].join("\n")

const EXCERPT_MAX = 160 // characters of a line shown; a file may be one line of a megabyte

function excerpt({ file, source, start, end }: Span): string {
  const lineStart = source.slice(0, start).lastIndexOf("\n") + 1
  const lineEnd = source.indexOf("\n", start)
  const whole = source.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).replace(/\r$/, "")
  const row = source.slice(0, start).split("\n").length
  const cut =
    start - lineStart > EXCERPT_MAX / 2 && whole.length > EXCERPT_MAX ? start - lineStart - EXCERPT_MAX / 2 : 0
  const line = whole.slice(cut, cut + EXCERPT_MAX)
  const before = line.slice(0, start - lineStart - cut)
  const width = Math.min(end - lineStart - cut, line.length) - before.length
  const margin = " ".repeat(`${row}`.length)
  return [
    `${margin}--> ${file}:${row}:${start - lineStart + 1}`,
    `${margin} |`,
    `${row} | ${line}`,
    `${margin} | ${before.replace(/[^\t]/gu, " ")}${"^".repeat(Math.max(1, width))}`, // a tab stays a tab
  ].join("\n")
}

/** Names the nearest candidate, if any is near, and then all of them. */
export function suggest(name: string, candidates: readonly string[]): string {
  const near = candidates.filter((candidate) => distance(name, candidate) <= Math.max(1, name.length / 2))
  const [nearest] = near.toSorted((a, b) => distance(name, a) - distance(name, b))
  const shown = candidates.slice(0, 12).join(", ") + (candidates.length > 12 ? `, … (${candidates.length})` : "")
  const known = candidates.length > 0 ? `Known: ${shown}.` : "There is none yet."
  return nearest === undefined ? known : `Did you mean \`${nearest}\`? ${known}`
}

/** Levenshtein's: insertions, deletions and substitutions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

/** A bug of ours, never a person's mistake: says what could not be. */
export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`bug: ${what}`)
}
