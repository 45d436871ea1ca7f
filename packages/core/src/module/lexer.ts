import { type Problem, refuse, type Span } from "../base/problem.ts"

/** What a `.brain` text is made of. `text` is a string's value, and the spelling of everything else. */
export interface Token {
  readonly kind: "word" | "number" | "string" | "digest" | "{" | "}" | ":" | "end"
  readonly text: string
  readonly start: number
  readonly end: number
  readonly first: boolean // in its line: where reading goes on after a mistake
}

export interface Lexer {
  /** The token that `next` will give. */
  peek(): Token
  next(): Token
  /** Tells of a mistake and goes on; the `PROBLEMS_MAX`-th throws them all. */
  report(at: Pick<Token, "start" | "end">, code: Problem["code"], seen: string, hint: string): void
  /** Throws what was reported, if anything was. */
  finish(): void
}

export const SOURCE_MAX = 2 ** 20 // UTF-16 units, so at most that many bytes of ASCII
/** A person mends a few at a time, and printing each costs as much as the text is long. */
const PROBLEMS_MAX = 10

// What cannot be seen, or makes a line look like another one; a tab and the end of a line are white space.
const HIDDEN = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}|(?![\t\n])\p{Cc}/gu
const SKIPPED = /(?:[ \t\n]+|#[^\n]*)+/y
const WORD = /[A-Za-z_][A-Za-z0-9_-]*/y
const NUMBER = /[-+]?[0-9][0-9A-Za-z_.]*/y
const DIGEST = /sha256:[0-9A-Za-z]+/y
const STRING = /"[^"\\\n]*(?:\\[^\n]?[^"\\\n]*)*"?/y
const ESCAPE = /\\(?:(["\\])|u\{([0-9a-fA-F]{1,6})\}|[\s\S])?/gu

/** Errors: OB100 at once, OB101, OB102 and OB103 as it reads. */
export function lex(source: string, file: string): Lexer {
  if (source.length > SOURCE_MAX)
    refuse({
      code: "OB100",
      seen: `${file} is ${source.length} characters long; at most ${SOURCE_MAX} are read.`,
      hint: "A manifest names its files and does not contain them: move what is long into a part.",
    })
  const problems: Problem[] = []
  const report: Lexer["report"] = ({ start, end }, code, seen, hint) => {
    problems.push({ code, seen, hint, span: { file, source, start, end } satisfies Span })
    if (problems.length >= PROBLEMS_MAX) refuse(...problems)
  }
  // First everywhere, comments included, so that nobody is shown another text than the one that is read.
  const text = source.replaceAll("\r\n", " \n").replace(/^\ufeff/, " ")
  for (const { 0: character, index } of text.matchAll(HIDDEN))
    report(
      { start: index, end: index + 1 },
      "OB101",
      `There is a character here that cannot be seen: ${nameOf(character)}.`,
      `Delete it; if a string needs it, write it as \`\\u{${hex(character)}}\`.`,
    )
  const plain = text.replace(HIDDEN, (character) => " ".repeat(character.length))

  let at = 0
  let line = -1 // end of the last line break before `at`
  const matchAt = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(plain)?.[0]
  }
  const read = (): Token => {
    for (;;) {
      const skipped = matchAt(SKIPPED) ?? ""
      const first = line < 0 || skipped.includes("\n")
      line = at += skipped.length
      const token = (kind: Token["kind"], spelling: string, value = spelling): Token => {
        const start = at
        at += spelling.length
        return { kind, text: value, start, end: at, first }
      }
      const character = plain[at]
      if (character === undefined) return token("end", "")
      if (character === "{" || character === "}" || character === ":") return token(character, character)
      const digest = matchAt(DIGEST)
      if (digest !== undefined) return token("digest", digest)
      const word = matchAt(WORD)
      if (word !== undefined) return token("word", word)
      const number = matchAt(NUMBER)
      if (number !== undefined) return token("number", number)
      const string = matchAt(STRING)
      if (string !== undefined) return token("string", string, unquote(string, at, report))
      const end = at + String.fromCodePoint(plain.codePointAt(at)!).length
      report(
        { start: at, end },
        "OB101",
        `${nameOf(plain.slice(at, end))} has no meaning here.`,
        character === "," || character === ";"
          ? "Leave it out: members and labels are separated by spaces or line ends."
          : 'Put text into "quotation marks"; a comment begins with #.',
      )
      at = end
    }
  }
  let ahead: Token | undefined
  return {
    peek: () => (ahead ??= read()),
    next: () => {
      const token = ahead ?? read()
      ahead = undefined
      return token
    },
    report,
    finish: () => {
      if (problems.length > 0) refuse(...problems)
    },
  }
}

function unquote(spelling: string, at: number, report: Lexer["report"]): string {
  const isClosed = /^"[^"\\]*(?:\\[\s\S][^"\\]*)*"$/.test(spelling)
  if (!isClosed)
    report(
      { start: at, end: at + spelling.length },
      "OB102",
      "This string is not closed before the line ends.",
      'Put a " where it ends. One within the string is written \\".',
    )
  const inner = spelling.slice(1, isClosed ? -1 : undefined)
  return inner.replace(ESCAPE, (found: string, same: string | undefined, digits: string | undefined, index: number) => {
    if (same !== undefined) return same
    const point = digits === undefined ? Number.NaN : Number.parseInt(digits, 16)
    if (point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)) return String.fromCodePoint(point)
    const start = at + 1 + index
    report(
      { start, end: start + found.length },
      "OB103",
      `\`${found}\` stands for no character.`,
      'Known: \\" for a quotation mark, \\\\ for a backslash, \\u{e9} for a character by its number.',
    )
    return ""
  })
}

const hex = (character: string): string => character.codePointAt(0)!.toString(16)
const nameOf = (character: string): string =>
  /^[\x21-\x7e]$/.test(character) ? `\`${character}\`` : `U+${hex(character).toUpperCase().padStart(4, "0")}`

const escaped = (character: string): string => `\\u{${hex(character)}}`
/** A string as the canonical text has it: what cannot be seen is written by its number. */
export const quote = (text: string): string =>
  `"${text
    .replace(/["\\]/g, "\\$&")
    .replace(/[\t\n]/g, escaped)
    .replace(HIDDEN, escaped)}"`
export const isWord = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text)

/** Never all of it: it may be a megabyte. */
export const shown = ({ kind, text }: Token): string => {
  if (kind === "end") return "the end of the file"
  const cut = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return kind === "string" ? quote(cut) : `\`${cut}\``
}
