import { DTYPE, type Dtype, type Scalar } from "../base/dtype.ts"
import { LIMITS, type Limits } from "./limits.ts"
import type { Log } from "./log.ts"
import {
  BINARY,
  type Block,
  type Buffer,
  type Expression,
  operandOf,
  PACKED,
  type Program,
  type Statement,
  UNARY,
} from "./program.ts"

/** What is wrong with the form of a program, whatever its numbers: names, scopes, scalars, sizes. Gives the locals that are set. */
export function checkForm(program: Program, log: Log, limits: Limits = LIMITS): ReadonlySet<string> {
  checkName(program.name, log)
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const form: Form = { log, buffers, names: new Map(), assigned: new Set(), size: { statements: 0, expressions: 0 } }
  checkBlock(program.body, "body", 0, form)
  for (const [entry, block] of Object.entries(program.entries ?? {})) {
    checkName(entry, log)
    if (TAKEN.includes(entry)) log.report(`an entry is called \`${entry}\`.`, "Call it otherwise: the body is.")
    checkBlock(block, entry, 0, form)
  }
  for (const [what, size] of Object.entries(form.size) as [keyof Form["size"], number][])
    if (size > limits[what]) log.report(`${size} ${what}.`, `${limits[what]} is the limit.`, "OB212")
  return form.assigned
}

/** What the body is called: by engines, and in paths and counts. */
const TAKEN = ["run", "body"]
const NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/
export function checkName(name: string, log: Log): void {
  if (!NAME.test(name)) log.report(`\`${name}\` is not a name.`, "Use letters, digits and _, a letter first.")
}

interface Form {
  readonly log: Log
  readonly buffers: ReadonlyMap<string, Buffer>
  /** All locals that were ever bound. */
  readonly names: Map<string, Known>
  readonly assigned: Set<string>
  readonly size: { statements: number; expressions: number }
}

interface Known {
  readonly scalar: Scalar
  /** Whether it is the index of a loop. */
  readonly counts: boolean
  /** Whether the walk is where it can be seen. */
  isHere: boolean
}
function bind(name: string, scalar: Scalar, counts: boolean, { log, buffers, names }: Form): void {
  checkName(name, log)
  if (names.has(name) || buffers.has(name)) log.report(`\`${name}\` is bound twice.`, "Give each local its own name.")
  names.set(name, { scalar, counts, isHere: true })
}
/** A local that can be seen here. */
function knownHere(name: string, { log, names }: Form): Known | undefined {
  const known = names.get(name)
  if (known?.isHere) return known
  log.report(`\`${name}\` is not bound here.`, "Bind it with `let` before its use.")
  return undefined
}
function unbind(name: string, { names }: Form): void {
  const known = names.get(name)
  if (known) known.isHere = false
}

function checkBlock(block: Block, part: string, depth: number, form: Form): void {
  if (depth > LIMITS.depth) return form.log.report("blocks are too deep.", `${LIMITS.depth} is the limit.`, "OB212")
  form.size.statements += block.length
  const step = form.log.enter(block, part)
  for (; step.at < block.length; step.at++) checkStatement(block[step.at]!, depth, form)
  form.log.leave()
  for (let at = 0; at < block.length; at++) {
    const s = block[at]!
    if (s.kind === "let") unbind(s.name, form)
  }
}

