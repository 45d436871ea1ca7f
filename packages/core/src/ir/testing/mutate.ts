import { DTYPES } from "../../base/dtype.ts"
import type { Buffer, Expression, Program, Statement } from "../program.ts"
import { ACCESSES, BINARY, type Binary, UNARY, type Unary } from "../program.ts"
import { type Draw, drawFrom, EDGES } from "./draw.ts"

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }
type AnyExpression = Mutable<Expression>
/** A node and how to put another in its place. */
interface Site<Node> {
  readonly node: Node
  replace(by: Node): void
}

/** A copy with one to three wounds: what a bug, a bit flip or somebody with bad intentions would change. */
export function mutated(program: Program, seed: number): Program {
  const draw = drawFrom(seed)
  const copy = structuredClone(program) as { -readonly [Key in keyof Program]: Program[Key] }
  for (let wounds = draw.between(1, 3); wounds > 0; wounds--) {
    const kind = draw.between(0, 9)
    const { expressions, statements } = sitesIn(copy)
    if (kind < 5 && expressions.length > 0) woundExpression(draw, draw.pick(expressions), copy.buffers)
    else if (kind < 8 && statements.length > 0) woundStatement(draw, draw.pick(statements), copy.buffers)
    else if (kind === 8) woundBuffer(draw, copy.buffers as Mutable<Buffer>[])
    else copy.entries = entriesWith(draw, copy)
  }
  return copy
}

/** Every place at which an expression or a statement stands. */
function sitesIn({ body, entries = {} }: Program): {
  readonly expressions: Site<AnyExpression>[]
  readonly statements: { readonly block: Statement[]; readonly at: number }[]
} {
  const expressions: Site<AnyExpression>[] = []
  const statements: { readonly block: Statement[]; readonly at: number }[] = []
  const visit = (holder: Record<string, unknown> | unknown[], isBlock: boolean): void => {
    for (const [key, value] of Object.entries(holder)) {
      if (typeof value !== "object" || value === null) continue
      if (Array.isArray(value)) visit(value, true)
      else {
        if (isBlock) statements.push({ block: holder as Statement[], at: Number(key) })
        else
          expressions.push({
            node: value as AnyExpression,
            replace(by) {
              ;(holder as Record<string, unknown>)[key] = by
            },
          })
        visit(value as Record<string, unknown>, false)
      }
    }
  }
  for (const block of [body, ...Object.values(entries)]) visit(block as unknown[], true)
  return { expressions, statements }
}

const NUMBERS = [...EDGES.i32, 2 ** 31, -0, 0.5, 2 ** 53, 1e300]

function woundExpression(draw: Draw, { node, replace }: Site<AnyExpression>, buffers: readonly Buffer[]): void {
  const kind = draw.between(0, 7)
  switch (node.kind) {
    case "constant":
      if (kind === 0) node.scalar = draw.pick(["i32", "f32"] as const)
      else if (kind < 4) node.value += draw.pick([1, -1, 2, -2, 64])
      else node.value = draw.pick(NUMBERS)
      return
    case "local":
      if (kind === 0) node.scalar = draw.pick(["i32", "f32"] as const)
      else if (kind < 4) replace({ kind: "constant", scalar: "i32", value: draw.number("i32") })
      else node.name = node.name.replace(/\d+$/, (digits) => `${Number(digits) + draw.pick([1, -1])}`)
      return
    case "load": {
      const other = draw.pick(buffers)
      if (kind < 2) node.buffer = other.name
      else if (kind < 4) Object.assign(node, { buffer: other.name, dtype: other.dtype })
      else if (kind === 4) node.dtype = draw.pick(["i8", "u8", "i16", "u16", "i32", "f32"] as const)
      else if (kind === 5) replace({ ...node, packed: draw.pick([2, 4] as const) })
      else node.index = shifted(node.index, draw)
      return
    }
    case "unary":
      if (kind < 3) replace(node.value as AnyExpression)
      else node.op = draw.pick(Object.keys(UNARY).filter((op) => !op.includes("f64")) as Unary[])
      return
    case "binary":
      if (kind < 3)
        replace((draw.flip() ? node.left : node.right) as AnyExpression) // a clamp is gone
      else if (kind < 5) Object.assign(node, { left: node.right, right: node.left })
      else node.op = draw.pick(sameKind(node.op, draw.flip()))
      return
    case "select":
      if (kind < 4) replace((draw.flip() ? node.yes : node.no) as AnyExpression)
      else Object.assign(node, { yes: node.no, no: node.yes })
      return
    default:
      return node satisfies never
  }
}
/** Operations on the same scalars, or any at all. */
const sameKind = (op: Binary, isSame: boolean): Binary[] =>
  (Object.keys(BINARY) as Binary[]).filter(
    (other) => !other.includes("f64") && (!isSame || other.slice(0, 3) === op.slice(0, 3)),
  )
