import type { Block, Buffer, Expression, Program, Statement } from "./program.ts"
import { scalarOf } from "./program.ts"

/**
 * A program as text to read, never read back: buffers, then each entry, a statement a line. Numbers of f32 have a point,
 * those of i32 none; an operation without a sign of its own is called by its name in program.ts.
 */
export function printProgram(program: Program): string {
  const entries = Object.entries({ run: program.body, ...program.entries })
  return [
    `program ${program.name}`,
    ...program.buffers.map((buffer) => `  ${bufferLine(buffer)}`),
    ...entries.flatMap(([entry, block]) => [entry, ...blockLines(block, "  ")]),
    "",
  ].join("\n")
}

const VALUES_SHOWN = 8
function bufferLine({ name, dtype, length, access, values }: Buffer): string {
  const more = values && values.length > VALUES_SHOWN ? ", ..." : ""
  return `${access} ${name}: ${dtype}[${length}]${values ? ` = ${values.slice(0, VALUES_SHOWN).join(", ")}${more}` : ""}`
}

function blockLines(block: Block, margin: string): readonly string[] {
  const inside = `${margin}  `
  return block.flatMap((s) => {
    const line = margin + printStatement(s)
    if (s.kind === "loop") return [line, ...blockLines(s.body, inside)]
    if (s.kind !== "if") return [line]
    const otherwise = s.no.length > 0 ? [`${margin}else`, ...blockLines(s.no, inside)] : []
    return [line, ...blockLines(s.yes, inside), ...otherwise]
  })
}

/** One line, without the blocks inside; expressions deeper than `depth` are dots. */
export function printStatement(s: Statement, depth = Number.POSITIVE_INFINITY): string {
  const text = (e: Expression): string => printExpression(e, depth)
  switch (s.kind) {
    case "let":
      return `let ${s.name}: ${scalarOf(s.value)} = ${text(s.value)}`
    case "set":
      return `${s.name} = ${text(s.value)}`
    case "store":
      return `${s.buffer}[${text(s.index)}] = ${text(s.value)}`
    case "if":
      return `if ${text(s.condition)}`
    case "loop": {
      const isWhole = s.count.kind === "constant" && s.count.value === s.maximum
      return `${s.parallel ? "parallel" : "for"} ${s.index} < ${isWhole ? s.maximum : `min(${text(s.count)}, ${s.maximum})`}`
    }
    default:
      return s satisfies never
  }
}

export function printExpression(e: Expression, depth = Number.POSITIVE_INFINITY): string {
  if (depth === 0) return "..."
  const inner = (operand: Expression): string => printExpression(operand, depth - 1)
  switch (e.kind) {
    case "constant":
      return e.scalar === "i32" ? `${e.value}` : float(e)
    case "local":
      return e.name
    case "load":
      return e.packed ? `packed${e.packed}(${e.buffer}[${inner(e.index)}])` : `${e.buffer}[${inner(e.index)}]`
    case "unary":
      return `${nameOf(e.op)}(${inner(e.value)})`
    case "binary": {
      const sign = SIGNS[nameOf(e.op)]
      if (!sign) return `${nameOf(e.op)}(${inner(e.left)}, ${inner(e.right)})`
      const level = levelOf(e)
      const least = level > 0 ? level : COMPARES.includes(sign) ? 1 : 3
      const operand = (of: Expression, wanted: number): string => (levelOf(of) < wanted ? `(${inner(of)})` : inner(of))
      return `${operand(e.left, least)} ${sign} ${operand(e.right, level > 0 ? least + 1 : least)}`
    }
    case "select":
      return `select(${inner(e.condition)}, ${inner(e.yes)}, ${inner(e.no)})`
    default:
      return e satisfies never
  }
}

const nameOf = (op: string): string => op.slice(4)
const SIGNS: Readonly<Record<string, string | undefined>> = {
  ...{ add: "+", sub: "-", mul: "*", div: "/", and: "&", or: "|", xor: "^", shl: "<<", shr_s: ">>", shr_u: ">>>" },
  ...{ eq: "==", ne: "!=", lt_s: "<", le_s: "<=", lt: "<", le: "<=" },
}
/**
 * How tightly an expression holds together. Where nobody knows the order by heart there are brackets: an operand of a mask
 * or a shift has them, and so has a comparison, a mask or a shift that is an operand.
 */
function levelOf(e: Expression): number {
  const sign = e.kind === "binary" ? SIGNS[nameOf(e.op)] : undefined
  if (sign === undefined) return 3
  return "*/".includes(sign) ? 2 : "+-".includes(sign) ? 1 : 0
}
const COMPARES: readonly string[] = ["==", "!=", "<", "<="]

/** The fewest digits that give the same number, with a point or an exponent. */
function float({ scalar, value }: Extract<Expression, { kind: "constant" }>): string {
  if (Object.is(value, -0)) return "-0.0"
  const isSame = (digits: string): boolean =>
    (scalar === "f32" ? Math.fround(Number(digits)) : Number(digits)) === value
  const candidates = Array.from({ length: 9 }, (_, n) => `${Number(value.toPrecision(n + 1))}`)
  const shortest = candidates.find(isSame) ?? `${value}`
  return /^-?\d+$/.test(shortest) ? `${shortest}.0` : shortest
}
