import { suggest } from "../base/problem.ts"
import { type Lexer, shown, type Token } from "./lexer.ts"
import * as read from "./values.ts"

export function put<T, Member extends keyof T>(draft: T, member: Member, value: T[Member] | undefined): boolean {
  if (value !== undefined) draft[member] = value
  return value !== undefined
}

/** A member reads what follows its keyword and says whether it could; if not, reading goes on at the next line. */
export type Members = Readonly<Record<string, (keyword: Token) => boolean>>

/** Members that begin with a word of their own: whether one stands next, and how it is read. */
export interface OtherMembers {
  /** `isCertain`: only what can be nothing else, where reading goes on after a mistake. */
  stands(isCertain: boolean): boolean
  read(): boolean
}

/** `{ member… }`. Errors: OB105, OB106, OB107, OB108. */
export function block(
  lexer: Lexer,
  what: string,
  required: readonly string[],
  repeated: readonly string[],
  members: Members,
  examples: Readonly<Record<string, string>>,
  other?: OtherMembers,
): boolean {
  const outside = lexer.depth
  const skip = (): void => skipMember(lexer, outside + 1, members, other)
  if (!read.expectAll(lexer, ["{"], `${what} … {`)) {
    lexer.depth = outside + 1
    skip()
  }
  const seen = new Set<string>()
  let unknown = false
  for (;;) {
    const token = lexer.peek()
    if (token.kind === "end") {
      read.unexpected(lexer, `The } that closes \`${what}\``, `${what} … { … }`)
      return false
    }
    if (token.kind !== "}") lexer.elements?.push(token.start)
    if (other?.stands(false)) {
      if (!other.read()) skip()
      continue
    }
    lexer.next()
    if (token.kind === "}") {
      const missing = required.filter((member) => !seen.has(member))
      // A member that is misspelt is not missing as well.
      if (missing.length > 0 && !unknown)
        lexer.report(
          token,
          "OB108",
          `\`${what}\` ends here without ${missing.map((member) => `\`${member}\``).join(", ")}.`,
          `Add before this brace: ${missing.map((member) => examples[member]).join(" ")}`,
        )
      return true
    }
    const member = token.kind === "word" && Object.hasOwn(members, token.text) ? members[token.text] : undefined
    if (member === undefined) {
      unknown = true
      const hint = suggest(token.text.slice(0, 64), Object.keys(members))
      lexer.report(token, "OB106", `${shown(token)} is no member of \`${what}\`.`, hint)
    } else if (seen.has(token.text) && !repeated.includes(token.text))
      lexer.report(token, "OB107", `\`${token.text}\` is here for the second time.`, "Keep one of the two.")
    seen.add(token.text)
    if (member === undefined || !member(token)) skip()
  }
}

/**
 * To the next line of this block, past those within, never out of it. A line that begins as a member of this block does
 * is one, however many braces were left open before it.
 */
function skipMember(lexer: Lexer, depth: number, members: Members, other: OtherMembers | undefined): void {
  for (; ; lexer.next()) {
    const { kind, text, first } = lexer.peek()
    if (kind === "end") return
    if (lexer.depth <= depth && (first || kind === "}")) return
    if (lexer.depth > depth && first && kind === "word" && (Object.hasOwn(members, text) || other?.stands(true))) {
      lexer.depth = depth
      return
    }
  }
}
