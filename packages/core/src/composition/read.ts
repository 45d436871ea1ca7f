import { type Lexer, shown, type Token } from "../module/lexer.ts"
import { expectAll, LIMITS, name, unexpected, type Value } from "../module/values.ts"
import { RESERVED } from "./reserved.ts"
import type { Place, Word } from "./syntax.ts"

/** Small readers that several parts of the grammar share. Each gives undefined once it has told of a mistake. */

export const EXPRESSION_DEPTH_MAX = 64

export const placeOf = ({ start, end }: Place): Place => ({ start, end })
export const wordOf = ({ text, start, end }: Token): Word => ({ text, start, end })

/** Whether the next token is this word or sign; then it is read. */
export function takes(lexer: Lexer, word: string): boolean {
  const { kind, text } = lexer.peek()
  if (text !== word || kind === "string") return false
  lexer.next()
  return true
}
export const stands = (lexer: Lexer, word: string): boolean => {
  const { kind, text } = lexer.peek()
  return text === word && kind !== "string"
}

/** A name that is given here: no word of the grammar. Errors: OB105, OB109, OB624. */
export function newName(lexer: Lexer, example: string, joint: "-" | "_" = "_"): Value<Word> {
  const token = lexer.peek()
  if (token.kind === "word" && RESERVED.has(token.text)) {
    reserved(lexer, token)
    lexer.next()
    return undefined
  }
  return name(lexer, joint, example) === undefined ? undefined : wordOf(token)
}
export function reserved(lexer: Lexer, token: Token): void {
  lexer.report(
    token,
    "OB624",
    `\`${token.text}\` is a word of the language and cannot name anything.`,
    `Take another name, such as \`the_${token.text}\`.`,
  )
}

/** A name that was given elsewhere. Errors: OB105, OB109. */
export function knownName(lexer: Lexer, example: string): Value<Word> {
  const token = lexer.peek()
  return name(lexer, "_", example) === undefined ? undefined : wordOf(token)
}

/** Remembers that an element of a block begins with the next token. */
export const element = (lexer: Lexer): void => {
  lexer.elements?.push(lexer.peek().start)
}

const NUMBER = /^-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,12})?$/
/** Errors: OB105, OB111. */
export function decimal(lexer: Lexer, least: number, most: number, example: string): Value<number> {
  const token = lexer.peek()
  if (token.kind !== "number") return unexpected(lexer, "A number", example)
  lexer.next()
  const value = Number(token.text)
  if (NUMBER.test(token.text) && value >= least && value <= most) return value || 0
  lexer.report(
    token,
    "OB111",
    `${shown(token)} is no number from ${least} to ${most}.`,
    `Write it in plain digits, like this: ${example}`,
  )
  return undefined
}

/** Errors: OB105, OB111. */
export function withUnit(lexer: Lexer, units: Readonly<Record<string, number>>, example: string): Value<number> {
  const amount = decimal(lexer, 0, 1e9, example)
  if (amount === undefined) return undefined
  const token = lexer.peek()
  if (token.kind !== "word" || !Object.hasOwn(units, token.text))
    return unexpected(lexer, `One of ${Object.keys(units).join(", ")}`, example)
  lexer.next()
  return amount * units[token.text]!
}
export const TIME = { us: 0.001, ms: 1, s: 1000 }
export const SIZE = { bytes: 1, KB: 1000, MB: 1_000_000 }

/** A label: a word or a string, as it was read. Errors: OB105, OB110. */
export function label(lexer: Lexer, example: string): Value<Token> {
  const token = lexer.peek()
  if (token.kind !== "word" && token.kind !== "string") return unexpected(lexer, "A label", example)
  lexer.next()
  if (token.kind === "word" && token.text.length <= LIMITS.label) return token
  if (token.text.trim() !== "" && token.text.length <= LIMITS.label && !/\p{Cc}/u.test(token.text)) return token
  lexer.report(
    token,
    "OB110",
    "This label is empty, too long or holds a control character.",
    `Write one line of 1 to ${LIMITS.label} characters.`,
  )
  return undefined
}

/** Keywords one after another, parted by spaces. */
export const sentence = (lexer: Lexer, words: string, example: string): boolean =>
  words.includes(" ")
    ? expectAll(lexer, words.split(" "), example)
    : takes(lexer, words) || expectAll(lexer, [words], example)
