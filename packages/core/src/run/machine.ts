import { DTYPE, type Numbers } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import { type Engine, type Instance, instantiate } from "../compile.ts"
import { bindDims, type Dims } from "../graph/dims.ts"
import type { Net } from "../graph/dims_text.ts"
import { buffer } from "../ir/build.ts"
import type { Block, Program } from "../ir/program.ts"
import { PREPARE } from "../link/link.ts"
import { linkNet, loadedBy, type NetProgram, type Ports, specialise, storedBy } from "./net_program.ts"

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
  const whole = linkNet(net)
  const memory = memoryOf(whole, engine)
  const tenancy = tenancyOf(whole, memory)
  const bindings = new Map<string, Bound>() // in the order of their last use
  const load = (entry: string, dims: Dims): Bound => {
    const { program, ports } = specialise(whole, entry, net.at(dims)[entry]!)
    if (memory.grow(program)) bindings.clear()
    const instance = instantiate(program, engine, memory.base())
    const isShared = whole.lasting.every(({ name }) => isSame(instance.memory[name]!, memory.base().memory[name]!))
    assert(isShared, `${engine.name} gives a specialisation another memory`)
    return { ports, run: tenancy.around(() => instance.run(), program.body, { program, instance }) }
  }
  const atMaxima = Object.fromEntries(
    Object.entries(whole.ports).map(([entry, ports]) => {
      const run = tenancy.around(() => memory.base().entries[entry]!(), whole.program.entries![entry]!)
      return [entry, { ports, run }]
    }),
  )
  return {
    whole,
    buffer: (name) => memory.base().memory[name]!,
    bind(entry, given) {
      const dims = bindDims(net.maxima, given)
      if (Object.entries(dims).every(([name, value]) => value === net.maxima[name])) return atMaxima[entry]!
      const key = JSON.stringify([entry, dims])
      const found = bindings.get(key) ?? load(entry, dims)
      bindings.delete(key)
      bindings.set(key, found)
      if (bindings.size > bindingsMax) bindings.delete(bindings.keys().next().value!)
      return found
    },
    touch: tenancy.touch,
  }
}

interface Growing {
  base(): Instance
  /** Whether a larger memory was needed: then everything has moved there, and only the base is of use. */
  grow(program: Program): boolean
}
function memoryOf(whole: NetProgram, engine: Engine): Growing {
  let base = instantiate(whole.program, engine)
  let room = bytesOf(whole.program)
  return {
    base: () => base,
    grow(program) {
      const needed = bytesOf(program)
      if (needed <= room) return false
      const filler = buffer("scratch", "u8", freeName(whole.program), needed - bytesOf(whole.program))
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
const bytesOf = ({ buffers }: Program): number =>
  buffers.reduce((sum, { dtype, length }) => sum + Math.ceil((length * DTYPE[dtype].bytes) / 16) * 16, 0)
const isSame = (a: Numbers, b: Numbers): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length
function freeName({ buffers }: Program): string {
  let n = 0
  while (buffers.some(({ name }) => name === `room_${n}`)) n++
  return `room_${n}`
}

interface Tenant {
  readonly program: Program
  readonly instance: Instance
}
interface Tenancy {
  /** A run with everything in its place, whosever was the one before. */
  around(run: () => void, body: Block, tenant?: Tenant): () => void
  touch(): void
}
/**
 * What specialisations have in memory beside the whole's, constants and prepared weights of their own, lies in one
 * place for all: it is put there again when another one has run. What is prepared is so again after weights changed.
 */
function tenancyOf(whole: NetProgram, memory: Growing): Tenancy {
  let last: Tenant | undefined
  let isPrepared = false
  const settle = (tenant: Tenant | undefined): void => {
    if (!isPrepared) memory.base().entries[PREPARE]?.()
    if (tenant && (tenant !== last || !isPrepared)) {
      for (const { name, values } of tenant.program.buffers) if (values) tenant.instance.memory[name]!.set(values)
      tenant.instance.entries[PREPARE]?.()
    }
    last = tenant
    isPrepared = true
  }
  const prepared = new Set(loadedBy(whole.program.entries?.[PREPARE] ?? []))
  return {
    around(run, body, tenant) {
      for (const name of loadedBy(tenant?.program.entries?.[PREPARE] ?? [])) prepared.add(name)
      const stored = storedBy(body)
      return () => {
        settle(tenant)
        run()
        if ([...prepared].some((name) => stored.has(name))) isPrepared = false
      }
    },
    touch() {
      isPrepared = false
    },
  }
}
