import { type Problem, Refusal, suggest } from "../base/problem.ts"
import { block, put } from "../module/block.ts"
import { type Lexer, lex, shown } from "../module/lexer.ts"
import { digestValue, LIMITS, licence, line, relativePath, unexpected, type Value } from "../module/values.ts"
import { expression, literal } from "./parse_expression.ts"
import { limitBlock, moduleDeclaration } from "./parse_module.ts"
import { plainType, port } from "./parse_type.ts"
import { element, knownName, newName, placeOf, reserved, sentence, stands, takes, wordOf } from "./read.ts"
import { RESERVED } from "./reserved.ts"
import type {
  ArgumentSyntax,
  BrainSyntax,
  FileSyntax,
  LimitSyntax,
  ModuleSyntax,
  ParameterSyntax,
  PortSyntax,
  RuleSyntax,
  UseSyntax,
  ValueSyntax,
  Word,
} from "./syntax.ts"
import type { PortType } from "./types.ts"

/** Of one file. A person wants to see all of the mistakes, a hostile file has no end of them. */
export const FILE_LIMITS = { sourceMax: 2 ** 24, problemsMax: 1000 }

export interface Parsed {
  readonly syntax: FileSyntax
  readonly problems: readonly Problem[]
}

/**
 * Reads a file of brains; docs/formats/brain.md has the grammar. After a mistake reading goes on at the next member, so that all are
 * told of at once, and what was read is given beside them. `elements` is given where the elements of blocks begin. Problems: OB100 to OB118, OB122, OB603, OB610, OB624, OB625, OB628.
 */
export function parseBrains(source: string, file: string, elements?: number[]): Parsed {
  const includes: Word[] = []
  const definitions: (BrainSyntax | ModuleSyntax)[] = []
  const syntax: FileSyntax = { file, source, includes, definitions }
  try {
    const lexer = lex(source, file, FILE_LIMITS)
    if (elements) lexer.elements = elements
    readFile(lexer, includes, definitions)
    lexer.finish()
    return { syntax, problems: [] }
  } catch (error) {
    if (error instanceof Refusal) return { syntax, problems: error.problems }
    throw error
  }
}

const KINDS = ["brain", "net", "code", "remote", "benchmark"] as const
const START = ["include", ...KINDS]

function readFile(lexer: Lexer, includes: Word[], definitions: (BrainSyntax | ModuleSyntax)[]): void {
  let isMisread = false
  for (;;) {
    const token = lexer.peek()
    element(lexer)
    if (token.kind === "end") {
      if (definitions.length === 0 && includes.length === 0 && !isMisread)
        unexpected(lexer, "A brain", "brain helpdesk { … }")
      return
    }
    if (token.kind === "word" && token.text === "include") include(lexer, includes, definitions.length > 0)
    else {
      const found = definition(lexer)
      if (found) definitions.push(found)
      else isMisread = true
    }
  }
}

function include(lexer: Lexer, includes: Word[], isLate: boolean): void {
  const token = lexer.next()
  const example = 'include "parts.brain"'
  const path = lexer.peek()
  if (relativePath(lexer, example) !== undefined) includes.push(wordOf(path))
  else toNextDefinition(lexer)
  if (isLate)
    lexer.report(token, "OB105", "`include` stands before all definitions.", "Move this line to the top of the file.")
}

function definition(lexer: Lexer): BrainSyntax | ModuleSyntax | undefined {
  const token = lexer.next()
  const kind = token.kind === "word" ? KINDS.find((each) => each === token.text) : undefined
  if (kind === undefined) {
    const hint =
      token.kind === "word" ? suggest(token.text.slice(0, 64), START) : "Write it like this: brain helpdesk { … }"
    lexer.report(token, "OB105", `A definition was expected here, not ${shown(token)}.`, hint)
    toNextDefinition(lexer)
    return undefined
  }
  const name = newName(lexer, `${kind} helpdesk {`, "-") ?? { text: "", ...placeOf(token) }
  if (kind === "brain") return brain(lexer, name)
  const declaration = moduleDeclaration(lexer, kind, name)
  return declaration && name.text !== "" ? { kind: "module", name, declaration } : undefined
}
function toNextDefinition(lexer: Lexer): void {
  for (; ; lexer.next()) {
    const { kind, text, first } = lexer.peek()
    if (kind === "end") break
    if (kind === "word" && first && START.includes(text) && lexer.depth <= 0) break
  }
  lexer.depth = 0
}

