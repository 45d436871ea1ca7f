import { DTYPE, type Dtype } from "../base/dtype.ts"
import type { Problem } from "../base/problem.ts"
import { branchesThatRun } from "./count.ts"
import { checkForm, checkName } from "./form.ts"
import {
  type Bounds,
  boundsOf,
  type Interval,
  intervalOf,
  keepBounds,
  learnBlock,
  learnLet,
  learnLoop,
  openBounds,
} from "./interval.ts"
import { LIMITS, type Limits } from "./limits.ts"
import { type Log, openLog } from "./log.ts"
import type { Block, Buffer, Expression, Program, Statement } from "./program.ts"

/**
 * Everything wrong with a program; none means: every name is bound, every operation gets its scalar, every loop is
 * bounded, every index is in range whatever the bytes in memory, inputs and constants are only read, and no entry takes
 * more memory or more operations than LIMITS. Each Problem points at its statement. Codes: OB210 for what cannot be
 * proved safe, OB212 for what asks for too much.
 *
 * An index is proved by intervals (interval.ts), so one that depends on a load passes a clamp, a mask or a remainder.
 * What harms nobody is let be: a buffer that nothing reads or writes, an output that keeps what it had.
 */
export function validate(program: Program, limits: Limits = LIMITS): readonly Problem[] {
  const log = openLog(program)
  checkBuffers(program.buffers, log, limits)
  const assigned = checkForm(program, log, limits)
  if (log.problems.length === 0) prove(program, assigned, log, limits)
  return log.problems
}

/** The first half of `validate`: of the right form, but not proved. For what is proved as part of a whole program. */
export function validateForm(program: Program): readonly Problem[] {
  const log = openLog(program)
  checkBuffers(program.buffers, log, LIMITS)
  checkForm(program, log)
  return log.problems
}

function checkBuffers(buffers: readonly Buffer[], log: Log, limits: Limits): void {
  const names = new Set<string>()
  let bytes = 0
  for (const { name, dtype, length, access, values } of buffers) {
    checkName(name, log)
    if (names.has(name)) log.report(`two buffers are called \`${name}\`.`, "Rename one of them.")
    names.add(name)
    if (!Number.isInteger(length) || length < 1) log.report(`\`${name}\` is ${length} long.`, "Make it 1 or longer.")
    if ((access === "constant") !== (values !== undefined) || (values && values.length !== length))
      log.report(`\`${name}\` has ${values?.length ?? "no"} values.`, "A constant has as many values as its length.")
    if (values && !areAll(dtype, values))
      log.report(`a value of \`${name}\` is no ${dtype}.`, "Keep constants in the range of their dtype.")
    bytes += Math.ceil((length * DTYPE[dtype].bytes) / 16) * 16
  }
  if (bytes > limits.memoryBytes)
    log.report(`it asks for ${bytes} bytes.`, `${limits.memoryBytes} is the limit: use smaller shapes.`, "OB212")
}

function areAll(dtype: Dtype, values: readonly number[]): boolean {
  const range: Interval | undefined = DTYPE[dtype].range
  for (let at = 0; at < values.length; at++) {
    const v = values[at]!
    if (
      range
        ? !Number.isInteger(v) || v < range[0] || v > range[1]
        : !Number.isFinite(dtype === "f32" ? Math.fround(v) : v)
    )
      return false
  }
  return true
}

/** Every index in range and no entry too long, of a program whose form is right. */
function prove(program: Program, assigned: ReadonlySet<string>, log: Log, limits: Limits): void {
  const [first, bounds] = [openLog(program), openBounds(assigned)]
  proveWithin(bounds, program, first, limits) // enough for most programs, and three times as fast
  keepBounds(program, bounds)
  if (first.problems.length === 0) return
  const tighter = boundsOf(program)
  proveWithin(openBounds(assigned, tighter), program, log, limits)
}
function proveWithin(bounds: Bounds, program: Program, log: Log, limits: Limits): void {
  const buffers = new Map(program.buffers.map((buffer) => [buffer.name, buffer]))
  const proof: Proof = { log, bounds, ofLocal: bounds.ofLocal, buffers }
  for (const [entry, block] of [["body", program.body] as const, ...Object.entries(program.entries ?? {})]) {
    const work = proveBlock(block, entry, proof)
    if (work > limits.work)
      log.report(
        `\`${entry}\` may take ${work} operations.`,
        `${limits.work} is the limit: bound its loops, or use smaller shapes.`,
        "OB212",
      )
  }
}
interface Proof {
  readonly log: Log
  /** Learnt on the way: a local is bound before it is used. */
  readonly bounds: Bounds
  readonly ofLocal: (name: string) => Interval
  readonly buffers: ReadonlyMap<string, Buffer>
}

/** Proves the indices in a block: how many operations it takes at most, as `countOf` counts them. */
function proveBlock(block: Block, part: string, proof: Proof): number {
  const step = proof.log.enter(block, part)
  let work = 0
  for (; step.at < block.length; step.at++) work += proveStatement(block[step.at]!, proof)
  proof.log.leave()
  return work
}
function proveStatement(s: Statement, proof: Proof): number {
  switch (s.kind) {
    case "let":
      learnLet(s, proof.bounds)
      return proveLoads(s.value, proof)
    case "set":
      return proveLoads(s.value, proof)
    case "store":
      proveIndex(s.buffer, s.index, 1, proof)
      return 1 + proveLoads(s.index, proof) + proveLoads(s.value, proof)
    case "if": {
      const condition = 1 + proveLoads(s.condition, proof)
      const yes = proveBlock(s.yes, "", proof)
      const no = proveBlock(s.no, ".else", proof)
      const [runsYes, runsNo] = branchesThatRun(s, proof.ofLocal)
      return condition + Math.max(runsYes ? yes : 0, runsNo ? no : 0)
    }
    case "loop": {
      const rounds = learnLoop(s, proof.bounds)
      const count = proveLoads(s.count, proof)
      if (rounds > 0) return count + rounds * (1 + proveBlock(s.body, "", proof))
      learnBlock(s.body, proof.bounds) // what never runs reaches nothing, but printers ask for it
      return count
    }
    default:
      return s satisfies never
  }
}
function proveLoads(e: Expression, proof: Proof): number {
  switch (e.kind) {
    case "constant":
    case "local":
      return 0
    case "load":
      proveIndex(e.buffer, e.index, e.packed ?? 1, proof)
      return 1 + proveLoads(e.index, proof)
    case "unary":
      return 1 + proveLoads(e.value, proof)
    case "binary":
      return 1 + proveLoads(e.left, proof) + proveLoads(e.right, proof)
    case "select":
      return 1 + proveLoads(e.condition, proof) + proveLoads(e.yes, proof) + proveLoads(e.no, proof)
    default:
      return e satisfies never
  }
}
/** Of `parts` neighbours from `index` on. */
function proveIndex(name: string, index: Expression, parts: number, { log, ofLocal, buffers }: Proof): void {
  const { length } = buffers.get(name)!
  const interval = intervalOf(index, ofLocal)
  const low = interval[0]
  const high = interval[1] + parts - 1
  if (low < 0 || high >= length)
    log.report(
      `an index of \`${name}\` (length ${length}) may be ${low < 0 ? low : high}.`,
      "Pass it through a mask, a clamp or a remainder.",
    )
}
