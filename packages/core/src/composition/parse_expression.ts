import { type Lexer, shown, type Token } from "../module/lexer.ts"
import { unexpected, type Value, whole } from "../module/values.ts"
import { namesIn, piecesOf } from "./braces.ts"
import {
  decimal,
  EXPRESSION_DEPTH_MAX,
  element,
  knownName,
  label,
  reserved,
  sentence,
  stands,
  TIME,
  takes,
  withUnit,
  wordOf,
} from "./read.ts"
import { RESERVED } from "./reserved.ts"
import type { CaseSyntax, ConditionSyntax, ExpertSyntax, ExpressionSyntax, LiteralSyntax, Place } from "./syntax.ts"

const ROUTE = 'route kind { when refund: "We pay it back."  when unsure: "A person will answer." }'
const REPEAT = "repeat up to 4 times { start with draft of message then mend of reply until judge of reply is fine }"
const CALL = "intent of message"
export const EXPRESSION = `An expression such as \`${CALL}\` or "a text"`

/** Errors: OB105, OB109 to OB111, OB624, OB625, OB628. */
export function expression(lexer: Lexer, depth = 0): Value<ExpressionSyntax> {
  const found = plain(lexer, depth)
  if (found === undefined || !takes(lexer, "within")) return found
  const { end } = lexer.after() // of the unit
  const ms = withUnit(lexer, TIME, "writer of message within 800 ms")
  return ms === undefined ? undefined : { kind: "within", of: found, ms, start: found.start, end }
}

function plain(lexer: Lexer, depth: number): Value<ExpressionSyntax> {
  const token = lexer.peek()
  if (depth > EXPRESSION_DEPTH_MAX) {
    lexer.report(
      token,
      "OB625",
      `Expressions stand in expressions more than ${EXPRESSION_DEPTH_MAX} deep.`,
      "Give the inner ones names: NAME is …",
    )
    return undefined
  }
  if (token.kind === "string" || token.kind === "number") return literal(lexer)
  if (token.kind !== "word") return unexpected(lexer, EXPRESSION, `kind is ${CALL}`)
  lexer.next()
  if (stands(lexer, "from")) return field(lexer, token)
  switch (token.text) {
    case "label":
      return labelLiteral(lexer, token)
    case "unsure":
      return { kind: "unsure", start: token.start, end: token.end }
    case "route":
      return route(lexer, token, depth)
    case "first":
      return first(lexer, token, depth)
    case "mix":
      return mix(lexer, token, depth)
    case "repeat":
      return repeat(lexer, token, depth)
  }
  if (RESERVED.has(token.text)) {
    lexer.report(
      token,
      "OB105",
      `${EXPRESSION} was expected here, not \`${token.text}\`.`,
      `Write it like this: ${CALL}`,
    )
    return undefined
  }
  lexer.mentioned.push(token.text)
  return stands(lexer, "of")
    ? call(lexer, token)
    : { kind: "name", name: token.text, start: token.start, end: token.end }
}

/** A text or a number; a label only after its word. */
export function literal(lexer: Lexer): Value<LiteralSyntax> {
  const token = lexer.peek()
  if (token.kind === "number") {
    const value = decimal(lexer, -1e15, 1e15, "0.5")
    return value === undefined ? undefined : { kind: "number", value, start: token.start, end: token.end }
  }
  lexer.next()
  if (token.kind === "string") {
    const { text, start, end } = token
    if (!text.includes("{") && !text.includes("}")) return { kind: "text", text, start, end }
    const pieces = piecesOf(text) ?? "unpaired"
    for (const piece of pieces === "unpaired" ? namesIn(text) : pieces)
      if (piece.kind === "name") lexer.mentioned.push(piece.text)
    return { kind: "text", text, pieces, start, end }
  }
  return labelLiteral(lexer, token)
}
function labelLiteral(lexer: Lexer, token: Token): Value<LiteralSyntax> {
  const found = label(lexer, "label refund")
  return found && { kind: "label", label: found.text, start: token.start, end: found.end }
}

function field(lexer: Lexer, token: Token): Value<ExpressionSyntax> {
  lexer.next()
  const of = knownName(lexer, "reply from desk_answer")
  if (of) lexer.mentioned.push(of.text)
  return of && { kind: "field", field: wordOf(token), of, start: token.start, end: of.end }
}