const TAKES = "takes message: text up to 1024 bytes"
const GIVES = "gives reply: text up to 400 bytes"
const EXAMPLES: Readonly<Record<string, string>> = {
  about: 'about "What it is good for"',
  licence: 'licence "CC0-1.0"',
  takes: TAKES,
  gives: GIVES,
}
const REPEATED = ["takes", "gives", "parameter", "use", "require", "forbid", "benchmark"]
const NAME = /^[a-z][a-z0-9_]{0,63}$/
const VALUE = "kind is intent of message"

function brain(lexer: Lexer, name: Word): BrainSyntax | undefined {
  const draft: { about?: string; licence?: string; budget?: readonly LimitSyntax[] } = {}
  const [ins, outs]: [PortSyntax[], PortSyntax[]] = [[], []]
  const parameters: ParameterSyntax[] = []
  const uses: UseSyntax[] = []
  const values: ValueSyntax[] = []
  const rules: RuleSyntax[] = []
  const benchmarks: Word[] = []
  const add = <T>(list: T[], each: Value<T>): boolean => each !== undefined && list.push(each) > 0
  const members = {
    about: () => put(draft, "about", line(lexer, "The line about it", LIMITS.about, EXAMPLES["about"]!)),
    licence: () => put(draft, "licence", licence(lexer)),
    takes: () => add(ins, port(lexer, TAKES)),
    gives: () => add(outs, port(lexer, GIVES)),
    parameter: () => add(parameters, parameter(lexer)),
    use: () => add(uses, use(lexer)),
    require: () => add(rules, rule(lexer, "require")),
    forbid: () => add(rules, rule(lexer, "forbid")),
    budget: () => put(draft, "budget", limitBlock(lexer, "budget")),
    benchmark: () => {
      const token = lexer.peek()
      const found = line(lexer, "The benchmark", LIMITS.dataName, 'benchmark "acme/parcel-questions"')
      return add(benchmarks, found === undefined ? undefined : wordOf(token))
    },
  }
  block(lexer, "brain", Object.keys(EXAMPLES), REPEATED, members, EXAMPLES, {
    stands: (isCertain) => lexer.peek().kind === "word" && isValue(lexer, isCertain),
    read: () => add(values, value(lexer)),
  })
  if (name.text === "") return undefined
  const { about = "", licence: terms = "", budget = [] } = draft
  return {
    kind: "brain",
    name,
    about,
    licence: terms,
    takes: ins,
    gives: outs,
    parameters,
    uses,
    values,
    rules,
    budget,
    benchmarks,
  }
}

/** Whether `is` follows, or the colon or sign that other languages have in its place. */
function isValue(lexer: Lexer, isCertain: boolean): boolean {
  const { kind, text } = lexer.after()
  return (kind === "word" && text === "is") || (kind === ":" && !isCertain && !RESERVED.has(lexer.peek().text))
}
/** `NAME is EXPRESSION`. */
function value(lexer: Lexer): Value<ValueSyntax> {
  const word = lexer.next()
  if (!sentence(lexer, "is", VALUE)) lexer.next()
  if (RESERVED.has(word.text)) reserved(lexer, word)
  else if (!NAME.test(word.text))
    lexer.report(
      word,
      "OB109",
      `${shown(word)} is no name: small letters, digits and _, a letter first, at most 64 of them.`,
      `Write it like this: ${VALUE}`,
    )
  const mentioned: string[] = []
  lexer.mentioned = mentioned
  const found = expression(lexer)
  return found && { name: wordOf(word), value: found, mentioned }
}

