/**
 * What the instructions of an AVR do to its stack pointer. Known of each register is a constant, or that it is one half of the stack
 * pointer at the function's entry, less so many bytes. Source: Microchip, AVR Instruction Set Manual, DS40002198B; ABI: avr-gcc's.
 */
import type { Code, Machine, Next, Step, Unbounded } from "./stack.ts"

/** One byte. Of `low` and `high`: that half of the stack pointer at entry less `less`, which a low half knows modulo 256 and a high one modulo 65536. */
type Byte =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "low"; readonly less: number }
  | { readonly kind: "high"; readonly less: number }
  | undefined

interface State {
  /** Bytes below the stack pointer at entry. */
  readonly sp: number
  /** r0 to r31. */
  readonly registers: readonly Byte[]
  /** Set by the instruction before: the carry of the low half of `less` when `step` was taken from it. */
  readonly carry: { readonly less: number; readonly step: number } | undefined
  /** A half of the stack pointer that is written already, the other one being the old one. */
  readonly half: Byte
}

const ZERO: Byte = { kind: "constant", value: 0 }
/** By the ABI a function finds r1 to be 0. */
const REGISTERS: readonly Byte[] = Array.from({ length: 32 }, (_, i) => (i === 1 ? ZERO : undefined))
/** r2 to r17, r28 and r29 are as they were after a call; r1 is 0 again. */
const isKept = (register: number): boolean => (register >= 2 && register <= 17) || register === 28 || register === 29
/** A program that goes there starts again, with an empty stack: calls of functions that were not linked do, and are never reached. */
const RESET = 0
const [SPL, SPH] = [0x3d, 0x3e]

export function avrMachine(code: Code, returnBytes: number): Machine<State> {
  return {
    entry: { sp: 0, registers: REGISTERS, carry: undefined, half: undefined },
    returnBytes,
    step: (at, state) => step(code, returnBytes, at, state),
    join(a, b) {
      if (a.sp !== b.sp || !sameByte(a.half, b.half)) return undefined
      const registers = a.registers.map((each, i) => (sameByte(each, b.registers[i]) ? each : undefined))
      return { sp: a.sp, half: a.half, registers, carry: sameCarry(a.carry, b.carry) ? a.carry : undefined }
    },
    same: (a, b) =>
      a.sp === b.sp &&
      sameByte(a.half, b.half) &&
      sameCarry(a.carry, b.carry) &&
      a.registers.every((each, i) => sameByte(each, b.registers[i])),
  }
}

const sameByte = (a: Byte, b: Byte): boolean =>
  a === b || (a !== undefined && b !== undefined && a.kind === b.kind && amountOf(a) === amountOf(b))
const amountOf = (byte: NonNullable<Byte>): number => (byte.kind === "constant" ? byte.value : byte.less)
const sameCarry = (a: State["carry"], b: State["carry"]): boolean => a?.less === b?.less && a?.step === b?.step

const refused = (why: Unbounded): Step<State> => ({ depth: 0, next: [], refused: why })

