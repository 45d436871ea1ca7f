import { type Problem, refuse } from "../base/problem.ts"

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
  /** Where the elements of blocks begin, for whoever prints the text anew; collected when it is there. */
  elements?: number[]
  /** Names that what was read mentions, for whoever puts them in order. */
  mentioned: string[]
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
/** What is meant by a sign of other languages: reading goes on as if that stood there. */
const SPACED = "Leave it out: members and labels are separated by spaces or line ends."
const STRAIGHT = 'Put text into straight "quotation marks".'
const MENDED: Readonly<Record<string, string>> = {
  ",": SPACED,
  ";": SPACED,
  "=": "Write `is`.",
  "'": STRAIGHT,
  "\u201c": STRAIGHT,
  "\u201d": STRAIGHT,
  "\u2018": STRAIGHT,
  "`": STRAIGHT,
}
const OTHERWISE = 'Put text into "quotation marks"; a comment begins with #.'
const CLOSING: Readonly<Record<string, string>> = { "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "`": "`" }
/** Most texts have none of these, and need no closer look. */
const UNUSUAL = /[^\t\n\x20-\x7e]/
const DIGEST = /sha256:[0-9A-Za-z]+/y
const STRING = /"[^"\\\n]*(?:\\[^\n]?[^"\\\n]*)*"?/y
const ESCAPE = /\\(?:(["\\])|u\{([0-9a-fA-F]{1,6})\}|[\s\S])?/gu

/** Errors: OB100 at once, OB101, OB102 and OB103 as it reads. */
export function lex(source: string, file: string, limits: LexerLimits = MANIFEST_LIMITS): Lexer {
  const { sourceMax } = limits
  if (source.length > sourceMax)
    refuse({
      code: "OB100",
      seen: `${file} is ${source.length} characters long; at most ${sourceMax} are read.`,
      hint: "A manifest names its files and does not contain them: move what is long into a part.",
    })
  return new TextLexer(source, file, limits)
}

/** A class, since its methods are then the same functions for every file, and code compiled for the first serves the next. */
class TextLexer implements Lexer {
  depth = 0
  elements?: number[]
  mentioned: string[] = []
  readonly #source: string
  readonly #file: string
  readonly #problemsMax: number
  readonly #problems: Problem[] = []
  readonly #plain: string
  /** Words that were read, by a hash of a few of their letters. */
  readonly #words: (string | undefined)[] = new Array(256)
  #at = 0
  #last = 0 // end of the last token
  #first = true // of its line, what `at` stands before
  #ahead: Token | undefined
  #beyond: Token | undefined

  constructor(source: string, file: string, { problemsMax }: LexerLimits) {
    this.#source = source
    this.#file = file
    this.#problemsMax = problemsMax
    this.#plain = UNUSUAL.test(source) ? withoutHidden(source, (...told) => this.report(...told)) : source
  }
  peek(): Token {
    this.#ahead ??= this.#read()
    return this.#ahead
  }
  after(): Token {
    this.#ahead ??= this.#read()
    this.#beyond ??= this.#read()
    return this.#beyond
  }
  next(): Token {
    const token = this.#ahead ?? this.#read()
    this.#ahead = this.#beyond
    this.#beyond = undefined
    if (token.kind === "{") this.depth++
    else if (token.kind === "}") this.depth--
    return token
  }
  report({ start, end }: Pick<Token, "start" | "end">, code: Problem["code"], seen: string, hint: string): void {
    this.#problems.push({ code, seen, hint, span: { file: this.#file, source: this.#source, start, end } })
    if (this.#problems.length >= this.#problemsMax) refuse(...this.#problems)
  }
  finish(): void {
    if (this.#problems.length > 0) refuse(...this.#problems)
  }

  #matchAt(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#plain)?.[0]
  }
  /** Past white space and comments. */
  #skip(): void {
    const plain = this.#plain
    let at = this.#at
    for (; at < plain.length; at++) {
      const character = plain.charCodeAt(at)
      if (character === LF) this.#first = true
      else if (character === HASH) {
        const end = plain.indexOf("\n", at)
        at = (end < 0 ? plain.length : end) - 1
      } else if (character !== SPACE && character !== TAB) break
    }
    this.#at = at
  }
  #token(kind: Token["kind"], end: number, text: string): Token {
    const token = { kind, text, start: this.#at, end, first: this.#first }
    this.#at = end
    this.#last = end
    this.#first = false
    return token
  }
  /** The word there: one that was read before is the same string, which costs no memory and is compared at once. */
  #word(at: number, end: number): string {
    const plain = this.#plain
    const slot =
      (31 * plain.charCodeAt(at) + 7 * plain.charCodeAt(end - 1) + plain.charCodeAt((at + end) >> 1) + end - at) & 255
    const known = this.#words[slot]
    if (known !== undefined && known.length === end - at && plain.startsWith(known, at)) return known
    const word = plain.slice(at, end)
    this.#words[slot] = word
    return word
  }
  #read(): Token {
    const plain = this.#plain
    for (;;) {
      this.#skip()
      const at = this.#at
      if (at === plain.length) {
        // Where the last token ended: that is where what is missing belongs.
        this.#at = this.#last
        const end = this.#token("end", this.#last, "")
        this.#at = at
        return end
      }
      const character = plain.charCodeAt(at)
      if (WORDS[character] === 1) {
        let end = at + 1
        while (end < plain.length && WORDS[plain.charCodeAt(end)]! > 0) end++
        const word = this.#word(at, end)
        const digest = word === "sha256" ? this.#matchAt(DIGEST) : undefined
        return digest === undefined ? this.#token("word", end, word) : this.#token("digest", at + digest.length, digest)
      }
      if (character === OPEN) return this.#token("{", at + 1, "{")
      if (character === CLOSE) return this.#token("}", at + 1, "}")
      if (character === COLON) return this.#token(":", at + 1, ":")
      if (character === QUOTE) {
        // Most strings have no escape and end on their line.
        const end = plain.indexOf('"', at + 1)
        const inner = end < 0 ? undefined : plain.slice(at + 1, end)
        if (inner !== undefined && !inner.includes("\\") && !inner.includes("\n"))
          return this.#token("string", end + 1, inner)
        const string = this.#matchAt(STRING)!
        return this.#token(
          "string",
          at + string.length,
          unquote(string, at, (...told) => this.report(...told)),
        )
      }
      const number = this.#matchAt(NUMBER)
      if (number !== undefined) return this.#token("number", at + number.length, number)
      const end = at + String.fromCodePoint(plain.codePointAt(at)!).length
      const mark = plain.slice(at, end)
      this.report({ start: at, end }, "OB101", `${nameOf(mark)} has no meaning here.`, MENDED[mark] ?? OTHERWISE)
      if (mark === "=") return this.#token("word", end, "is")
      const close = CLOSING[mark]
      const quoted = close === undefined ? -1 : plain.indexOf(close, end)
      if (close !== undefined && quoted >= 0 && !plain.slice(end, quoted).includes("\n"))
        return this.#token("string", quoted + close.length, plain.slice(end, quoted))
      this.#at = end
      this.#first = false
    }
  }
}

const [TAB, LF, SPACE, HASH, COLON, OPEN, CLOSE, QUOTE] = Array.from('\t\n #:{}"', (each) => each.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]
/** 1 for what begins a word, 2 for what goes on in one. */
const WORDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return /[A-Za-z_]/.test(character) ? 1 : /[0-9-]/.test(character) ? 2 : 0
})

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
