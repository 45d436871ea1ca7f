import { DTYPE, type Dtype, type Numbers } from "../base/dtype.ts"
import { mapValues } from "../base/record.ts"
import { interpreter, memoryOf } from "./interpret.ts"
import {
  type Block,
  type Buffer,
  blocksOf,
  type Expression,
  expressionsOf,
  operandsOf,
  type Program,
  type Statement,
  statementsOf,
} from "./program.ts"
import { rangesOf } from "./ranges.ts"
import { rewrite } from "./rewrite.ts"
import { simplify } from "./simplify.ts"

/** What a program is frozen with. */
export interface Frozen {
  /** Inputs that never change again, by name: they become constants. */
  readonly values: Readonly<Record<string, Numbers>>
  /** Entries that compute what depends on those alone: they are run here, and what they stored becomes constant. */
  readonly prepares: readonly string[]
  /** Outputs that somebody reads; nothing said, all. Another one is computed no longer, if nothing else needs it. */
  readonly gives?: readonly string[]
}

/**
 * The same program with its weights as constants, for targets that keep constants apart from memory: nothing that
 * depends on weights alone is left to be computed, nothing is stored that nobody reads, and every constant and every
 * scratch buffer has the narrowest integer dtype that holds whatever it may hold. The bits of what it gives are the same.
 * Errors: an assertion when a value does not fit its buffer, or when what was prepared changes later.
 */
export function freeze(program: Program, { values, prepares, gives }: Frozen): Program {
  const memory = memoryOf(program)
  for (const [name, data] of Object.entries(values)) memory[name]?.set(data)
  const stored = new Set<string>()
  for (const prepare of prepares) {
    const block = program.entries?.[prepare] ?? []
    interpreter(program, memory, block)()
    for (const name of storedIn(block)) stored.add(name)
  }
  const buffers = program.buffers.map((buffer): Buffer => {
    const { name, access } = buffer
    if (Object.hasOwn(values, name) || stored.has(name))
      return { ...buffer, access: "constant", values: Array.from(memory[name]!) }
    return access === "output" && gives && !gives.includes(name) ? { ...buffer, access: "scratch" } : buffer
  })
  const entries = Object.entries(program.entries ?? {}).filter(([name]) => !prepares.includes(name))
  for (const name of [program.body, ...entries.map(([, block]) => block)].flatMap(storedIn))
    if (stored.has(name)) throw new Error(`bug: \`${name}\` is prepared, and stored to again`)
  const whole = { ...program, buffers, entries: Object.fromEntries(entries) }
  return narrowed(narrowed(withoutUnread(simplify(whole))))
}

const storedIn = (block: Block): readonly string[] =>
  statementsOf(block).flatMap((s) => (s.kind === "store" ? [s.buffer] : []))

/**
 * Without what no output and no state depends on: a statement stays if it changes something live, and then what it reads
 * is live, and so is what decides whether it runs.
 */
function withoutUnread(program: Program): Program {
  const live = new Set(
    program.buffers.flatMap(({ name, access }) => (access === "output" || access === "state" ? [name] : [])),
  )
  const read = (e: Expression): void => {
    if (e.kind === "local") live.add(e.name)
    if (e.kind === "load") live.add(e.buffer)
    operandsOf(e).forEach(read)
  }
  /** Whether anything in it is live; marks what that reads. */
  const mark = (s: Statement): boolean => {
    const inner = s.kind === "loop" ? s.body : s.kind === "if" ? [...s.yes, ...s.no] : []
    const isLive =
      s.kind === "store"
        ? live.has(s.buffer)
        : s.kind === "let" || s.kind === "set"
          ? live.has(s.name)
          : inner.map(mark).includes(true)
    if (isLive) expressionsOf(s).forEach(read)
    return isLive
  }
  for (let before = -1; before < live.size; ) {
    before = live.size
    for (const block of blocksOf(program)) for (const s of block) mark(s)
  }
  const keep = (s: Statement): readonly Statement[] => {
    if (!mark(s)) return []
    if (s.kind === "loop") return [{ ...s, body: s.body.flatMap(keep) }]
    return [s.kind === "if" ? { ...s, yes: s.yes.flatMap(keep), no: s.no.flatMap(keep) } : s]
  }
  const left = { ...program, body: program.body.flatMap(keep) }
  const isKept = ({ name, access }: Buffer): boolean => live.has(name) || access === "input"
  return {
    ...left,
    ...(program.entries && { entries: mapValues(program.entries, (block) => block.flatMap(keep)) }),
    buffers: program.buffers.filter(isKept),
  }
}

const NARROW = ["i8", "u8", "i16", "u16"] as const satisfies readonly Dtype[]
/** Constants and scratch in the narrowest dtype of integers that holds what they hold. */
function narrowed(program: Program): Program {
  const { stored } = rangesOf(program)
  const dtypes = new Map(program.buffers.map((buffer) => [buffer.name, narrowest(buffer, stored.get(buffer.name))]))
  const block = (all: Block): Block =>
    rewrite(all, { expression: (e) => (e.kind === "load" ? { ...e, dtype: dtypes.get(e.buffer)! } : e) })
  const whole = {
    ...program,
    buffers: program.buffers.map((buffer) => ({ ...buffer, dtype: dtypes.get(buffer.name)! })),
    body: block(program.body),
  }
  return program.entries ? { ...whole, entries: mapValues(program.entries, block) } : whole
}
function narrowest({ dtype, access, values }: Buffer, stored: readonly [number, number] | undefined): Dtype {
  if (dtype === "f32" || dtype === "f64" || (access !== "constant" && access !== "scratch")) return dtype
  const [low, high] = values
    ? values.reduce<readonly [number, number]>(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0])
    : (stored ?? [0, 0])
  const [least, most] = DTYPE[dtype].range
  if (low < least || high > most) return dtype // it keeps low bits, which other dtypes would keep otherwise
  const fits = NARROW.find((each) => low >= DTYPE[each].range[0] && high <= DTYPE[each].range[1])
  return fits && DTYPE[fits].bytes < DTYPE[dtype].bytes ? fits : dtype
}
