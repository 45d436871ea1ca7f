import { DTYPE, type Numbers } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import { instantiate } from "../compile.ts"
import type { Engine, Instance } from "../engine/engine.ts"
import { bindDims, type Dims } from "../graph/dims.ts"
import type { Net } from "../graph/dims_text.ts"
import { buffer } from "../ir/build.ts"
import type { Block, Program } from "../ir/program.ts"
import { PREPARE } from "../link/link.ts"
import { linkNet, loadedBy, type NetProgram, type Ports, preparationOf, specialise, storedBy } from "./net_program.ts"

/** A net's entries at any binding, on an engine, over one memory. */
export interface Machine {
  readonly whole: NetProgram
  /** A buffer of the whole, where it lies now: ask again after `bind`. */
  buffer(name: string): Numbers
  bind(entry: string, dims: Dims): Bound
  /** To be called when weights were set from outside. */
  touch(): void
}
export interface Bound {
  readonly ports: Ports
  run(): void
}

/**
 * Each binding is compiled once and kept; of more than `bindingsMax` the one that was used longest ago is dropped. The
 * maxima are one program, which is always kept: its memory holds everything, and what is a specialisation's own lies
 * where the whole has its scratch.
 */
export function machineOf(net: Net, engine: Engine, bindingsMax: number): Machine {
  const whole = linkNet(net, engine)
  const memory = growingMemory(whole, engine)
  const order = orderOf(whole)
  const entries = Object.keys(whole.ports)
  const prepared = new Map(
    entries.map((entry) => {
      const name = preparationOf(entry)
      return [entry, order.preparation(whole.program.entries![name], () => memory.base().entries[name]!())]
    }),
  )
  const atMaxima = new Map(
    entries.map((entry): [string, Bound] => {
      const [body, run] = [whole.program.entries![entry]!, () => memory.base().entries[entry]!()]
      return [entry, { ports: whole.ports[entry]!, run: order.run({ body, run, preparation: prepared.get(entry) }) }]
    }),
  )
  const bindings = new Map<string, Bound>() // in the order of their last use
  const load = (entry: string, dims: Dims): Bound => {
    const { program, ports } = specialise(whole, entry, net.at(dims)[entry]!, engine)
    if (memory.grow(program)) bindings.clear()
    const instance = instantiate(program, engine, memory.base())
    const isShared = whole.lasting.every(({ name }) => isSame(instance.memory[name]!, memory.base().memory[name]!))
    assert(isShared, `${engine.name} gives a specialisation another memory`)
    const own = program.entries?.[PREPARE]
    const preparation = own ? order.preparation(own, () => instance.entries[PREPARE]!()) : prepared.get(entry)
    return { ports, run: order.run({ body: program.body, run: () => instance.run(), preparation, program, instance }) }
  }
  return {
    whole,
    buffer: (name) => memory.base().memory[name]!,
    bind(entry, given) {
      const dims = bindDims(net.maxima, given)
      if (Object.entries(dims).every(([name, value]) => value === net.maxima[name])) return atMaxima.get(entry)!
      const key = JSON.stringify([entry, dims])
      const found = bindings.get(key) ?? load(entry, dims)
      bindings.delete(key)
      bindings.set(key, found)
      if (bindings.size > bindingsMax) bindings.delete(bindings.keys().next().value!)
      return found
    },
    touch: order.touch,
  }
}

interface Growing {
  base(): Instance
  /** Whether a larger memory was needed: then everything has moved there, and only the base is of use. */
  grow(program: Program): boolean
}
function growingMemory(whole: NetProgram, engine: Engine): Growing {
  let base = instantiate(whole.program, engine)
  let room = roomFor(whole.program)
  return {
    base: () => base,
    grow(program) {
      const needed = roomFor(program)
      if (needed <= room) return false
      const filler = buffer("scratch", "u8", freeName(whole.program), needed - roomFor(whole.program))
      const larger = instantiate({ ...whole.program, buffers: [...whole.program.buffers, filler] }, engine)
      for (const { name, access } of whole.lasting)
        if (access !== "constant") larger.memory[name]!.set(base.memory[name]!)
      base = larger
      room = needed
      return true
    },
  }
}
/** As engines lay buffers out: one after the other, each at a multiple of 16. */
const roomFor = ({ buffers }: Program): number =>
  buffers.reduce((sum, { dtype, length }) => sum + Math.ceil((length * DTYPE[dtype].bytes) / 16) * 16, 0)
const isSame = (a: Numbers, b: Numbers): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length
function freeName({ buffers }: Program): string {
  let n = 0
  while (buffers.some(({ name }) => name === `room_${n}`)) n++
  return `room_${n}`
}

/** Something to have done before an entry runs: what depends on weights alone. */
interface Preparation {
  run(): void
  readonly read: readonly string[]
  /** When it was done last: before what it reads was written, it is to be done again. */
  done: number
}
interface Runnable {
  readonly body: Block
  run(): void
  readonly preparation: Preparation | undefined
  /** Those of a specialisation, whose own constants and prepared weights lie where others have theirs. */
  readonly program?: Program
  readonly instance?: Instance
}
interface Order {
  preparation(block: Block | undefined, run: () => void): Preparation | undefined
  /** A run with everything in its place, whosever was the one before. */
  run(runnable: Runnable): () => void
  touch(): void
}
/** Keeps account of what was written when, and so of what must be put in place again before a run. */
function orderOf({ lasting }: NetProgram): Order {
  const shared = new Set(lasting.map(({ name }) => name))
  const written = new Map<string, number>()
  let now = 0
  let tenant: Runnable | undefined // who has run last, and so whose own buffers are in memory
  let touched = 0
  const prepare = (preparation: Preparation): void => {
    const { done, read, run } = preparation
    if (done > touched && read.every((name) => (written.get(name) ?? 0) < done)) return
    run()
    preparation.done = ++now
  }
  return {
    preparation(block, run) {
      return block && { run, read: [...loadedBy(block)], done: 0 }
    },
    run(runnable) {
      const { body, run, preparation, program, instance } = runnable
      const stored = [...storedBy(body)].filter((name) => shared.has(name))
      const tables = program?.buffers.filter(({ name, values }) => values && !shared.has(name)) ?? []
      return () => {
        if (tenant !== runnable) {
          for (const { name, values } of tables) instance!.memory[name]!.set(values!)
          if (preparation && program?.entries) preparation.done = 0
        }
        tenant = runnable
        if (preparation) prepare(preparation)
        run()
        now++
        for (const name of stored) written.set(name, now)
      }
    },
    touch() {
      touched = ++now
    },
  }
}