const shifted = (e: Expression, draw: Draw): Expression => ({
  ...{ kind: "binary", op: draw.pick(["i32.add", "i32.mul", "i32.sub", "i32.shl"] as const), left: e },
  right: { kind: "constant", scalar: "i32", value: draw.pick(EDGES.i32) },
})

function woundStatement(
  draw: Draw,
  { block, at }: { readonly block: Statement[]; readonly at: number },
  buffers: readonly Buffer[],
): void {
  const [s, kind] = [block[at] as Mutable<Statement>, draw.between(0, 9)]
  if (kind === 0) block.splice(at, 1)
  else if (kind === 1)
    block.splice(at, 0, structuredClone(s) as Statement) // names are bound twice
  else if (kind === 2) block.splice(at, 0, ...block.splice(draw.between(0, block.length - 1), 1))
  else if (kind === 3) block[at] = { kind: "loop", ...loopHead(draw), parallel: false, body: [s as Statement] }
  else if (s.kind === "loop") {
    if (kind < 6) s.maximum = draw.pick([0, 1, s.maximum + 1, 2 * s.maximum, 1000, 2 ** 31 - 1, 2 ** 31, -1, 0.5])
    else if (kind < 8) s.count = { kind: "constant", scalar: "i32", value: draw.number("i32") }
    else if (kind === 8) s.parallel = !s.parallel
    else s.index = s.index.replace(/\d+$/, "0")
  } else if (s.kind === "store") {
    if (kind < 7) s.buffer = draw.pick(buffers).name
    else s.index = shifted(s.index, draw)
  } else if (s.kind === "if") {
    if (kind < 7) Object.assign(s, { yes: s.no, no: s.yes })
    else block.splice(at, 1, ...s.yes)
  } else if (kind < 7) block[at] = { ...s, kind: s.kind === "let" ? "set" : "let" } as Statement
  else s.name = s.name.replace(/\d+$/, (digits) => `${Number(digits) + draw.pick([1, -1])}`)
}
const loopHead = (draw: Draw): Omit<Extract<Statement, { kind: "loop" }>, "kind" | "parallel" | "body"> => ({
  index: draw.pick(["w0", "w1", "hostile"]),
  count: { kind: "constant", scalar: "i32", value: draw.pick([0, 1, 3, -1]) },
  maximum: draw.between(0, 3),
})

function woundBuffer(draw: Draw, buffers: Mutable<Buffer>[]): void {
  const [buffer, kind] = [draw.pick(buffers), draw.between(0, 5)]
  if (kind < 2) buffer.length += draw.pick([1, -1, 100, 0.5, -buffer.length])
  else if (kind === 2) buffer.dtype = draw.pick(DTYPES.filter((dtype) => dtype !== "f64"))
  else if (kind === 3) buffer.access = draw.pick(ACCESSES)
  else if (kind === 4) buffer.name = draw.pick(buffers).name
  else buffers.splice(buffers.indexOf(buffer), 1)
}

/** A part of the body as an entry: what it binds is bound elsewhere now, or twice. */
function entriesWith(draw: Draw, { body, entries = {} }: Program): Record<string, Statement[]> {
  const from = draw.between(0, Math.max(0, body.length - 1))
  const name = draw.pick(["again", "step", "run", "2", "p0_v0"])
  const moved = draw.flip() ? structuredClone(body.slice(from)) : (body as Statement[]).splice(from)
  return { ...(entries as Record<string, Statement[]>), [name]: moved as Statement[] }
}