function parameter(lexer: Lexer): Value<ParameterSyntax> {
  const example = 'parameter greeting: text up to 40 bytes is "Hello"'
  const name = newName(lexer, example)
  if (name === undefined || !sentence(lexer, ":", example)) return undefined
  if (stands(lexer, "module")) {
    const type = moduleType(lexer)
    return type && { name, type }
  }
  const token = lexer.peek()
  const type = plainType(lexer, 0)
  if (type === undefined) return undefined
  if (type.type !== "text" && type.type !== "number" && type.type !== "label") {
    lexer.report(token, "OB118", `No ${type.type} can be written down as a value.`, "Take text, number or label.")
    return undefined
  }
  if (!takes(lexer, "is")) return { name, type }
  const next = lexer.peek()
  if (next.kind !== "string" && next.kind !== "number" && next.text !== "label")
    return unexpected(lexer, "A text, a number or a label", example)
  const found = literal(lexer)
  return found && { name, type, value: found }
}
function moduleType(lexer: Lexer): Value<ParameterSyntax["type"]> {
  const example = "parameter judge: module that takes text up to 400 bytes and gives label { fine poor }"
  if (!sentence(lexer, "module that takes", example)) return undefined
  const ins: PortType[] = []
  do {
    const found = plainType(lexer, 0)
    if (found === undefined || !sentence(lexer, "and", example)) return undefined
    ins.push(found)
  } while (!takes(lexer, "gives"))
  const gives = plainType(lexer, 0)
  return gives && { type: "module", takes: ins, gives }
}

const USE = 'use intent from "./desk"'
function use(lexer: Lexer): Value<UseSyntax> {
  const name = newName(lexer, USE)
  if (name === undefined || !sentence(lexer, "from", USE)) return undefined
  const source = lexer.peek()
  if (source.kind !== "string" && source.kind !== "word") return unexpected(lexer, "A folder or a name", USE)
  lexer.next()
  const draft: { digest?: UseSyntax["digest"]; shared?: string } = {}
  let given: readonly ArgumentSyntax[] = []
  let isOptional = false
  for (;;) {
    if (takes(lexer, "at")) {
      if (!put(draft, "digest", digestValue(lexer))) return undefined
    } else if (takes(lexer, "with")) {
      const found = argumentBlock(lexer)
      if (found === undefined) return undefined
      given = found
    } else if (takes(lexer, "optional")) isOptional = true
    else if (takes(lexer, "shared")) {
      const shared = sentence(lexer, "as", `${USE} shared as memory`)
        ? knownName(lexer, `${USE} shared as memory`)
        : undefined
      if (shared === undefined) return undefined
      draft.shared = shared.text
    } else break
  }
  const isString = source.kind === "string"
  return { name, source: wordOf(source), isString, ...draft, arguments: given, isOptional } as UseSyntax
}
function argumentBlock(lexer: Lexer): Value<readonly ArgumentSyntax[]> {
  const example = 'with { greeting "Hello" }'
  if (!sentence(lexer, "{", example)) return undefined
  const found: ArgumentSyntax[] = []
  while (!takes(lexer, "}")) {
    element(lexer)
    const name = knownName(lexer, example)
    if (name === undefined) return undefined
    const token = lexer.peek()
    if (token.kind === "string" || token.kind === "number" || token.text === "label") {
      const given = literal(lexer)
      if (given === undefined) return undefined
      found.push({ name, value: given })
    } else {
      const given = knownModule(lexer, example)
      if (given === undefined) return undefined
      found.push({ name, value: { kind: "name", name: given.text, start: given.start, end: given.end } })
    }
  }
  return found
}
/** A parameter, a use or a definition: modules have hyphens. */
function knownModule(lexer: Lexer, example: string): Value<Word> {
  const token = lexer.peek()
  if (token.kind !== "word") return unexpected(lexer, "A value", example)
  lexer.next()
  return wordOf(token)
}

function rule(lexer: Lexer, kind: RuleSyntax["kind"]): Value<RuleSyntax> {
  const example = `${kind} "order" in reply`
  const token = lexer.peek()
  const text = line(lexer, "The word", 200, example)
  if (text === undefined || !sentence(lexer, "in", example)) return undefined
  const output = knownName(lexer, example)
  return output && { kind, text: wordOf(token), output }
}
