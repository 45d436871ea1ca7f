/** A proved bound of the stack of a function, from its machine code: the worst path over all that it may call. */
import { type Elf, type ElfSymbol, placeOf } from "./elf.ts"
import { avrMachine } from "./stack_avr.ts"
import { thumbMachine } from "./stack_thumb.ts"

export type StackBound =
  | {
      /** Bytes below the stack pointer of the caller, with the return address. */
      readonly bytes: number
      /** The functions of the worst path, outermost first. */
      readonly path: readonly string[]
    }
  | { readonly unbounded: Unbounded; readonly name: string }

/** Why no bound can be given. */
export type Unbounded =
  | "recursion"
  | "indirect call"
  | "computed jump"
  | "variable frame"
  | "unknown instruction"
  | "nested interrupts"
  | "too deep"
  | "no such function"

/** What one instruction does to the stack and to where the program goes on. `State` is what is known of the registers. */
export interface Step<State> {
  /** Bytes in use below the stack pointer at the function's entry, at most while it runs. */
  readonly depth: number
  readonly next: readonly Next<State>[]
  /** Calls what begins at `to`, with `depth` bytes in use then, and goes on after it, if it returns. */
  readonly call?: { readonly to: number; readonly after: Next<State> }
  readonly returns?: true
  /** Lets interrupts in. */
  readonly enables?: true
  readonly refused?: Unbounded
}
export interface Next<State> {
  readonly at: number
  readonly state: State
}
/** A set of instructions: how they act on what is known. A bound is as sound as these are. */
export interface Machine<State> {
  readonly entry: State
  /** Bytes that a call leaves on the stack. */
  readonly returnBytes: number
  step(at: number, state: State): Step<State>
  /** What holds whichever way an instruction was reached; undefined where the stack pointers differ. */
  join(a: State, b: State): State | undefined
  same(a: State, b: State): boolean
}

interface Found {
  readonly bytes: number // without its own return address
  readonly path: readonly string[]
  readonly returns: boolean
  readonly enables: boolean
}
type Result = Found | Exclude<StackBound, { bytes: number }>

const CALLS_DEEP_MAX = 500

/**
 * The most stack that a call of a function can take, by its name in the ELF. Each instruction that can be reached is followed with what is
 * known of the stack pointer (an abstract interpretation). What compilers promise is relied on: a function gives the registers back that its
 * ABI says it keeps, and no pointer to data reaches the stack pointer or a saved return address. Interrupts come on top: see `programStack`.
 */
export function stackOf(elf: Elf, name: string): StackBound {
  return boundsOf(elf).ofName(name)
}

/**
 * The most stack that a whole AVR program can take: that of `main` or of a constructor before it, and of the deepest interrupt on top.
 * Of an ARM: that of `main`, without interrupts.
 */
export function programStack(elf: Elf): StackBound {
  const bounds = boundsOf(elf)
  const main = bounds.ofName("main")
  if ("unbounded" in main || elf.machine === "arm") return main
  const handlers = vectorsOf(elf).map((address) => bounds.ofInterrupt(address))
  const constructors = constructorsOf(elf).map((address) => bounds.of(address))
  let [worst, interrupt]: ((StackBound & { bytes: number }) | undefined)[] = [main, undefined]
  for (const each of constructors) {
    if ("unbounded" in each) return each
    if (each.bytes + bounds.returnBytes > worst!.bytes) worst = { ...each, bytes: each.bytes + bounds.returnBytes }
  }
  for (const each of handlers) {
    if ("unbounded" in each) return each
    if (interrupt === undefined || each.bytes > interrupt.bytes) interrupt = each
  }
  if (interrupt === undefined) return worst!
  return { bytes: worst!.bytes + interrupt.bytes, path: [...worst!.path, ...interrupt.path] }
}

interface Bounds {
  readonly returnBytes: number
  ofName(name: string): StackBound
  of(address: number): StackBound
  ofInterrupt(address: number): StackBound
}

function boundsOf(elf: Elf): Bounds {
  const code = codeOf(elf)
  const nameOf = namesOf(elf)
  return elf.machine === "avr"
    ? boundsWith(avrMachine(code, elf.architecture === 6 ? 3 : 2), elf, nameOf)
    : boundsWith(thumbMachine(code), elf, nameOf)
}

