import { assert } from "../base/problem.ts"
import { instantiate } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { add, and, buffer, i32, load, local, loop, mul, store } from "../ir/build.ts"
import { OWN_LIMITS } from "../ir/limits.ts"
import { type Block, type Buffer, type Program, statementsOf } from "../ir/program.ts"
import { LOGIT_UNITS } from "../kernels/logistic.ts"
import { votesOf } from "../mix/expert.ts"
import { MODE } from "../mix/harness.ts"
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
 * All that is known here about how the harness mixes (core/mix/harness.ts), by its names: a loop over the bits of a byte; in it
 * the node `now`, for each set of weights the place of its row and its logit, the mix of these, and the chance after its
 * correction. Sets hold weights, and `final` how much of each set's logit is taken at a node, all in units of 2⁻¹⁶.
 */
const HARNESS = { loop: "round", now: "now", bases: "base", dots: "dot", mixed: "mixed", chance: "chance" } as const
const [INPUTS, SETS, FINAL] = ["inputs", ["set0", "set1", "set2", "set3"], "final"] as const
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
  const width = bufferOf(program, INPUTS).length
  const trace = (name: keyof ReturnType<typeof traceBuffers>) => memory[traceBuffers(width)[name].name]!
  return Array.from({ length: BITS }, (_, k) => {
    const finals = SETS.map((_, l) => memory[FINAL]![trace("now")[k]! * SETS.length + l]! / ONE)
    const weightOf = (i: number): number =>
      SETS.reduce((sum, set, l) => sum + (finals[l]! * memory[set]![trace("rows")[SETS.length * k + l]! + i]!) / ONE, 0)
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

const traceBuffers = (width: number) => ({
  inputs: buffer("output", "i16", "trace_inputs", BITS * width),
  rows: buffer("output", "i32", "trace_rows", BITS * SETS.length),
  now: buffer("output", "i32", "trace_now", BITS),
  mixed: buffer("output", "i32", "trace_mixed", BITS),
  chance: buffer("output", "i32", "trace_chance", BITS),
})

/** The same program, that also writes down what went into each bit of a byte that it scores. */
function withTrace(program: Program): Program {
  const inputs = bufferOf(program, INPUTS)
  const buffers = traceBuffers(inputs.length)
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
    ...SETS.map((_, l) =>
      store(buffers.rows, add(mul(round, i32(SETS.length)), i32(l)), known(`${HARNESS.bases}${l}`)),
    ),
    store(buffers.now, round, known(HARNESS.now)),
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
function bufferOf({ buffers }: Program, name: string): Buffer {
  const found = buffers.find((each) => each.name === name)
  assert(found !== undefined, `the harness has no buffer ${name}`)
  return found
}