function checkStatement(s: Statement, depth: number, form: Form): void {
  const { log } = form
  switch (s.kind) {
    case "let":
      return bind(s.name, checkExpression(s.value, 0, form), false, form)
    case "set": {
      const known = knownHere(s.name, form)
      if (!known) return
      form.assigned.add(s.name)
      if (known.counts) log.report(`\`${s.name}\` counts a loop and cannot be set.`, "Use another local.")
      return expect(s.value, known.scalar, 0, form)
    }
    case "store": {
      const buffer = checkElement(s.buffer, s.index, 0, form)
      if (!buffer) return
      if (buffer.access === "input" || buffer.access === "constant")
        log.report(`\`${s.buffer}\` is stored to, but is ${buffer.access}.`, "Only output, state and scratch change.")
      return expect(s.value, DTYPE[buffer.dtype].scalar, 0, form)
    }
    case "if":
      expect(s.condition, "i32", 0, form)
      checkBlock(s.yes, "", depth + 1, form)
      return checkBlock(s.no, ".else", depth + 1, form)
    case "loop":
      expect(s.count, "i32", 0, form)
      if (!Number.isInteger(s.maximum) || s.maximum < 0 || s.maximum > LIMITS.rounds)
        log.report(`a loop may run ${s.maximum} times.`, `0 to ${LIMITS.rounds}.`)
      bind(s.index, "i32", true, form)
      checkBlock(s.body, "", depth + 1, form)
      return unbind(s.index, form)
    default:
      return s satisfies never
  }
}

function expect(e: Expression, scalar: Scalar, depth: number, form: Form): void {
  const found = checkExpression(e, depth, form)
  if (found !== scalar) form.log.report(`found ${found} where ${scalar} belongs.`, "Convert it.")
}

/** The buffer that an element is of, if there is one. */
function checkElement(name: string, index: Expression, depth: number, form: Form): Buffer | undefined {
  expect(index, "i32", depth, form)
  const buffer = form.buffers.get(name)
  if (!buffer) form.log.report(`there is no buffer \`${name}\`.`, `Known: ${[...form.buffers.keys()].join(", ")}.`)
  return buffer
}

/** The scalar that an expression gives. */
function checkExpression(e: Expression, depth: number, form: Form): Scalar {
  const { log } = form
  form.size.expressions++
  if (depth > LIMITS.depth) {
    log.report("an expression is too deep.", `${LIMITS.depth} is the limit: use \`let\`.`, "OB212")
    return "i32"
  }
  switch (e.kind) {
    case "constant":
      if (e.scalar === "i32" && !Object.is(e.value, e.value | 0))
        log.report(`${e.value} is no i32.`, "Use a whole number.")
      if (e.scalar === "f32" && !Object.is(e.value, Math.fround(e.value)))
        log.report(`${e.value} is no f32.`, "Round it first.")
      return e.scalar
    case "local": {
      const known = knownHere(e.name, form)
      if (known && known.scalar !== e.scalar)
        log.report(`\`${e.name}\` is ${known.scalar}, not ${e.scalar}.`, "Convert it.")
      return e.scalar
    }
    case "load":
      return checkLoad(e, depth, form)
    case "unary":
      expect(e.value, operandOf(e.op), depth + 1, form)
      return UNARY[e.op]
    case "binary": {
      const operand = operandOf(e.op)
      expect(e.left, operand, depth + 1, form)
      expect(e.right, operand, depth + 1, form)
      return BINARY[e.op]
    }
    case "select": {
      expect(e.condition, "i32", depth + 1, form)
      const scalar = checkExpression(e.yes, depth + 1, form)
      expect(e.no, scalar, depth + 1, form)
      return scalar
    }
    default:
      return e satisfies never
  }
}

function checkLoad(e: Extract<Expression, { kind: "load" }>, depth: number, form: Form): Scalar {
  const { log } = form
  const buffer = checkElement(e.buffer, e.index, depth + 1, form)
  if (buffer && e.dtype !== buffer.dtype)
    log.report(`\`${e.buffer}\` holds ${buffer.dtype}, not ${e.dtype}.`, "Load it as what it is.")
  if (!e.packed) return DTYPE[e.dtype].scalar
  if (!(PACKED[e.packed] as readonly Dtype[] | undefined)?.includes(e.dtype))
    log.report(`${e.packed} of ${e.dtype} fill no word.`, "Pack 2 of i8, u8, i16 or u16, or 4 of i8 or u8.")
  return "i32"
}
