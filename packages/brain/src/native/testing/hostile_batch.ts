/** The process of one batch (hostile.ts): a crash or an endless loop ends this one alone. */
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { countOf } from "@open-brains/core/ir/count.ts"
import { unprovedPromises } from "@open-brains/core/ir/independent.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import { blocksOf, type Program, statementsOf } from "@open-brains/core/ir/program.ts"
import { programFrom } from "@open-brains/core/ir/testing/hostile.ts"
import { mutated } from "@open-brains/core/ir/testing/mutate.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { type Trial, trialOf } from "./batch.ts"
import { type After, batchInC, batchInLibrary, ofTrial } from "./batch_runs.ts"
import type { BatchOptions, Verdict } from "./hostile.ts"
import { differing, runsOn, SANITIZERS, WASM } from "./runs.ts"

/** A valid program may still take minutes, or hundreds of megabytes: those are proved and not run. */
const [WORK_MAX, BYTES_MAX] = [2 ** 20, 2 ** 16]

function verdictOf({ seed, programs, mutants, lanes, sanitizers, isWide }: BatchOptions): Verdict {
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
        for (const engine of WASM)
          faults.push(
            ...differing(
              trial,
              isWide ? `${engine.name}, vectors joined` : engine.name,
              expected,
              runsOn(engine, trial),
            ),
          )
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
  if (all.length > 0 && !isWide) {
    const { after, stray } = batchInLibrary(all)
    compare("native", after)
    if (stray >= 0) faults.push(`native wrote byte ${stray}, which is in no buffer`)
    try {
      compare(
        `C with ${lanes ?? "no"} lanes`,
        batchInC(all, { width: lanes, flags: [...SANITIZERS[sanitizers], ...ownFor(lanes)] }),
      )
    } catch (error) {
      faults.push(`C with ${lanes ?? "no"} lanes: ${error instanceof Error ? error.message : error}`)
    }
  }
  return { ...counts, faults }
}
/** With the instructions of this processor; four lanes without, as for machines that have fewer. */
const ownFor = (lanes: number | undefined): readonly string[] => (lanes && lanes > 4 ? ["-march=native"] : [])

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
  const copy = structuredClone(program)
  for (const s of blocksOf(copy).flatMap((block) => [...statementsOf(block)]))
    if (s.kind === "loop") Object.assign(s, { parallel: false })
  return copy
}

console.log(JSON.stringify(verdictOf(JSON.parse(process.argv[2]!) as BatchOptions)))