function step(code: Code, returnBytes: number, at: number, state: State): Step<State> {
  const word = code(at)
  if (word === undefined) return refused("unknown instruction")
  const wide = isWide(word)
  const second = wide ? code(at + 2) : 0
  if (second === undefined) return refused("unknown instruction")
  const after = at + (wide ? 4 : 2)
  // What an instruction does not say of the carry it does not keep.
  const plain: State = state.carry === undefined ? state : { ...state, carry: undefined }
  const { sp, registers } = plain
  const go = (to: number, next: State = plain): Next<State> => ({ at: to, state: next })
  const jump = (to: number): Step<State> => ({ depth: sp, next: to === RESET ? [] : [go(to)] })
  const on = (next: State = plain): Step<State> => ({ depth: next.sp, next: [go(after, next)] })
  const both = (to: number): Step<State> => ({ depth: sp, next: [go(after), go(to)] })
  const moved = (by: number, changed: State = plain): Step<State> =>
    state.half !== undefined ? refused("variable frame") : on({ ...changed, sp: sp + by })
  const called = (to: number): Step<State> => {
    if (state.half !== undefined) return refused("variable frame")
    if (to === RESET) return { depth: sp + returnBytes, next: [] }
    const kept = registers.map((each, i) => (i === 1 ? ZERO : isKept(i) ? each : undefined))
    return { depth: sp + returnBytes, next: [], call: { to, after: go(after, { ...plain, registers: kept }) } }
  }
  const [d, r] = [(word >> 4) & 31, (word & 15) | ((word >> 5) & 16)]
  const high = 16 + ((word >> 4) & 15)
  const immediate = (word & 15) | ((word >> 4) & 0xf0)

  // Jumps and calls.
  if ((word & 0xf000) === 0xc000) return jump(after + relative(word))
  if ((word & 0xf000) === 0xd000) {
    const to = after + relative(word)
    return to === after ? moved(returnBytes) : called(to)
  }
  const far = 2 * (second | ((word & 1) << 16) | ((word & 0x1f0) << 13))
  if ((word & 0xfe0e) === 0x940c) return jump(far)
  if ((word & 0xfe0e) === 0x940e) return far === after ? moved(returnBytes) : called(far)
  if ((word & 0xf800) === 0xf000) return both(after + (((word & 0x3f8) >> 2) - ((word & 0x200) >> 1)))
  const isSkip = (word & 0xfc00) === 0x1000 || (word & 0xfd00) === 0x9900 || (word & 0xfc08) === 0xfc00
  if (isSkip) return both(after + (isWide(code(after) ?? 0) ? 4 : 2))
  if (word === 0x9409 || word === 0x9419 || word === 0x9509 || word === 0x9519) {
    const [low, above] = [registers[30], registers[31]]
    const isCall = (word & 0x100) !== 0
    // EIJMP and EICALL take a third byte from a register of the chip, which is not followed.
    if (low?.kind !== "constant" || above?.kind !== "constant" || (word & 0x10) !== 0)
      return refused(isCall ? "indirect call" : "computed jump")
    const to = 2 * (low.value | (above.value << 8))
    return isCall ? called(to) : jump(to)
  }
  if (word === 0x9508 || word === 0x9518)
    return sp === 0 && state.half === undefined ? { depth: 0, next: [], returns: true } : refused("variable frame")
  if (word === 0x9478) return { ...on(), enables: true }
  if (word === 0x9598 || word === 0xffff) return refused("unknown instruction")

  // The stack.
  if ((word & 0xfe0f) === 0x920f) return moved(1)
  if ((word & 0xfe0f) === 0x900f) return moved(-1, { ...plain, registers: changed(registers, [d, undefined]) })
  const port = (word & 15) | ((word >> 5) & 0x30)
  if ((word & 0xf800) === 0xb000) {
    const half: Byte =
      port === SPL ? { kind: "low", less: sp & 255 } : port === SPH ? { kind: "high", less: sp } : undefined
    return state.half !== undefined && half !== undefined
      ? refused("variable frame")
      : on({ ...plain, registers: changed(registers, [d, half]) })
  }
  if ((word & 0xf800) === 0xb800) return port === SPL || port === SPH ? written(plain, port, registers[d], on) : on()
  // STS to the stack pointer's own addresses in data memory.
  if ((word & 0xfe0f) === 0x9200 && (second === 0x5d || second === 0x5e)) return refused("variable frame")

  // Arithmetic that a frame is made with.
  const set = (to: number, byte: Byte, carry?: State["carry"]): Step<State> =>
    on({ ...plain, registers: changed(registers, [to, byte]), carry })
  const known = (index: number): number | undefined => {
    const byte = registers[index]
    return byte?.kind === "constant" ? byte.value : undefined
  }
  const less = (to: number, by: number | undefined): Step<State> => {
    const from = registers[to]
    if (by === undefined || from === undefined) return set(to, undefined)
    if (from.kind === "low")
      return set(to, { kind: "low", less: (from.less + by) & 255 }, { less: from.less, step: by })
    return set(to, from.kind === "constant" ? { kind: "constant", value: (from.value - by) & 255 } : undefined)
  }
  /** With the carry of a low half: the same step, and 256 times so much. */
  const lessCarried = (to: number, by: number | undefined): Step<State> => {
    const [from, carry] = [registers[to], state.carry]
    const isOne =
      from?.kind === "high" && carry !== undefined && (from.less & 255) === (carry.less & 255) && by !== undefined
    return set(to, isOne ? { kind: "high", less: wrap(from.less + carry.step + 256 * by) } : undefined)
  }
  const pair = (to: number, by: number): Step<State> => {
    const [low, above] = [registers[to], registers[to + 1]]
    const isOne = low?.kind === "low" && above?.kind === "high" && (low.less & 255) === (above.less & 255)
    if (!isOne) return on({ ...plain, registers: changed(registers, [to, undefined], [to + 1, undefined]) })
    const sum = wrap(above.less + by)
    const halves: readonly [number, Byte][] = [
      [to, { kind: "low", less: sum & 255 }],
      [to + 1, { kind: "high", less: sum }],
    ]
    return on({ ...plain, registers: changed(registers, ...halves) })
  }
  const negative = (value: number | undefined): number | undefined => (value === undefined ? undefined : -value)
  switch (word & 0xfc00) {
    case 0x0c00:
      return less(d, negative(known(r)))
    case 0x1c00:
      return lessCarried(d, negative(known(r)))
    case 0x1800:
      return less(d, known(r))
    case 0x0800:
      return lessCarried(d, known(r))
    case 0x2400:
      return set(d, d === r ? ZERO : undefined)
    case 0x2c00:
      return set(d, registers[r])
    case 0x2000: // and
    case 0x2800: // or
      return set(d, undefined)
    case 0x0400: // cpc
    case 0x1400: // cp
      return on()
  }
  switch (word & 0xf000) {
    case 0x5000:
      return less(high, immediate)
    case 0x4000:
      return lessCarried(high, immediate)
    case 0xe000:
      return set(high, { kind: "constant", value: immediate })
    case 0x3000: // cpi
      return on()
    case 0x6000: // ori
    case 0x7000: // andi
      return set(high, undefined)
  }
  const wordRegister = 24 + ((word >> 3) & 6)
  const six = (word & 15) | ((word >> 2) & 0x30)
  if ((word & 0xff00) === 0x9600) return pair(wordRegister, -six)
  if ((word & 0xff00) === 0x9700) return pair(wordRegister, six)
  if ((word & 0xff00) === 0x0100) {
    const [to, from] = [(word >> 3) & 30, (word & 15) << 1]
    return on({ ...plain, registers: changed(registers, [to, registers[from]], [to + 1, registers[from + 1]]) })
  }

  const lost = lostBy(word, d)
  return lost === undefined
    ? refused("unknown instruction")
    : on(
        lost.length === 0
          ? plain
          : { ...plain, registers: changed(registers, ...lost.map((each) => [each, undefined] as const)) },
      )
}

