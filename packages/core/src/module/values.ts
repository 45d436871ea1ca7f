import { type Digest, parseDigest } from "../base/digest.ts"
import { type Lexer, SOURCE_MAX, shown, type Token } from "./lexer.ts"

/** The named limits of a manifest. */
export const LIMITS = {
  source: SOURCE_MAX, // UTF-16 units
  name: 64, // characters, as are the following
  about: 200,
  licence: 200,
  label: 256,
  dataName: 256,
  partName: 100,
  labels: 10_000,
  data: 1000,
  parts: 1000,
  bytes: 2 ** 20, // of one input
  operations: 65_535,
  seed: 2 ** 32 - 1, // a random stream takes 32 bits
  address: 2000, // characters
  fileBytes: 2 ** 30, // of one file of a data set
} as const

/** Each takes the next token and gives its value, or tells of the mistake and gives undefined. */
export type Value<T> = T | undefined

/** `words` one after another: keywords and punctuation. Errors: OB105. */
export function expectAll(lexer: Lexer, words: readonly string[], example: string): boolean {
  return words.every((word) => {
    const token = lexer.peek()
    if (token.text === word && token.kind !== "string") return lexer.next() !== undefined
    unexpected(lexer, `\`${word}\``, example)
    return false
  })
}
/** Reading goes on with the token that was not expected: it may begin the next member. */
export function unexpected(lexer: Lexer, expected: string, example: string): undefined {
  const token = lexer.peek()
  lexer.report(token, "OB105", `${expected} was expected here, not ${shown(token)}.`, `Write it like this: ${example}`)
  return undefined
}

const FORMS = { "-": /^[a-z][a-z0-9-]*$/, _: /^[a-z][a-z0-9_]*$/ } // a literal within would be a new object each time
/** A module's name has hyphens, a port's underscores: it is a word of the language. Errors: OB105, OB109. */
export function name(lexer: Lexer, joint: "-" | "_", example: string): Value<string> {
  const token = lexer.peek()
  if (token.kind !== "word" && token.kind !== "string" && token.kind !== "number")
    return unexpected(lexer, "A name", example)
  lexer.next()
  if (token.kind === "word" && token.text.length <= LIMITS.name && FORMS[joint].test(token.text)) return token.text
  const mended = token.text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, joint)
    .replace(/^[^a-z]+|[-_]+$/g, "")
    .slice(0, LIMITS.name)
  lexer.report(
    token,
    "OB109",
    `${shown(token)} is no name: small letters, digits and ${joint}, a letter first, at most ${LIMITS.name} of them.`,
    `Write ${mended === "" ? "a name such as" : "for example"}: ${mended === "" ? example : mended}`,
  )
  return undefined
}

/** One line that a person reads: about, label, name of data. Errors: OB105, OB110. */
export function line(lexer: Lexer, what: string, lengthMax: number, example: string): Value<string> {
  const token = lexer.peek()
  if (token.kind !== "string") return unexpected(lexer, `${what}, in "quotation marks",`, example)
  lexer.next()
  return checkLine(lexer, token, what, lengthMax)
}
export function checkLine(lexer: Lexer, token: Token, what: string, lengthMax: number): Value<string> {
  const wrong =
    token.text.trim() === ""
      ? "is empty"
      : token.text.length > lengthMax
        ? `is ${token.text.length} characters long; at most ${lengthMax} are allowed`
        : /\p{Cc}|[\u2028\u2029]/u.test(token.text)
          ? "holds a control character, such as a tab or a line break"
          : undefined
  if (wrong === undefined) return token.text
  lexer.report(token, "OB110", `${what} ${wrong}.`, `Write one line of 1 to ${lengthMax} characters.`)
  return undefined
}

/** Errors: OB105, OB111. */
export function whole(lexer: Lexer, min: number, max: number, example: string): Value<number> {
  const token = lexer.peek()
  if (token.kind !== "number") return unexpected(lexer, "A number", example)
  lexer.next()
  const value = Number(token.text)
  if (/^(?:0|[1-9][0-9]{0,15})$/.test(token.text) && value >= min && value <= max) return value
  lexer.report(
    token,
    "OB111",
    `${shown(token)} is no whole number from ${min} to ${max}.`,
    `Write it in plain digits, like this: ${example}`,
  )
  return undefined
}

/** Bits of evidence, counted in 256ths. Errors: OB105, OB111; another fraction is answered with the nearest that is one. */
export function evidence(lexer: Lexer): Value<number> {
  const token = lexer.peek()
  if (token.kind !== "number") return unexpected(lexer, "A number of bits", "unsure below 10.25 bits")
  lexer.next()
  const [least, most] = [-32_768, 32_767]
  const isPlain = /^-?(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,8})?$/.test(token.text)
  const count = isPlain ? Number(token.text) * 256 : Number.NaN
  const nearest = Math.max(least, Math.min(most, Math.round(count))) / 256
  const example = `unsure below ${Number.isNaN(nearest) ? 10.25 : nearest} bits`
  if (Number.isInteger(count) && count >= least && count <= most)
    return expectAll(lexer, ["bits"], example) ? count || 0 : undefined
  lexer.report(
    token,
    "OB111",
    `${shown(token)} is no multiple of 1/256 from -128 to 127.99609375.`,
    `Write the nearest one in plain digits, like this: ${example}`,
  )
  return undefined
}

