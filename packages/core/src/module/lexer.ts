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
  /** The token after that. */
  after(): Token
  /** How many braces are open where reading is. Whoever goes on after a mistake sets it to where it goes on. */
  depth: number
  /** Tells of a mistake and goes on; the `PROBLEMS_MAX`-th throws them all. */
  report(at: Pick<Token, "start" | "end">, code: Problem["code"], seen: string, hint: string): void
  /** Throws what was reported, if anything was. */
  finish(): void
}

export const SOURCE_MAX = 2 ** 20 // UTF-16 units, so at most that many bytes of ASCII
/** How long a text may be, and how many mistakes are told of before reading ends. */
export interface LexerLimits {
  readonly sourceMax: number // UTF-16 units
  readonly problemsMax: number
}
/** Of a manifest: a person mends a few at a time, and printing each costs as much as the text is long. */
const MANIFEST_LIMITS: LexerLimits = { sourceMax: SOURCE_MAX, problemsMax: 10 }

// What cannot be seen, or makes a line look like another one; a tab and the end of a line are white space.
const HIDDEN = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}|(?![\t\n])\p{Cc}/gu
const NUMBER = /[-+]?[0-9][0-9A-Za-z_.]*/y
const DIGEST = /sha256:[0-9A-Za-z]+/y
const STRING = /"[^"\\\n]*(?:\\[^\n]?[^"\\\n]*)*"?/y
const ESCAPE = /\\(?:(["\\])|u\{([0-9a-fA-F]{1,6})\}|[\s\S])?/gu

/** Errors: OB100 at once, OB101, OB102 and OB103 as it reads. */
export function lex(source: string, file: string, { sourceMax, problemsMax }: LexerLimits = MANIFEST_LIMITS): Lexer {
  if (source.length > sourceMax)
    refuse({
      code: "OB100",
      seen: `${file} is ${source.length} characters long; at most ${sourceMax} are read.`,
      hint: "A manifest names its files and does not contain them: move what is long into a part.",
    })
  const problems: Problem[] = []
  const report: Lexer["report"] = ({ start, end }, code, seen, hint) => {
    problems.push({ code, seen, hint, span: { file, source, start, end } satisfies Span })
    if (problems.length >= problemsMax) refuse(...problems)
  }
  const plain = isPlain(source) ? source : withoutHidden(source, report)

  let at = 0
  let first = true // of its line, what `at` stands before
  const matchAt = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(plain)?.[0]
  }
  /** Past white space and comments. */
  const skip = (): void => {
    for (; at < plain.length; at++) {
      const character = plain.charCodeAt(at)
      if (character === LF) first = true
      else if (character === HASH) {
        const end = plain.indexOf("\n", at)
        at = (end < 0 ? plain.length : end) - 1
      } else if (character !== SPACE && character !== TAB) return
    }
  }
  const token = (kind: Token["kind"], end: number, value?: string): Token => {
    const [start, isFirst] = [at, first]
    at = end
    first = false
    return { kind, text: value ?? plain.slice(start, end), start, end, first: isFirst }
  }
  const read = (): Token => {
    for (;;) {
      skip()
      if (at === plain.length) return token("end", at)
      const character = plain.charCodeAt(at)
      if (character < WORDS.length && WORDS[character] === 1) {
        let end = at + 1
        while (end < plain.length && WORDS[plain.charCodeAt(end)]! > 0) end++
        if (plain.charCodeAt(end) !== COLON || !plain.startsWith("sha256:", at)) return token("word", end)
        const digest = matchAt(DIGEST)
        return digest === undefined ? token("word", end) : token("digest", at + digest.length)
      }
      if (character === OPEN || character === CLOSE || character === COLON)
        return token(plain[at] as "{" | "}" | ":", at + 1)
      const number = matchAt(NUMBER)
      if (number !== undefined) return token("number", at + number.length)
      const string = matchAt(STRING)
      if (string !== undefined) return token("string", at + string.length, unquote(string, at, report))
      const end = at + String.fromCodePoint(plain.codePointAt(at)!).length
      report(
        { start: at, end },
        "OB101",
        `${nameOf(plain.slice(at, end))} has no meaning here.`,
        character === COMMA || character === SEMICOLON
          ? "Leave it out: members and labels are separated by spaces or line ends."
          : 'Put text into "quotation marks"; a comment begins with #.',
      )
      at = end
      first = false
    }
  }
  let ahead: Token | undefined
  let beyond: Token | undefined
  const lexer: Lexer = {
    depth: 0,
    peek: () => (ahead ??= read()),
    after() {
      ahead ??= read()
      beyond ??= read()
      return beyond
    },
    next: () => {
      const token = ahead ?? read()
      ahead = beyond
      beyond = undefined
      if (token.kind === "{") lexer.depth++
      else if (token.kind === "}") lexer.depth--
      return token
    },
    report,
    finish: () => {
      if (problems.length > 0) refuse(...problems)
    },
  }
  return lexer
}

const [TAB, LF, SPACE, HASH, COMMA, COLON, SEMICOLON, OPEN, CLOSE] = Array.from("\t\n #,:;{}", (each) =>
  each.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number]
/** 1 for what begins a word, 2 for what goes on in one. */
const WORDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return /[A-Za-z_]/.test(character) ? 1 : /[0-9-]/.test(character) ? 2 : 0
})

/** Whether every character is one that can be seen, a space, a tab or an LF: most texts are. */
function isPlain(source: string): boolean {
  for (let i = 0; i < source.length; i++) {
    const character = source.charCodeAt(i)
    if (character > 126 || (character < SPACE && character !== TAB && character !== LF)) return false
  }
  return true
}

/** The text with spaces for what cannot be seen, which is told of first, comments included: nobody is shown another text than is read. */
function withoutHidden(source: string, report: Lexer["report"]): string {
  const text = source.replaceAll("\r\n", " \n").replace(/^\ufeff/, " ")
  for (const { 0: character, index } of text.matchAll(HIDDEN))
    report(
      { start: index, end: index + 1 },
      "OB101",
      `There is a character here that cannot be seen: ${nameOf(character)}.`,
      `Delete it; if a string needs it, write it as \`\\u{${hex(character)}}\`.`,
    )
  return text.replace(HIDDEN, (character) => " ".repeat(character.length))
}

function unquote(spelling: string, at: number, report: Lexer["report"]): string {
  if (spelling.length > 1 && spelling.endsWith('"') && !spelling.includes("\\")) return spelling.slice(1, -1)
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
