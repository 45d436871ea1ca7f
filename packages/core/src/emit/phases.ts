import { add, binary, i32, local, mul } from "../ir/build.ts"
import { type Block, blocksOf, type Expression, type Program, type Statement, statementsOf } from "../ir/program.ts"
import { crossingOf } from "./crossing.ts"
import type { Loop } from "./lanes.ts"
import { substitute } from "./substitute.ts"
import { roundsAtMost, workOf } from "./work.ts"

/** A program whose loops marked in `phases` are worth several threads. */
export interface Phased {
  readonly program: Program
  /** How many rounds of each such loop a thread should take at once at least. */
  readonly phases: ReadonlyMap<Statement, number>
}
export interface Grain {
  /** Work (work.ts) below which a loop stays on one thread: some 50,000 products and sums. */
  readonly phase: number
  /** Work that a thread takes at once at least: ten times what it costs to take it. */
  readonly share: number
  /** Rounds of a strip are a multiple of this, so that they fill whole vectors of every target. */
  readonly vector: number
}
export const GRAIN: Grain = { phase: 1 << 18, share: 1 << 16, vector: 32 }

/** Locals from around it that the rounds of a phase may read: they are handed over in memory. */
export const MAILBOX_LOCALS = 64

/** So many rounds can be dealt out evenly. */
const ENOUGH = 8

/**
 * Finds the outermost parallel loops with much to do. Threads take whole rounds of them, so no sum is split and the bits
 * are those of one thread. One thread runs all between them, so a loop inside an `if` or a plain loop is found, too.
 * A loop over single elements becomes one over strips of them; few rounds become more by those of the loop inside.
 */
export function phasesOf(program: Program, grain: Grain = GRAIN): Phased {
  const phases = new Map<Statement, number>()
  const fresh = namerAround(program)
  const mark = (s: Loop): Loop => {
    phases.set(s, Math.max(1, Math.ceil(grain.share / (workOf(s) / Math.max(1, roundsAtMost(s))))))
    return s
  }
  const block = (body: Block): Block => body.flatMap(statement)
  const statement = (s: Statement): Block => {
    if (s.kind === "if") return [{ ...s, yes: block(s.yes), no: block(s.no) }]
    if (s.kind !== "loop") return [s]
    if (workOf(s) < grain.phase) return [s]
    if (!canBePhase(s)) return [{ ...s, body: block(s.body) }]
    const rounds = roundsAtMost(s)
    if (rounds < ENOUGH) {
      const flat = collapsed(s, fresh)
      if (flat) return statement(flat)
      return rounds < 2 ? [{ ...s, body: block(s.body) }] : [mark(s)]
    }
    if (holdsParallel(s) || s.count.kind !== "constant") return [mark(s)]
    const strips = inStrips(s, grain, fresh)
    return strips ? [mark(strips[0]), ...strips.slice(1)] : [s]
  }
  const entries = program.entries && mapBlocks(program.entries, block)
  const changed = { ...program, body: block(program.body) }
  return { program: entries ? { ...changed, entries } : changed, phases }
}

const mapBlocks = (entries: Readonly<Record<string, Block>>, of: (body: Block) => Block): Record<string, Block> =>
  Object.fromEntries(Object.entries(entries).map(([name, body]) => [name, of(body)]))
function canBePhase(s: Loop): boolean {
  const { reads, sets } = crossingOf([s])
  return s.parallel && sets.size === 0 && reads.size < MAILBOX_LOCALS // and one more for the start of its strips
}
const isParallel = (s: Statement): s is Loop => s.kind === "loop" && s.parallel
/** Then its own rounds are not what runs as lanes. */
const holdsParallel = (s: Loop): boolean => [...statementsOf(s.body)].some(isParallel)
const fixedRounds = (s: Loop): number | undefined => (s.count.kind === "constant" ? roundsAtMost(s) : undefined)

type Fresh = (stem: string) => string

/** for a { for b { … } } as one loop over both, when nothing else stands in it and the inner one is not lanes. */
function collapsed(outer: Loop, fresh: Fresh): Loop | undefined {
  const [inner] = outer.body
  if (outer.body.length !== 1 || !inner || !isParallel(inner)) return undefined
  const [a, b] = [fixedRounds(outer), fixedRounds(inner)]
  if (!a || !b || !holdsParallel(inner)) return undefined
  const index = fresh("both")
  const bind = (name: string, op: "i32.div_u" | "i32.rem_u"): Statement => ({
    kind: "let",
    name,
    value: binary(op, local(index), i32(b)),
  })
  const body = [bind(outer.index, "i32.div_u"), bind(inner.index, "i32.rem_u"), ...inner.body]
  return { ...outer, index, count: i32(a * b), maximum: a * b, body }
}

/** A loop over elements as one over strips of them, then those that fill no strip: undefined when it is not worth it. */
function inStrips(s: Loop, { share, vector }: Grain, fresh: Fresh): readonly [Loop, ...Loop[]] | undefined {
  const rounds = roundsAtMost(s)
  const wanted = Math.ceil(share / (workOf(s) / rounds) / vector) * vector
  const length = Math.min(wanted, Math.floor(rounds / 2 / vector) * vector)
  if (length < 1) return undefined
  const [strip, start, strips] = [fresh("strip"), fresh("start"), Math.floor(rounds / length)]
  const first: Statement = { kind: "let", name: start, value: mul(local(strip), i32(length)) }
  const whole = parallelLoop(strip, strips, [first, part(s, local(start), length, fresh)])
  const left = rounds - strips * length
  return left > 0 ? [whole, part(s, i32(strips * length), left, fresh)] : [whole]
}

/** The rounds of a loop from `start` on. */
function part(s: Loop, start: Expression, count: number, fresh: Fresh): Loop {
  const index = fresh(s.index)
  const names = new Map(boundIn(s.body).map((name) => [name, fresh(name)]))
  const body = substitute(s.body, {
    bind: (name) => names.get(name) ?? name,
    read: (name) => (name === s.index ? add(start, local(index)) : undefined),
  })
  return parallelLoop(index, count, body)
}
const parallelLoop = (index: string, count: number, body: Block): Loop => ({
  ...{ kind: "loop", index, count: i32(count), maximum: count, parallel: true },
  body,
})

const boundIn = (body: Block): readonly string[] =>
  [...statementsOf(body)].flatMap((s) => (s.kind === "let" ? [s.name] : s.kind === "loop" ? [s.index] : []))

/** Gives names that the program does not have: each is bound once. */
function namerAround(program: Program): Fresh {
  const taken = new Set([...program.buffers.map(({ name }) => name), ...blocksOf(program).flatMap(boundIn)])
  let n = 0
  return (stem) => {
    for (;;) {
      const name = `${stem.slice(0, STEM_MAX)}_${n++}`
      if (!taken.has(name)) return name
    }
  }
}
const STEM_MAX = 48
