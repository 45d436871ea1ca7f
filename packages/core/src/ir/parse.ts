import { DTYPE, isDtype, type Scalar } from "../base/dtype.ts"
import type { Json } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import { LIMITS } from "./limits.ts"
import type { Access, Binary, Block, Buffer, Expression, Packed, Program, Statement, Unary } from "./program.ts"
import { ACCESSES, BINARY, UNARY } from "./program.ts"
import { validate } from "./validate.ts"

/**
 * A program out of a stranger's file: of the right form and, unless the whole that it becomes part of is proved anyway,
 * proved by `validate`. Errors: OB210, OB211, OB212.
 */
export function parseProgram(json: Json, check = validate): Program {
  const { name, buffers, body, entries } = object(json, "program")
  const program = {
    ...{ name: text(name), buffers: list(buffers).map(bufferOf), body: blockOf(body ?? null, 0) },
    ...(entries === undefined ? {} : { entries: entriesOf(entries) }),
  }
  const problems = (entries === undefined ? check : validate)(program) // entries need not become part of anything
  return problems.length > 0 ? refuse(...problems) : program
}

type Members = Readonly<Record<string, Json | undefined>>
const wrong = (seen: string): never =>
  refuse({ code: "OB211", seen: `This is no loop IR: ${seen}.`, hint: "The file is damaged or of a newer version." })
/** Never all of it: a text may be long and a list too deep to print. */
const shown = (json: Json | undefined): string => {
  if (json === undefined) return "nothing"
  if (typeof json === "object" && json !== null) return Array.isArray(json) ? "a list" : "an object"
  return typeof json === "string" ? JSON.stringify(json.slice(0, 60)) : `${json}`
}
function object(json: Json | undefined, what: string): Members {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return wrong(`${shown(json)} is no ${what}`)
  return json as Members
}
const list = (json: Json | undefined): readonly Json[] =>
  Array.isArray(json) ? (json as readonly Json[]) : wrong(`${shown(json)} is no list`)
const text = (json: Json | undefined): string => (typeof json === "string" ? json : wrong(`${shown(json)} is no name`))
const number = (json: Json | undefined): number =>
  typeof json === "number" ? json : wrong(`${shown(json)} is no number`)

function bufferOf(json: Json): Buffer {
  const { name, dtype, length, access, values } = object(json, "buffer")
  if (!isDtype(dtype)) return wrong(`${shown(dtype)} is no dtype`)
  if (!ACCESSES.includes(access as Access)) return wrong(`${shown(access)} is no access`)
  const rest = values === undefined ? {} : { values: list(values).map(constantOf) }
  return { name: text(name), dtype, length: number(length), access: access as Access, ...rest }
}

const entriesOf = (json: Json): Readonly<Record<string, Block>> =>
  Object.fromEntries(
    Object.entries(object(json, "entries")).map(([entry, block]) => [entry, blockOf(block ?? null, 0)]),
  )

function deeper(depth: number): number {
  return depth < 4 * LIMITS.depth ? depth + 1 : wrong("it is nested too deep")
}
function expressionOf(json: Json | undefined, above: number): Expression {
  const depth = deeper(above)
  const e = object(json, "expression")
  const inner = (member: Json | undefined): Expression => expressionOf(member, depth)
  switch (e["kind"]) {
    case "constant":
      return { kind: "constant", scalar: scalar(e["scalar"]), value: constantOf(e["value"]) }
    case "local":
      return { kind: "local", scalar: scalar(e["scalar"]), name: text(e["name"]) }
    case "load":
      if (!isDtype(e["dtype"])) return wrong(`${shown(e["dtype"])} is no dtype`)
      return {
        ...{ kind: "load", dtype: e["dtype"], buffer: text(e["buffer"]), index: inner(e["index"]) },
        ...(e["packed"] === undefined ? {} : { packed: packed(e["packed"]) }),
      }
    case "unary":
      if (!Object.hasOwn(UNARY, text(e["op"]))) return wrong(`${shown(e["op"])} is no operation`)
      return { kind: "unary", op: e["op"] as Unary, value: inner(e["value"]) }
    case "binary":
      if (!Object.hasOwn(BINARY, text(e["op"]))) return wrong(`${shown(e["op"])} is no operation`)
      return { kind: "binary", op: e["op"] as Binary, left: inner(e["left"]), right: inner(e["right"]) }
    case "select":
      return { kind: "select", condition: inner(e["condition"]), yes: inner(e["yes"]), no: inner(e["no"]) }
    default:
      return wrong(`${shown(e["kind"])} is no kind of expression`)
  }
}
const packed = (json: Json): Packed => (json === 2 || json === 4 ? json : wrong(`${shown(json)} parts of a word`))
function scalar(json: Json | undefined): Scalar {
  return SCALARS.has(json as Scalar) ? (json as Scalar) : wrong(`${shown(json)} is no scalar`)
}
const SCALARS: ReadonlySet<Scalar> = new Set(Object.values(DTYPE).map((facts) => facts.scalar))
/** JSON has no NaN; an infinity or -0 would not outlast a canonical text, so one digest would have two meanings. */
function constantOf(json: Json | undefined): number {
  const value = number(json)
  return Number.isFinite(value) && !Object.is(value, -0) ? value : wrong(`${value === 0 ? "-0" : value} as a constant`)
}

function blockOf(json: Json, above: number): Block {
  const depth = deeper(above)
  return list(json).map((each): Statement => {
    const s = object(each, "statement")
    const value = (member: string): Expression => expressionOf(s[member], depth)
    switch (s["kind"]) {
      case "let":
      case "set":
        return { kind: s["kind"], name: text(s["name"]), value: value("value") }
      case "store":
        return { kind: "store", buffer: text(s["buffer"]), index: value("index"), value: value("value") }
      case "if": {
        const [yes, no] = [blockOf(s["yes"] ?? null, depth), blockOf(s["no"] ?? null, depth)]
        return { kind: "if", condition: value("condition"), yes, no }
      }
      case "loop": {
        const [index, maximum] = [text(s["index"]), number(s["maximum"])]
        const body = blockOf(s["body"] ?? null, depth)
        return { kind: "loop", index, count: value("count"), maximum, parallel: false, body } // promises are not trusted
      }
      default:
        return wrong(`${shown(s["kind"])} is no kind of statement`)
    }
  })
}