/** `PART of INPUT and INPUT`, before the `of`. A chain `a of b of c` has one input each, since nobody can hear whose the second is. */
function call(lexer: Lexer, part: Token): Value<ExpressionSyntax> {
  lexer.next()
  let token = lexer.peek()
  let last = argument(lexer)
  if (last === undefined) return undefined
  const inputs = [last]
  let chained = last.kind === "call" ? token : undefined
  while (takes(lexer, "and")) {
    token = lexer.peek()
    last = argument(lexer)
    if (last === undefined) return undefined
    if (last.kind === "call") chained ??= token
    inputs.push(last)
  }
  const { end } = last
  if (inputs.length > 1 && chained !== undefined) {
    lexer.report(
      chained,
      "OB628",
      `Nobody can hear whether \`${chained.text}\` or \`${part.text}\` takes what follows \`and\`.`,
      `Give the inner one a name of its own: ${chained.text}_value is ${chained.text} of …`,
    )
    return undefined
  }
  return { kind: "call", part: wordOf(part), inputs, start: part.start, end }
}
function argument(lexer: Lexer): Value<ExpressionSyntax> {
  // A chain is read by a loop, so that its length costs no stack.
  const chain: Token[] = []
  for (;;) {
    const token = lexer.peek()
    if (token.kind === "string" || token.kind === "number" || (token.kind === "word" && token.text === "label"))
      return chained(chain, literal(lexer))
    if (token.kind !== "word") return unexpected(lexer, "An input, such as `message`,", CALL)
    lexer.next()
    if (stands(lexer, "from")) return chained(chain, field(lexer, token))
    if (RESERVED.has(token.text)) {
      reserved(lexer, token)
      return undefined
    }
    lexer.mentioned.push(token.text)
    if (!takes(lexer, "of"))
      return chained(chain, { kind: "name", name: token.text, start: token.start, end: token.end })
    chain.push(token)
    if (chain.length > EXPRESSION_DEPTH_MAX) {
      lexer.report(token, "OB625", `A chain of \`of\` is longer than ${EXPRESSION_DEPTH_MAX}.`, "Name a part of it.")
      return undefined
    }
  }
}
const chained = (chain: readonly Token[], last: Value<ExpressionSyntax>): Value<ExpressionSyntax> =>
  last &&
  chain.reduceRight<ExpressionSyntax>(
    (inner, token) => ({ kind: "call", part: wordOf(token), inputs: [inner], start: token.start, end: inner.end }),
    last,
  )

function route(lexer: Lexer, token: Token, depth: number): Value<ExpressionSyntax> {
  const on = knownName(lexer, ROUTE)
  if (on === undefined || !sentence(lexer, "{", ROUTE)) return undefined
  lexer.mentioned.push(on.text)
  const cases: CaseSyntax[] = []
  let otherwise: (Place & { readonly value: ExpressionSyntax }) | undefined
  for (;;) {
    const next = lexer.peek()
    element(lexer)
    if (takes(lexer, "}"))
      return { kind: "route", on, cases, ...(otherwise ? { otherwise } : {}), start: token.start, end: on.end }
    if (takes(lexer, "when")) {
      if (otherwise)
        lexer.report(
          next,
          "OB105",
          "`otherwise` stands last, and here is another `when`.",
          "Move `otherwise` to the end.",
        )
      const labels = caseLabels(lexer)
      const value = labels && sentence(lexer, ":", ROUTE) ? expression(lexer, depth + 1) : undefined
      if (value === undefined) return undefined
      cases.push({ labels: labels!, value, start: next.start, end: next.end })
    } else if (next.kind === "word" && (next.text === "otherwise" || next.text === "else")) {
      if (next.text === "else") unexpected(lexer, "`otherwise`", ROUTE.replace("when unsure", "otherwise"))
      lexer.next()
      const value = sentence(lexer, ":", ROUTE) ? expression(lexer, depth + 1) : undefined
      if (value === undefined) return undefined
      if (otherwise)
        lexer.report(next, "OB610", "There is an `otherwise` already.", "Keep one: it stands for all that is left.")
      otherwise = { value, start: next.start, end: next.end }
    } else return unexpected(lexer, "`when`, `otherwise` or the } of `route`", ROUTE)
  }
}
function caseLabels(lexer: Lexer): Value<CaseSyntax["labels"]> {
  const first = caseLabel(lexer)
  if (first === undefined) return undefined
  const labels = [first] // mostly the only one: an array that begins empty has room for 17
  while (takes(lexer, "or")) {
    const found = caseLabel(lexer)
    if (found === undefined) return undefined
    labels.push(found)
  }
  return labels
}
function caseLabel(lexer: Lexer): Value<CaseSyntax["labels"][number]> {
  const found = label(lexer, "when refund or exchange: …")
  if (found === undefined) return undefined
  const { kind, text, start, end } = found
  return { text, start, end, isUnsure: kind === "word" && text === "unsure" }
}

