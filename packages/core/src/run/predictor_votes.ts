import { assert } from "../base/problem.ts"
import { instantiate } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { add, and, buffer, i32, load, local, loop, mul, store } from "../ir/build.ts"
import { OWN_LIMITS } from "../ir/limits.ts"
import { type Block, type Buffer, type Program, statementsOf } from "../ir/program.ts"
import { LOGIT_UNITS } from "../kernels/logistic.ts"
import { votesOf } from "../mix/expert.ts"
import { MODE } from "../mix/harness.ts"
import { isInputWeights } from "../mix/mixer.ts"
import { NARROW_ONE } from "../mix/narrow_mixer.ts"
import type { Predictor } from "./predictor.ts"

/** What was said of one bit of a byte, before it was known. Logits are natural: ln(p / (1 − p)) of a one. */
export interface BitVotes {
  /** The bit that came, and the chance of a one in the end. */
  readonly bit: number
  readonly chance: number
  /** What the mixers made of all votes together, before its correction by what such chances came to. */
  readonly logit: number
  /** In the predictor's order. */
  readonly experts: readonly ExpertVotes[]
  /** What is always there, as an expert without context. */
  readonly bias: number
}
export interface ExpertVotes {
  /** Each of its votes, a logit, and how much of it went into the sum. */
  readonly votes: readonly number[]
  readonly weights: readonly number[]
  /** Their product: what it added to the logit. */
  readonly contribution: number
}

/**
 * All that is known here about how the harness mixes (core/mix), by its names: a loop over the bits of a byte; in it, for each
 * set of weights, where its row begins, where the row of the last mix begins, what that comes to, and the chance after its
 * correction. Sets hold a weight for each input in a row, and the last one for each set, all in units of 2⁻¹⁶. Where there is
 * no last mix, the sets are added up, in units of 2⁻¹³.
 */
const HARNESS = {
  loop: "round",
  rows: "row",
  lastRow: "final_row",
  mixed: "mixed",
  chance: "chance",
  inputs: "inputs",
  last: "final_weights",
} as const
const ONE = 65536
const BITS = 8

/**
 * How a predictor comes to the chance of a byte, bit by bit: what every expert votes, and what weight the mixers give to it. The
 * sum of contributions is `logit`, but for rounding and the ends of its range. The predictor does not change: a copy of it, on
 * `engine`, does the work, and writes down what it did.
 */
export function votesFor(predictor: Predictor, byte: number, engine: Engine): readonly BitVotes[] {
  const { program, experts } = predictor
  const traced = withTrace(program)
  const { memory, run } = instantiate(traced, engine, undefined, OWN_LIMITS)
  for (const { name, access } of program.buffers)
    if (access === "state") memory[name]!.set(predictor.instance.memory[name]!)
  memory["enabled"]!.set(predictor.enabled)
  memory["mode"]![0] = MODE.score
  memory["learning"]![0] = 0
  memory["next"]![0] = byte
  run()
  const sets = setsOf(program)
  const last = hasLast(program) ? memory[HARNESS.last] : undefined
  const one = last ? ONE : NARROW_ONE
  const width = bufferOf(program, HARNESS.inputs).length
  const buffers = traceBuffers(width, sets.length)
  const trace = (name: keyof typeof buffers) => memory[buffers[name].name]!
  return Array.from({ length: BITS }, (_, k) => {
    const shares = sets.map((_, l) => (last ? last[trace("lastRow")[k]! + l]! / ONE : 1))
    const weightOf = (i: number): number =>
      sets.reduce(
        (sum, { name }, l) => sum + (shares[l]! * memory[name]![trace("rows")[sets.length * k + l]! + i]!) / one,
        0,
      )
    const voteOf = (i: number): number => trace("inputs")[width * k + i]! / LOGIT_UNITS
    let at = 0
    const said = experts.map(({ program: expert }): ExpertVotes => {
      const count = votesOf(expert).length
      const places = Array.from({ length: count }, () => at++)
      const [votes, weights] = [places.map(voteOf), places.map(weightOf)]
      return { votes, weights, contribution: votes.reduce((sum, vote, i) => sum + vote * weights[i]!, 0) }
    })
    return {
      bit: (byte >> (BITS - 1 - k)) & 1,
      chance: trace("chance")[k]! / ONE,
      logit: trace("mixed")[k]! / LOGIT_UNITS,
      experts: said,
      bias: voteOf(at) * weightOf(at),
    }
  })
}

const traceBuffers = (width: number, sets: number) => ({
  inputs: buffer("output", "i16", "trace_inputs", BITS * width),
  rows: buffer("output", "i32", "trace_rows", BITS * sets),
  lastRow: buffer("output", "i32", "trace_last_row", BITS),
  mixed: buffer("output", "i32", "trace_mixed", BITS),
  chance: buffer("output", "i32", "trace_chance", BITS),
})

/** The same program, that also writes down what went into each bit of a byte that it scores. */
function withTrace(program: Program): Program {
  const inputs = bufferOf(program, HARNESS.inputs)
  const sets = setsOf(program).length
  const buffers = traceBuffers(inputs.length, sets)
  const bound = new Set(statementsOf(program.body).flatMap((s) => (s.kind === "let" ? [s.name] : [])))
  const known = (name: string) => {
    assert(bound.has(name), `the harness binds no ${name}`)
    return local(name)
  }
  const round = and(local(HARNESS.loop), BITS - 1)
  const notes: Block = [
    loop("traced", inputs.length, [
      store(buffers.inputs, add(mul(round, i32(inputs.length)), local("traced")), load(inputs, local("traced"))),
    ]),
    ...Array.from({ length: sets }, (_, l) =>
      store(buffers.rows, add(mul(round, i32(sets)), i32(l)), known(`${HARNESS.rows}${l}`)),
    ),
    ...(hasLast(program) ? [store(buffers.lastRow, round, known(HARNESS.lastRow))] : []),
    store(buffers.mixed, round, known(HARNESS.mixed)),
    store(buffers.chance, round, known(HARNESS.chance)),
  ]
  const loops = program.body.filter((s) => s.kind === "loop" && s.index === HARNESS.loop)
  assert(loops.length === 1, `the harness has ${loops.length} loops over bits`)
  return {
    ...program,
    buffers: [...program.buffers, ...Object.values(buffers)],
    body: program.body.map((s) => (s === loops[0] && s.kind === "loop" ? { ...s, body: [...s.body, ...notes] } : s)),
  }
}
const hasLast = ({ buffers }: Program): boolean => buffers.some(({ name }) => name === HARNESS.last)
const setsOf = ({ buffers }: Program): readonly Buffer[] => buffers.filter(({ name }) => isInputWeights(name))
function bufferOf({ buffers }: Program, name: string): Buffer {
  const found = buffers.find((each) => each.name === name)
  assert(found !== undefined, `the harness has no buffer ${name}`)
  return found
}
