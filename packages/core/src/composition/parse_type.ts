import { suggest } from "../base/problem.ts"
import { type Lexer, shown } from "../module/lexer.ts"
import { LIMITS, unexpected, type Value, whole } from "../module/values.ts"
import { decimal, element, knownName, label, newName, placeOf, sentence, stands, takes } from "./read.ts"
import type { PortSyntax, TypeSyntax } from "./syntax.ts"
import { elementOf, FINITE, type Port, type PortType } from "./types.ts"

export const TYPE_LIMITS = {
  bytes: LIMITS.bytes,
  labels: LIMITS.labels,
  length: 65_536,
  hz: 100_000,
  depth: 8,
  fields: 100,
}
const TYPES = ["text", "bytes", "label", "number", "vector", "record", "stream"]
const TEXT = "text up to 1024 bytes"

/** `NAME: TYPE`. */
export function port(lexer: Lexer, example: string): Value<PortSyntax> {
  const name = newName(lexer, example)
  if (name === undefined || !sentence(lexer, ":", example)) return undefined
  const first = lexer.peek()
  const found = type(lexer, 0)
  return found && { name, type: found, at: placeOf(first) }
}
/** The same where a module says what it takes and gives: any name will do, and no type asks a part. */
export function modulePort(lexer: Lexer, example: string): Value<Port> {
  const name = knownName(lexer, example)
  if (name === undefined || !sentence(lexer, ":", example)) return undefined
  const found = plainType(lexer, 0)
  return found && { name: name.text, type: elementOf(found) }
}

/** A type that depends on nothing else. Errors: OB105, OB111, OB112, OB113, OB118. */
export function plainType(lexer: Lexer, depth: number): Value<PortType> {
  const token = lexer.peek()
  const found = type(lexer, depth)
  if (found?.type !== "label of") return found
  lexer.report(
    token,
    "OB118",
    "`label of` names a part of a brain, and there is none here.",
    "Write the labels: label { yes no }",
  )
  return undefined
}

export function type(lexer: Lexer, depth: number): Value<TypeSyntax> {
  const token = lexer.peek()
  if (token.kind !== "word") return unexpected(lexer, "A type", TEXT)
  lexer.next()
  switch (token.text) {
    case "text": {
      if (!sentence(lexer, "up to", TEXT)) return undefined
      const bytesMax = whole(lexer, 1, TYPE_LIMITS.bytes, TEXT)
      return bytesMax !== undefined && sentence(lexer, "bytes", TEXT) ? { type: "text", bytesMax } : undefined
    }
    case "bytes": {
      if (!sentence(lexer, "up to", "bytes up to 1024")) return undefined
      const bytesMax = whole(lexer, 1, TYPE_LIMITS.bytes, "bytes up to 1024")
      return bytesMax === undefined ? undefined : { type: "bytes", bytesMax }
    }
    case "label": {
      if (takes(lexer, "of")) {
        const part = knownName(lexer, "label of intent")
        return part && { type: "label of", part }
      }
      const labels = labelSet(lexer)
      return labels && { type: "label", labels }
    }
    case "number":
      return numberType(lexer)
    case "vector": {
      const example = "vector of 8 numbers"
      if (!sentence(lexer, "of", example)) return undefined
      const length = whole(lexer, 1, TYPE_LIMITS.length, example)
      return length !== undefined && sentence(lexer, "numbers", example) ? { type: "vector", length } : undefined
    }
    case "record":
      return record(lexer, depth)
    case "stream": {
      const example = "stream of vector of 8 numbers at 1000 hz"
      if (!sentence(lexer, "of", example)) return undefined
      const of = plainType(lexer, depth + 1)
      if (of === undefined || !sentence(lexer, "at", example)) return undefined
      const hz = decimal(lexer, 0.001, TYPE_LIMITS.hz, example)
      return hz !== undefined && sentence(lexer, "hz", example) ? { type: "stream", of, hz } : undefined
    }
    default:
      lexer.report(token, "OB118", `There is no type ${shown(token)}.`, suggest(token.text.slice(0, 64), TYPES))
      return undefined
  }
}

const LABELS = "label { yes no }"
function labelSet(lexer: Lexer): Value<readonly string[]> {
  if (!sentence(lexer, "{", LABELS)) return undefined
  const labels = new Set<string>()
  for (;;) {
    const token = lexer.peek()
    if (token.kind === "}") {
      lexer.next()
      if (labels.size > 0 && labels.size <= TYPE_LIMITS.labels) return [...labels]
      const seen = labels.size === 0 ? "There are no labels." : `There are more than ${TYPE_LIMITS.labels} labels.`
      lexer.report(token, "OB113", seen, `Name at least one and at most ${TYPE_LIMITS.labels}.`)
      return undefined
    }
    element(lexer)
    const found = label(lexer, LABELS)
    if (found === undefined) return undefined
    if (labels.has(found.text))
      lexer.report(token, "OB112", `The label ${shown(token)} is here for the second time.`, "Keep one of the two.")
    labels.add(found.text)
  }
}

function numberType(lexer: Lexer): Value<PortType> {
  if (!stands(lexer, "from")) return { type: "number", ...FINITE }
  const example = "number from 0 to 1"
  lexer.next()
  const least = decimal(lexer, -1e15, 1e15, example)
  if (least === undefined || !sentence(lexer, "to", example)) return undefined
  const token = lexer.peek()
  const most = decimal(lexer, -1e15, 1e15, example)
  if (most === undefined || most >= least) return most === undefined ? undefined : { type: "number", least, most }
  lexer.report(token, "OB111", `No number is from ${least} to ${most}.`, "Write the smaller one first.")
  return undefined
}

function record(lexer: Lexer, depth: number): Value<PortType> {
  const example = "record { title: text up to 80 bytes }"
  const open = lexer.peek()
  if (!sentence(lexer, "{", example)) return undefined
  if (depth >= TYPE_LIMITS.depth) {
    lexer.report(open, "OB625", `Records stand in records more than ${TYPE_LIMITS.depth} deep.`, "Make it flatter.")
    return undefined
  }
  const fields = new Map<string, Port>()
  while (!takes(lexer, "}")) {
    element(lexer)
    const token = lexer.peek()
    const name = knownName(lexer, example)
    if (name === undefined || !sentence(lexer, ":", example)) return undefined
    const of = plainType(lexer, depth + 1)
    if (of === undefined) return undefined
    if (fields.has(name.text))
      lexer.report(token, "OB603", `There is a field ${shown(token)} already.`, "Give one of the two another name.")
    fields.set(name.text, { name: name.text, type: of })
  }
  if (fields.size > 0 && fields.size <= TYPE_LIMITS.fields) return { type: "record", fields: [...fields.values()] }
  lexer.report(
    open,
    "OB113",
    `A record has ${fields.size} fields.`,
    `Name at least one and at most ${TYPE_LIMITS.fields}.`,
  )
  return undefined
}
