import { DTYPE, type Dtype, type Scalar } from "../base/dtype.ts"
import type { Problem } from "../base/problem.ts"
import { ANY, type Interval, intervalOf } from "./interval.ts"
import type { Block, Buffer, Expression, Packed, Program, Statement } from "./program.ts"
import { blocksOf, operandOf, PACKED, scalarOf, statementsOf } from "./program.ts"

/** Named limits: what a stranger's program may ask for at most. */
export const LIMITS = {
  statements: 20_000,
  depth: 64,
  memoryBytes: 2 ** 28,
  rounds: 2 ** 31 - 1,
  work: 2 ** 36, // statements that a run may execute: a minute or two, never for ever
  problems: 20,
} as const

/**
 * Everything wrong with a program; none means: every name is bound, every operation gets its scalar, every loop is
 * bounded, and every index is in range whatever the bytes in memory. Bounds of a local hold everywhere because a local
 * that is ever `set` counts as any i32: an index that depends on one passes a clamp, a mask or a remainder.
 */
export function validate(program: Program): readonly Problem[] {
  const problems: Problem[] = []
  const report = (seen: string, hint: string): void => {
    if (problems.length === LIMITS.problems) return
    problems.push({
      code: "OB210",
      seen: shown(`Program \`${program.name.slice(0, 64)}\`: ${seen}`),
      hint: shown(hint),
    })
  }
  const named = (name: string): void => {
    if (!NAME.test(name)) report(`\`${name}\` is not a name.`, "Use letters, digits and _, a letter first.")
  }
  named(program.name)

  const buffers = new Map<string, Buffer>()
  let bytes = 0
  for (const buffer of program.buffers) {
    const { name, dtype, length, access, values } = buffer
    named(name)
    if (buffers.has(name)) report(`two buffers are called \`${name}\`.`, "Rename one of them.")
    if (!Number.isInteger(length) || length < 1) report(`\`${name}\` is ${length} long.`, "Make it 1 or longer.")
    if ((access === "constant") !== (values !== undefined) || (values && values.length !== length))
      report(`\`${name}\` has ${values?.length ?? "no"} values.`, "A constant has as many values as its length.")
    const fits = (v: number): boolean => {
      const range: Interval | undefined = DTYPE[dtype].range
      if (range) return Number.isInteger(v) && v >= range[0] && v <= range[1]
      return Number.isFinite(dtype === "f32" ? Math.fround(v) : v)
    }
    if (values && !values.every(fits))
      report(`a value of \`${name}\` is no ${dtype}.`, "Keep constants in the range of their dtype.")
    bytes += Math.ceil((length * DTYPE[dtype].bytes) / 16) * 16
    buffers.set(name, buffer)
  }
  if (!(bytes <= LIMITS.memoryBytes)) report(`it asks for ${bytes} bytes.`, `${LIMITS.memoryBytes} is the limit.`)

  const assigned = new Set<string>()
  let statements = 0
  for (const body of blocksOf(program))
    for (const s of statementsOf(body)) {
      statements++
      if (s.kind === "set") assigned.add(s.name)
    }
  if (statements > LIMITS.statements) report(`${statements} statements.`, `${LIMITS.statements} is the limit.`)

  const work = Math.max(...blocksOf(program).map(workOf))
  if (!(work <= LIMITS.work)) report(`a run may take ${work} steps.`, `${LIMITS.work} is the limit: bound its loops.`)

  let unreached = 0 // how many loops around this place have no rounds
  const bound = new Set<string>()
  const visible: string[] = [] // the keys of `scope`, innermost last
  const scope = new Map<string, { readonly scalar: Scalar; readonly interval: Interval; readonly counts: boolean }>()
  const ofLocal = (name: string): Interval => scope.get(name)?.interval ?? ANY
  const bind = (name: string, scalar: Scalar, interval: Interval, counts: boolean): void => {
    named(name)
    if (bound.has(name) || buffers.has(name)) report(`\`${name}\` is bound twice.`, "Give each local its own name.")
    bound.add(name)
    visible.push(name)
    scope.set(name, { scalar, interval: assigned.has(name) ? ANY : interval, counts })
  }
  const access = (name: string, dtype: Dtype | undefined, index: Expression, packed?: Packed): void => {
    const buffer = buffers.get(name)
    if (!buffer) return report(`there is no buffer \`${name}\`.`, `Known: ${[...buffers.keys()].join(", ")}.`)
    if (dtype !== undefined && dtype !== buffer.dtype)
      report(`\`${name}\` holds ${buffer.dtype}, not ${dtype}.`, "Load it as what it is.")
    expect(index, "i32")
    if (packed && !(PACKED[packed] as readonly Dtype[])?.includes(buffer.dtype))
      report(`${packed} of ${buffer.dtype} fill no word.`, "Pack 2 of i8, u8, i16 or u16, or 4 of i8 or u8.")
    const [low, first] = intervalOf(index, ofLocal)
    const high = first + (packed ?? 1) - 1
    if (unreached === 0 && (low < 0 || high >= buffer.length))
      report(
        `an index of \`${name}\` (length ${buffer.length}) may be ${low < 0 ? low : high}.`,
        "Pass it through a mask, a clamp or a remainder.",
      )
  }
  const expect = (e: Expression, scalar: Scalar): void => {
    check(e, 0)
    if (scalarOf(e) !== scalar) report(`found ${scalarOf(e)} where ${scalar} belongs.`, "Convert it.")
  }
  const check = (e: Expression, depth: number): void => {
    if (depth > LIMITS.depth) return report("an expression is too deep.", `${LIMITS.depth} is the limit: use \`let\`.`)
    const operand = (inner: Expression, scalar: Scalar): void => {
      check(inner, depth + 1)
      if (scalarOf(inner) !== scalar) report(`found ${scalarOf(inner)} where ${scalar} belongs.`, "Convert it.")
    }
    switch (e.kind) {
      case "constant":
        if (e.scalar === "i32" && !Object.is(e.value, e.value | 0))
          report(`${e.value} is no i32.`, "Use a whole number.")
        if (e.scalar === "f32" && !Object.is(e.value, Math.fround(e.value)))
          report(`${e.value} is no f32.`, "Round it first.")
        return
      case "local": {
        const known = scope.get(e.name)
        if (!known) return report(`\`${e.name}\` is not bound here.`, "Bind it with `let` before its use.")
        if (known.scalar !== e.scalar) report(`\`${e.name}\` is ${known.scalar}, not ${e.scalar}.`, "Convert it.")
        return
      }
      case "load":
        return access(e.buffer, e.dtype, e.index, e.packed)
      case "unary":
        return operand(e.value, operandOf(e.op))
      case "binary":
        operand(e.left, operandOf(e.op))
        return operand(e.right, operandOf(e.op))
      case "select":
        operand(e.condition, "i32")
        check(e.yes, depth + 1)
        return operand(e.no, scalarOf(e.yes))
      default:
        return e satisfies never
    }
  }
  const block = (body: Block, depth: number): void => {
    if (depth > LIMITS.depth) return report("blocks are too deep.", `${LIMITS.depth} is the limit.`)
    const outside = visible.length
    for (const s of body) statement(s, depth)
    leave(outside)
  }
  const leave = (outside: number): void => {
    for (const name of visible.splice(outside)) scope.delete(name)
  }
  const statement = (s: Statement, depth: number): void => {
    switch (s.kind) {
      case "let":
        check(s.value, 0)
        return bind(s.name, scalarOf(s.value), intervalOf(s.value, ofLocal), false)
      case "set": {
        const known = scope.get(s.name)
        if (!known) return report(`\`${s.name}\` is not bound here.`, "Bind it with `let` before its use.")
        if (known.counts) report(`\`${s.name}\` counts a loop and cannot be set.`, "Use another local.")
        return expect(s.value, known.scalar)
      }
      case "store": {
        const buffer = buffers.get(s.buffer)
        access(s.buffer, undefined, s.index)
        if (buffer?.access === "input" || buffer?.access === "constant")
          report(`\`${s.buffer}\` is stored to, but is ${buffer.access}.`, "Only output, state and scratch change.")
        return buffer ? expect(s.value, DTYPE[buffer.dtype].scalar) : undefined
      }
      case "if":
        expect(s.condition, "i32")
        block(s.yes, depth + 1)
        return block(s.no, depth + 1)
      case "loop": {
        expect(s.count, "i32")
        if (!Number.isInteger(s.maximum) || s.maximum < 0 || s.maximum > LIMITS.rounds)
          report(`a loop may run ${s.maximum} times.`, `0 to ${LIMITS.rounds}.`)
        const rounds = Math.min(s.maximum, intervalOf(s.count, ofLocal)[1])
        const outside = visible.length
        bind(s.index, "i32", [0, Math.max(0, rounds - 1)], true)
        if (rounds <= 0) unreached++ // what never runs cannot reach out of range
        block(s.body, depth + 1)
        if (rounds <= 0) unreached--
        return leave(outside)
      }
      default:
        return s satisfies never
    }
  }
  for (const name of Object.keys(program.entries ?? {})) named(name)
  for (const body of blocksOf(program)) block(body, 0)
  return problems
}

/** Statements that one run executes at most: every loop at its maximum, the longer branch of every `if`. */
function workOf(block: Block): number {
  return block.reduce((sum, s) => {
    if (s.kind === "loop") {
      const rounds = s.count.kind === "constant" ? Math.min(s.count.value, s.maximum) : s.maximum
      return sum + 1 + Math.max(0, rounds) * (1 + workOf(s.body))
    }
    return sum + 1 + (s.kind === "if" ? Math.max(workOf(s.yes), workOf(s.no)) : 0)
  }, 0)
}

const NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/
/** With a stranger's names in it, yet fit for a terminal. */
const shown = (words: string): string => words.slice(0, 300).replace(/[^ -~]/g, "?")