/** A half of the stack pointer is written: both have to come of one known value, one after the other. */
function written(state: State, port: number, byte: Byte, on: (next: State) => Step<State>): Step<State> {
  if (byte === undefined || byte.kind === "constant" || (byte.kind === "low") !== (port === SPL))
    return refused("variable frame")
  const other = state.half
  if (other === undefined) return on({ ...state, half: byte })
  const [low, high] = port === SPL ? [byte, other] : [other, byte]
  if (low.kind !== "low" || high.kind !== "high" || (low.less & 255) !== (high.less & 255))
    return refused("variable frame")
  // Above the entry lies what is the caller's.
  const sp = high.less < 0x8000 ? high.less : -1
  return sp < 0 ? refused("variable frame") : on({ ...state, half: undefined, sp })
}

/** Registers that any other instruction changes; undefined where it is none of these chips. */
function lostBy(word: number, d: number): readonly number[] | undefined {
  const [X, Y, Z] = [
    [26, 27],
    [28, 29],
    [30, 31],
  ] as const
  if (word === 0 || (word & 0xff0f) === 0x9408) return [] // nop; bset, bclr
  if ([0x9588, 0x95a8, 0x95e8].includes(word)) return [] // sleep, wdr, spm
  if (word === 0x95c8 || word === 0x95d8) return [0] // lpm, elpm to r0
  if ((word & 0xfc00) === 0x9c00 || (word & 0xff00) === 0x0200 || (word & 0xff00) === 0x0300) return [0, 1] // mul and kin
  if ((word & 0xfd00) === 0x9800) return [] // cbi, sbi
  if ((word & 0xfe08) === 0xf800) return [d] // bld
  if ((word & 0xfe08) === 0xfa00) return [] // bst
  if ((word & 0xd000) === 0x8000) return (word & 0x0200) === 0 ? [d] : [] // ld, st with a displacement
  const low = word & 15
  if ((word & 0xfe00) === 0x9400) return [0, 1, 2, 3, 5, 6, 7, 10].includes(low) ? [d] : undefined // com … dec
  if ((word & 0xfc00) !== 0x9000) return undefined
  const to = (word & 0x0200) === 0 ? [d] : []
  if (low === 0 || low === 12) return to // lds, sts; ld, st by X
  if (low === 1 || low === 2) return [...to, ...Z]
  if (low === 9 || low === 10) return [...to, ...Y]
  if (low === 13 || low === 14) return [...to, ...X]
  if (to.length === 0) return undefined
  return low === 4 || low === 6 ? to : low === 5 || low === 7 ? [...to, ...Z] : undefined // lpm, elpm
}

/** LDS, STS, JMP and CALL are two words. */
const isWide = (word: number): boolean => (word & 0xfc0f) === 0x9000 || (word & 0xfe0c) === 0x940c
const relative = (word: number): number => 2 * ((word & 0x7ff) - (word & 0x800))
const wrap = (value: number): number => value & 0xffff

function changed(registers: readonly Byte[], ...changes: readonly (readonly [number, Byte])[]): readonly Byte[] {
  const result = [...registers]
  for (const [index, byte] of changes) result[index] = byte
  return result
}