function first(lexer: Lexer, token: Token, depth: number): Value<ExpressionSyntax> {
  const example = 'first good { writer of message "A person will answer." }'
  if (!sentence(lexer, "good {", example)) return undefined
  const alternatives: ExpressionSyntax[] = []
  while (!takes(lexer, "}")) {
    element(lexer)
    const each = expression(lexer, depth + 1)
    if (each === undefined) return undefined
    alternatives.push(each)
  }
  if (alternatives.length > 0) return { kind: "first", alternatives, start: token.start, end: token.end }
  lexer.report(token, "OB113", "`first good` has nothing to choose from.", `Write it like this: ${example}`)
  return undefined
}

function mix(lexer: Lexer, token: Token, depth: number): Value<ExpressionSyntax> {
  const example = "mix { words of message letters of message weight 0.5 }"
  if (!sentence(lexer, "{", example)) return undefined
  const experts: ExpertSyntax[] = []
  while (!takes(lexer, "}")) {
    element(lexer)
    const value = expression(lexer, depth + 1)
    if (value === undefined) return undefined
    const weight = takes(lexer, "weight") ? weightOf(lexer) : 256
    if (weight === undefined) return undefined
    experts.push({ value, weight })
  }
  if (experts.length > 0) return { kind: "mix", experts, start: token.start, end: token.end }
  lexer.report(token, "OB113", "`mix` has no experts.", `Write it like this: ${example}`)
  return undefined
}
function weightOf(lexer: Lexer): Value<number> {
  const token = lexer.peek()
  const value = decimal(lexer, 0, 16, "weight 0.5")
  if (value === undefined || Number.isInteger(value * 256)) return value === undefined ? undefined : value * 256
  const nearest = Math.round(value * 256) / 256
  lexer.report(token, "OB111", `${shown(token)} is no multiple of 1/256.`, `The nearest one is ${nearest}.`)
  return undefined
}

function repeat(lexer: Lexer, token: Token, depth: number): Value<ExpressionSyntax> {
  if (!sentence(lexer, "up to", REPEAT)) return undefined
  const times = whole(lexer, 1, 1000, REPEAT)
  if (times === undefined || !sentence(lexer, "times {", REPEAT)) return undefined
  element(lexer)
  if (!sentence(lexer, "start with", REPEAT)) return undefined
  const begin = expression(lexer, depth + 1)
  element(lexer)
  if (begin === undefined || !sentence(lexer, "then", REPEAT)) return undefined
  const then = expression(lexer, depth + 1)
  element(lexer)
  if (then === undefined || !sentence(lexer, "until", REPEAT)) return undefined
  const until = condition(lexer)
  if (until === undefined || !sentence(lexer, "}", REPEAT)) return undefined
  return { kind: "repeat", times, begin, then, until, start: token.start, end: token.end }
}

function condition(lexer: Lexer): Value<ConditionSyntax> {
  const token = lexer.peek()
  const value = plain(lexer, EXPRESSION_DEPTH_MAX)
  if (value === undefined) return undefined
  if (takes(lexer, "is")) {
    const labels = caseLabels(lexer)
    return labels && { value, test: "is", labels, start: token.start, end: value.end }
  }
  for (const test of ["above", "below"] as const) {
    if (!takes(lexer, test)) continue
    const bound = decimal(lexer, -1e15, 1e15, `until score of reply ${test} 0.8`)
    return bound === undefined ? undefined : { value, test, bound, start: token.start, end: value.end }
  }
  return unexpected(lexer, "`is`, `above` or `below`", "until judge of reply is fine")
}
