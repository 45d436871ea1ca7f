/** The process of one batch (hostile.ts): a crash or an endless loop ends this one alone. */

import type { Engine } from "@open-brains/core/compile.ts"
import { interpreterEngine, wasmEngine } from "@open-brains/core/compile.ts"
import { countOf } from "@open-brains/core/ir/count.ts"
import { unprovedPromises } from "@open-brains/core/ir/independent.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { programFrom } from "@open-brains/core/ir/testing/hostile.ts"
import { mutated } from "@open-brains/core/ir/testing/mutate.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { BUILDS } from "../c99.ts"
import { type Trial, trialOf } from "./batch.ts"
import { type After, batchInC, batchInLibrary, ofTrial } from "./batch_runs.ts"
import type { BatchOptions, Verdict } from "./hostile.ts"

/** A valid program may still take minutes, or hundreds of megabytes: those are proved and not run. */
const [WORK_MAX, BYTES_MAX] = [2 ** 20, 2 ** 16]

function verdictOf({ seed, programs, mutants, build }: BatchOptions): Verdict {
  const faults: string[] = []
  const trials: { trial: Trial; expected: readonly Memory[] }[] = []
  const counts = { refused: 0, long: 0, ran: 0 }
  const attempt = (title: string, of: number, program: Program, mayBeRefused: boolean): void => {
    try {
      const problems = validate(program)
      if (problems.length > 0) {
        counts.refused++
        if (!mayBeRefused) faults.push(`${title} is refused: ${problems[0]!.seen}`)
      } else if (isLong(program)) counts.long++
      else {
        const trial = trialOf(title, program, of)
        const expected = runsOn(interpreterEngine, trial)
        faults.push(...differing(trial, "wasm", expected, runsOn(wasmEngine, trial)))
        trials.push({ trial, expected })
        counts.ran++
      }
    } catch (error) {
      faults.push(`${title}: ${error instanceof Error ? error.stack : error}`)
    }
  }
  for (let of = seed; of < seed + programs; of++) attempt(`programFrom(${of})`, of, programFrom(of), false)
  for (let of = seed; of < seed + mutants; of++)
    attempt(`mutated(programFrom(${of}), ${of})`, of, promised(mutated(programFrom(of), of)), true)
  const compare = (engine: string, after: readonly After[]): void => {
    for (const [n, { trial, expected }] of trials.entries())
      faults.push(
        ...differing(
          trial,
          engine,
          expected,
          after.map((each) => ofTrial(trial, n, each)),
        ),
      )
  }
  const all = trials.map(({ trial }) => trial)
  if (all.length > 0) {
    const { after, stray } = batchInLibrary(all)
    compare("native", after)
    if (stray >= 0) faults.push(`native wrote byte ${stray}, which is in no buffer`)
    compare(`C, ${build}`, batchInC(all, { ...BUILDS[build]!, flags: [...BUILDS[build]!.flags, ...SANITIZED] }))
  }
  return { ...counts, faults }
}
const SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

function isLong(program: Program): boolean {
  const calls = [undefined, ...Object.keys(program.entries ?? {})].map((entry) => countOf(program, entry))
  const bytes = Object.values(calls[0]!.bytes).reduce((sum, each) => sum + each)
  return bytes > BYTES_MAX || calls.some(({ total }) => total.most > WORK_MAX)
}

/** A promise that a wound made false is nobody's to keep: without what cannot be proved. */
function promised(program: Program): Program {
  try {
    if (validate(program).length > 0 || unprovedPromises(program).length === 0) return program
  } catch {
    return program // `attempt` tells of it
  }
  return JSON.parse(JSON.stringify(program, withoutPromise), revived) as Program
}
const withoutPromise = (key: string, value: unknown): unknown => {
  if (key === "parallel") return false
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? { number: `${value === 0 ? "-0" : value}` }
    : value
}
const revived = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && "number" in value ? Number(value.number) : value

/** All buffers after each record. */
function runsOn(engine: Engine, { program, start, records }: Trial): readonly Memory[] {
  const { memory, run, entries } = engine.instantiate(program)
  const put = (contents: Memory): void => {
    for (const [name, numbers] of Object.entries(contents)) memory[name]!.set(numbers)
  }
  put(start)
  return records.map((record) => {
    put(record)
    for (const call of [run, ...Object.values(entries)]) call()
    return Object.fromEntries(Object.entries(memory).map(([name, numbers]) => [name, numbers.slice()]))
  })
}

/** What differs in the buffers that an engine tells of. */
function differing(
  { title }: Trial,
  engine: string,
  expected: readonly Memory[],
  actual: readonly Memory[],
): readonly string[] {
  return actual.flatMap((after, n) => {
    const known = Object.fromEntries(Object.entries(expected[n]!).filter(([name]) => name in after))
    const found = difference(known, after)
    return found === undefined ? [] : [`${title} on ${engine}, record ${n}: ${found}`]
  })
}

console.log(JSON.stringify(verdictOf(JSON.parse(process.argv[2]!) as BatchOptions)))