function boundsWith<State>(machine: Machine<State>, elf: Elf, nameOf: (address: number) => string): Bounds {
  const known = new Map<number, Result>()
  const open = new Set<number>()
  const find = (address: number): Result => {
    const found = known.get(address)
    if (found !== undefined) return found
    if (open.has(address)) return { unbounded: "recursion", name: nameOf(address) }
    if (open.size >= CALLS_DEEP_MAX) return { unbounded: "too deep", name: nameOf(address) }
    open.add(address)
    const result = explore(machine, address, find, nameOf)
    open.delete(address)
    known.set(address, result)
    return result
  }
  const bound = (address: number): StackBound => {
    const found = find(address)
    return "unbounded" in found ? found : { bytes: found.bytes + machine.returnBytes, path: found.path }
  }
  return {
    returnBytes: machine.returnBytes,
    of: bound,
    ofName(name) {
      const symbol = functionNamed(elf, name)
      return symbol === undefined ? { unbounded: "no such function", name } : bound(symbol.address)
    },
    ofInterrupt(address) {
      const found = find(address)
      if (!("unbounded" in found) && found.enables) return { unbounded: "nested interrupts", name: nameOf(address) }
      return bound(address)
    },
  }
}

/** Follows every way through a function, tail calls too, until nothing new is learnt. */
function explore<State>(
  machine: Machine<State>,
  entry: number,
  find: (address: number) => Result,
  nameOf: (address: number) => string,
): Result {
  const name = nameOf(entry)
  const states = new Map<number, State>([[entry, machine.entry]])
  const work = [entry]
  let [bytes, returns, enables] = [0, false, false]
  let path: readonly string[] = [name]
  while (work.length > 0) {
    const at = work.pop()!
    const step = machine.step(at, states.get(at)!)
    if (step.refused !== undefined) return { unbounded: step.refused, name: nameOf(at) }
    bytes = Math.max(bytes, step.depth)
    returns ||= step.returns === true
    enables ||= step.enables === true
    const next = [...step.next]
    if (step.call !== undefined) {
      const callee = find(step.call.to)
      if ("unbounded" in callee) return callee
      if (step.depth + callee.bytes > bytes) {
        bytes = step.depth + callee.bytes
        path = [name, ...callee.path]
      }
      enables ||= callee.enables
      if (callee.returns) next.push(step.call.after)
    }
    for (const { at: to, state } of next) {
      const before = states.get(to)
      const joined = before === undefined ? state : machine.join(before, state)
      if (joined === undefined) return { unbounded: "variable frame", name: nameOf(to) }
      if (before !== undefined && machine.same(before, joined)) continue
      states.set(to, joined)
      work.push(to)
    }
  }
  return { bytes, path, returns, enables }
}

/** 16-bit words of code by address; undefined where none is. */
export type Code = (address: number) => number | undefined

function codeOf({ machine, sections }: Elf): Code {
  const stored = sections.filter(
    (section) => section.isCode && section.isAllocated && section.isStored && placeOf(machine, section).isInFlash,
  )
  return (address) => {
    for (const { address: start, bytes } of stored) {
      const at = address - start
      if (at >= 0 && at + 1 < bytes.length) return bytes[at]! | (bytes[at + 1]! << 8)
    }
    return undefined
  }
}

const functionNamed = ({ symbols }: Elf, name: string): ElfSymbol | undefined =>
  symbols.find((symbol) => symbol.name === name && symbol.kind === "function") ??
  symbols.find((symbol) => symbol.name === name && symbol.kind === "label")

/** The function that an address is in, or the nearest label before it. */
function namesOf({ symbols }: Elf): (address: number) => string {
  const code = symbols.filter(({ kind, name }) => kind !== "object" && !name.startsWith("."))
  return (address) => {
    let [inside, nearest]: (ElfSymbol | undefined)[] = []
    for (const symbol of code) {
      if (symbol.address > address) break
      if (symbol.address !== nearest?.address || symbol.kind === "function") nearest = symbol
      if (symbol.kind === "function" && address < symbol.address + symbol.size) inside = symbol
    }
    return (inside ?? nearest)?.name ?? `0x${address.toString(16)}`
  }
}

const symbolAddress = ({ symbols }: Elf, name: string): number | undefined =>
  symbols.find((symbol) => symbol.name === name)?.address

/** Where the interrupts of an AVR go that a program handles. */
function vectorsOf(elf: Elf): readonly number[] {
  const code = codeOf(elf)
  const none = symbolAddress(elf, "__bad_interrupt")
  const end = symbolAddress(elf, "__trampolines_start") ?? symbolAddress(elf, "__ctors_start") ?? 0
  const found = new Set<number>()
  for (let at = 4; at + 3 < end; at += 4) {
    const [word = 0, low = 0] = [code(at), code(at + 2)]
    if ((word & 0xfe0e) !== 0x940c) break
    const to = 2 * (low | ((word & 1) << 16) | ((word & 0x1f0) << 13))
    if (to !== none) found.add(to)
  }
  return [...found]
}

function constructorsOf(elf: Elf): readonly number[] {
  const code = codeOf(elf)
  const [start = 0, end = 0] = [symbolAddress(elf, "__ctors_start"), symbolAddress(elf, "__ctors_end")]
  const found: number[] = []
  for (let at = start; at + 1 < end && found.length < 1000; at += 2) {
    const to = code(at)
    if (to !== undefined) found.push(2 * to)
  }
  return found
}