/** Errors: OB114. */
export function digestValue(lexer: Lexer): Value<Digest> {
  const token = lexer.peek()
  const value = token.kind === "digest" ? parseDigest(token.text) : undefined
  if (value !== undefined) return lexer.next() && value
  const digits = token.kind === "digest" ? `, here ${token.text.length - "sha256:".length}` : ""
  lexer.report(
    token,
    "OB114",
    `${shown(token)} is no digest: \`sha256:\` and 64 of 0-9 a-f${digits}.`,
    "Copy the digest whole, or let `brain` write the manifest.",
  )
  if (!token.first && (token.kind === "digest" || token.kind === "word" || token.kind === "string")) lexer.next()
  return undefined
}

/** Names that Windows keeps for devices, whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i
/** A file's name that means the same in every file system and leads out of no folder. */
export const isPartName = (text: string): boolean =>
  /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/.test(text) &&
  text.length <= LIMITS.partName &&
  !text.includes("..") &&
  !DEVICE.test(text) &&
  text.toLowerCase() !== "module.brain"

/** Errors: OB105, OB115. */
export function partName(lexer: Lexer, example: string): Value<string> {
  const token = lexer.peek()
  if (token.kind !== "string") return unexpected(lexer, 'A file\'s name, in "quotation marks",', example)
  lexer.next()
  if (isPartName(token.text)) return token.text
  lexer.report(
    token,
    "OB115",
    `${shown(token)} cannot be a part: a part is a file that lies in the module's folder itself.`,
    `Use letters, digits, - and _, with single dots between them, at most ${LIMITS.partName}; not module.brain.`,
  )
  return undefined
}

/**
 * Errors: OB105, OB110, OB117. The form alone is checked: the list of licences grows.
 * Source: SPDX 2.3, annex D (licence expressions).
 */
export function licence(lexer: Lexer): Value<string> {
  const example = 'licence "CC0-1.0"'
  const token = lexer.peek()
  const text = line(lexer, "The licence", LIMITS.licence, example)
  if (text === undefined || isLicence(text)) return text
  lexer.report(
    token,
    "OB117",
    `${shown(token)} is no licence expression of SPDX.`,
    `Use the short name from spdx.org/licenses, like this: ${example}, or "MIT OR Apache-2.0".`,
  )
  return undefined
}
function isLicence(text: string): boolean {
  let depth = 0
  let needsName = true
  for (const piece of text.match(/[()]|[^\s()]+/g) ?? []) {
    if (piece === "(" && needsName) depth++
    else if (piece === ")" && !needsName && depth > 0) depth--
    else if (/^(?:AND|OR|WITH)$/.test(piece) && !needsName) needsName = true
    else if (
      /^(?!(?:AND|OR|WITH)$)(?:DocumentRef-[A-Za-z0-9.-]+:)?[A-Za-z0-9][A-Za-z0-9.-]*\+?$/.test(piece) &&
      needsName
    )
      needsName = false
    else return false
  }
  return depth === 0 && !needsName
}

/** One of the words. Errors: OB105. */
export function choice<T extends string>(lexer: Lexer, words: readonly T[], example: string): Value<T> {
  const token = lexer.peek()
  const found = token.kind === "word" ? words.find((word) => word === token.text) : undefined
  if (found === undefined) return unexpected(lexer, `One of ${words.join(", ")}`, example)
  lexer.next()
  return found
}

/** A place on the web. Errors: OB105, OB122. */
export function address(lexer: Lexer, example: string): Value<string> {
  const token = lexer.peek()
  if (token.kind !== "string") return unexpected(lexer, 'An address, in "quotation marks",', example)
  lexer.next()
  if (/^https?:\/\/[^\s/?#@]+(?:[/?#][\x21-\x7e]*)?$/.test(token.text) && token.text.length <= LIMITS.address)
    return token.text
  lexer.report(
    token,
    "OB122",
    `${shown(token)} is no address.`,
    `Write it whole, without spaces (a space is %20), beginning with https://, like this: ${example}`,
  )
  return undefined
}

/** A path with /, down from a folder and never out of it. Errors: OB105, OB122. */
export function relativePath(lexer: Lexer, example: string): Value<string> {
  const token = lexer.peek()
  if (token.kind !== "string") return unexpected(lexer, 'A path, in "quotation marks",', example)
  lexer.next()
  const isInside = token.text.split("/").every((step) => /^[^\\:*?"<>|\p{Cc}]+$/u.test(step) && !/^\.+$/.test(step))
  if (isInside && token.text.length <= LIMITS.address) return token.text
  lexer.report(
    token,
    "OB122",
    `${shown(token)} is no path within a folder.`,
    `Write it with /, without \`..\` and not from the root, like this: ${example}`,
  )
  return undefined
}
