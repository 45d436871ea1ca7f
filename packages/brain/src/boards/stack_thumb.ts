/**
 * What the instructions of a Cortex-M do to its stack pointer. Known of each register is a constant, the stack pointer at the function's
 * entry less so many bytes, or where the function returns to. Source: ARM DDI 0403E.e (ARMv7-M), chapter A7; ABI: AAPCS.
 */
import type { Code, Machine, Next, Step, Unbounded } from "./stack.ts"
import { lostByWide } from "./stack_thumb_wide.ts"

type Word =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "stack"; readonly less: number }
  | { readonly kind: "return" }
  | undefined

interface State {
  /** Bytes below the stack pointer at entry. */
  readonly sp: number
  /** r0 to r12, and r14 at its number. */
  readonly registers: readonly Word[]
  /** How far below the entry lies where the return address was put. */
  readonly saved: number | undefined
  /** Instructions of an IT block to come, which may be left out. */
  readonly conditional: number
}

const [SP, LR, PC] = [13, 14, 15]
const ENTRY: State = {
  sp: 0,
  registers: Array.from({ length: 15 }, (_, i) => (i === LR ? { kind: "return" } : undefined)),
  saved: undefined,
  conditional: 0,
}

export function thumbMachine(code: Code): Machine<State> {
  return {
    entry: ENTRY,
    returnBytes: 0,
    step: (at, state) => step(code, at, state),
    join(a, b) {
      if (a.sp !== b.sp || a.conditional !== b.conditional) return undefined
      const registers = a.registers.map((each, i) => (sameWord(each, b.registers[i]) ? each : undefined))
      return { ...a, registers, saved: a.saved === b.saved ? a.saved : undefined }
    },
    same: (a, b) =>
      a.sp === b.sp &&
      a.saved === b.saved &&
      a.conditional === b.conditional &&
      a.registers.every((each, i) => sameWord(each, b.registers[i])),
  }
}

function sameWord(a: Word, b: Word): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return a === b
  if (a.kind === "constant") return b.kind === "constant" && a.value === b.value
  return a.kind === "return" || (b.kind === "stack" && a.less === b.less)
}

const refused = (why: Unbounded): Step<State> => ({ depth: 0, next: [], refused: why })

function step(code: Code, at: number, before: State): Step<State> {
  const word = code(at)
  const second = word !== undefined && word >= 0xe800 ? code(at + 2) : 0
  if (word === undefined || second === undefined) return refused("unknown instruction")
  const after = at + (word >= 0xe800 ? 4 : 2)
  const { conditional } = before
  const state = conditional === 0 ? before : { ...before, conditional: conditional - 1 }
  const done = word >= 0xe800 ? wide(code, at, word, second, state) : narrow(code, at, word, state)
  if (conditional === 0 || done.refused !== undefined) return done
  return { ...done, next: [...done.next, { at: after, state }] }
}

/** What the functions below share: the ways on from an instruction that ends at `after`. */
function waysOn(state: State, after: number) {
  const { sp, registers } = state
  const go = (to: number, next: State = state): Next<State> => ({ at: to, state: next })
  const on = (next: State = state): Step<State> => ({ depth: Math.max(sp, next.sp), next: [go(after, next)] })
  const set = (to: number, value: Word): Step<State> => {
    if (to === SP) return value?.kind === "stack" ? moveTo(value.less) : refused("variable frame")
    return to === PC ? refused("computed jump") : on({ ...state, registers: registers.with(to, value) })
  }
  /** What lies below the stack pointer is nobody's any more. */
  const moveTo = (less: number, next: State = state): Step<State> => {
    if (less < 0) return refused("variable frame")
    return on({ ...next, sp: less, saved: next.saved !== undefined && next.saved > less ? undefined : next.saved })
  }
  const held = (register: number): Word =>
    register === SP ? { kind: "stack", less: sp } : register === PC ? undefined : registers[register]
  const call = (to: number): Step<State> => {
    const kept = registers.map((each, i) => (i >= 4 && i <= 11 ? each : undefined))
    return { depth: sp, next: [], call: { to: to - (to & 1), after: go(after, { ...state, registers: kept }) } }
  }
  const leave = (value: Word, isCall: boolean): Step<State> => {
    if (value?.kind === "return" && !isCall)
      return sp === 0 ? { depth: 0, next: [], returns: true } : refused("variable frame")
    if (value?.kind !== "constant") return refused("indirect call")
    return isCall ? call(value.value) : { depth: sp, next: [go(value.value - (value.value & 1))] }
  }
  /** Pushes registers of a list of bits, the lowest deepest. */
  const push = (list: number): Step<State> => {
    const bytes = 4 * ones(list)
    // The link register is the highest of those that are pushed, so it lies on top.
    const isSaved = (list & (1 << LR)) !== 0 && registers[LR]?.kind === "return"
    return moveTo(sp + bytes, isSaved ? { ...state, saved: sp + 4 } : state)
  }
  const pop = (list: number): Step<State> => {
    let left = sp
    let values = registers
    let isReturn = false
    for (let register = 0; register <= PC; register++) {
      if ((list & (1 << register)) === 0) continue
      const value: Word = left === state.saved ? { kind: "return" } : undefined
      if (register === PC) isReturn = value !== undefined
      else if (register !== SP) values = values.with(register, value)
      left -= 4
    }
    if ((list & (1 << PC)) === 0) return moveTo(left, { ...state, registers: values })
    if (!isReturn) return refused("computed jump")
    return left === 0 ? { depth: sp, next: [], returns: true } : refused("variable frame")
  }
  return { go, on, set, moveTo, held, call, leave, push, pop }
}

const ones = (list: number): number => list.toString(2).replaceAll("0", "").length
const plus = (value: Word, by: number): Word =>
  value?.kind === "stack"
    ? { kind: "stack", less: value.less - by }
    : value?.kind === "constant"
      ? { kind: "constant", value: (value.value + by) | 0 }
      : undefined
const constantOf = (value: Word): number | undefined => (value?.kind === "constant" ? value.value : undefined)
const literal = (code: Code, at: number): Word => {
  const [low, high] = [code(at), code(at + 2)]
  return low === undefined || high === undefined ? undefined : { kind: "constant", value: low | (high << 16) }
}

function narrow(code: Code, at: number, word: number, state: State): Step<State> {
  const { go, on, set, moveTo, held, leave, push, pop } = waysOn(state, at + 2)
  const { sp, registers } = state
  const [low, third, upper] = [word & 7, (word >> 3) & 7, (word >> 8) & 7]
  const [high, other] = [(word & 7) | ((word >> 4) & 8), (word >> 3) & 15]
  const eight = word & 255
  switch (word >> 12) {
    case 0: // lsl, lsr; of a constant the first is followed
    case 1: {
      const from = constantOf(registers[third])
      if (word < 0x0800 && from !== undefined) return set(low, { kind: "constant", value: from << ((word >> 6) & 31) })
      const by = (word >> 6) & 7
      if ((word & 0xfc00) === 0x1c00) return set(low, plus(registers[third], (word & 0x200) === 0 ? by : -by))
      return set(low, undefined)
    }
    case 2:
      return (word & 0x800) === 0 ? set(upper, { kind: "constant", value: eight }) : on()
    case 3:
      return set(upper, plus(registers[upper], (word & 0x800) === 0 ? eight : -eight))
    case 4: {
      if ((word & 0x800) !== 0) return set(upper, literal(code, ((at + 4) & ~3) + 4 * eight))
      if ((word & 0x400) === 0) {
        const operation = (word >> 6) & 15
        if ([8, 10, 11].includes(operation)) return on() // tst, cmp, cmn
        const from = constantOf(registers[third])
        return set(low, operation === 9 && from !== undefined ? { kind: "constant", value: -from | 0 } : undefined)
      }
      switch ((word >> 8) & 3) {
        case 0: {
          const by = constantOf(held(other))
          return set(high, by === undefined ? undefined : plus(held(high), by))
        }
        case 1:
          return on() // cmp
        case 2:
          return high === PC ? leave(held(other), false) : set(high, held(other))
        default:
          return leave(held(other), (word & 0x80) !== 0)
      }
    }
    case 5:
      return (word & 0x0e00) >= 0x0600 ? set(low, undefined) : on()
    case 6:
    case 7:
    case 8:
      return (word & 0x800) !== 0 ? set(low, undefined) : on()
    case 9: {
      const isSaved = sp - 4 * eight === state.saved
      if ((word & 0x800) !== 0) return set(upper, isSaved ? { kind: "return" } : undefined)
      return on(isSaved ? { ...state, saved: undefined } : state)
    }
    case 10:
      return set(upper, (word & 0x800) === 0 ? undefined : { kind: "stack", less: sp - 4 * eight })
    case 11: {
      if ((word & 0xff00) === 0xb000) return moveTo(sp + ((word & 0x80) === 0 ? -4 : 4) * (word & 127))
      if ((word & 0xfe00) === 0xb400) return push(eight | ((word & 0x100) << 6))
      if ((word & 0xfe00) === 0xbc00) return pop(eight | ((word & 0x100) << 7))
      if ((word & 0xf500) === 0xb100)
        return { depth: sp, next: [go(at + 2), go(at + 4 + ((word & 0x200) >> 3) + ((word & 0xf8) >> 2))] }
      if ((word & 0xff00) === 0xbf00) {
        const mask = word & 15
        const length = mask === 0 ? 0 : 4 - Math.log2(mask & -mask)
        return on({ ...state, conditional: length })
      }
      if ((word & 0xff00) === 0xb200 || (word & 0xff00) === 0xba00) return set(low, undefined)
      return (word & 0xff00) === 0xbe00 || (word & 0xffe8) === 0xb660 ? on() : refused("unknown instruction")
    }
    case 12: {
      const lost = registers.map((each, i) =>
        i === upper || ((word & 0x800) !== 0 && i < 8 && (word & (1 << i)) !== 0) ? undefined : each,
      )
      return on({ ...state, registers: lost })
    }
    case 13: {
      if ((word & 0xff00) === 0xde00) return { depth: sp, next: [] } // a trap
      if ((word & 0xff00) === 0xdf00) return on()
      return { depth: sp, next: [go(at + 2), go(at + 4 + ((eight << 24) >> 23))] }
    }
    default:
      return { depth: sp, next: [go(at + 4 + (((word & 0x7ff) << 21) >> 20))] }
  }
}

function wide(code: Code, at: number, first: number, second: number, state: State): Step<State> {
  const { go, on, set, moveTo, held, call, leave, push, pop } = waysOn(state, at + 4)
  const { sp } = state
  const [base, to] = [first & 15, (second >> 8) & 15]

  if ((first & 0xf800) === 0xf000 && (second & 0x8000) !== 0) {
    if ((second & 0x1000) !== 0) {
      const far = at + 4 + farOf(first, second)
      return (second & 0x4000) !== 0 ? call(far) : { depth: sp, next: [go(far)] }
    }
    if ((first & 0x0380) !== 0x0380) {
      const distance =
        ((first & 0x3f) << 12) | ((second & 0x7ff) << 1) | ((second & 0x2000) << 5) | ((second & 0x800) << 8)
      const signed = (first & 0x400) !== 0 ? distance - (1 << 20) : distance
      return { depth: sp, next: [go(at + 4), go(at + 4 + signed)] }
    }
    if ((first & 0xfff0) === 0xf7f0) return { depth: sp, next: [] } // a trap
    // MSP and PSP.
    if ((first & 0xffe0) === 0xf380 && [8, 9].includes(second & 255)) return refused("variable frame")
    return (first & 0xffe0) === 0xf3e0 ? set(to, undefined) : on()
  }
  if ((first & 0xf800) === 0xf000) {
    if (to === PC) return on() // a comparison
    const twelve = ((first & 0x400) << 1) | ((second & 0x7000) >> 4) | (second & 255)
    const by = expanded(twelve)
    const sixteen = ((first & 15) << 12) | twelve
    switch (first & 0xfbf0) {
      case 0xf240:
        return set(to, { kind: "constant", value: sixteen })
      case 0xf2c0: {
        const from = constantOf(held(to))
        return set(to, from === undefined ? undefined : { kind: "constant", value: (from & 0xffff) | (sixteen << 16) })
      }
    }
    if ((first & 0xfbef) === 0xf04f) return set(to, { kind: "constant", value: by })
    switch (first & 0xfbe0) {
      case 0xf100:
        return set(to, plus(held(base), by))
      case 0xf1a0:
        return set(to, plus(held(base), -by))
      case 0xf200:
        return set(to, plus(held(base), twelve))
      case 0xf2a0:
        return set(to, plus(held(base), -twelve))
    }
    return set(to, undefined)
  }
  if (first === 0xe92d) return push(second)
  if (first === 0xe8bd) return pop(second)
  if ((first & 0xffbf) === 0xed2d) return moveTo(sp + 4 * (second & 255))
  if ((first & 0xffbf) === 0xecbd) return moveTo(sp - 4 * (second & 255))
  if ((first & 0xfff0) === 0xe8d0 && (second & 0xffe0) === 0xf000) return refused("computed jump") // tbb, tbh
  if ((first & 0xfe00) === 0xf800) {
    const [register, isLoad] = [second >> 12, (first & 0x10) !== 0]
    const isWord = (first & 0x60) === 0x40
    if (isLoad && base === PC && isWord) {
      const offset = (second & 0xfff) * ((first & 0x80) !== 0 ? 1 : -1)
      const value = literal(code, ((at + 4) & ~3) + offset)
      return register === PC ? leave(value, false) : set(register, value)
    }
    const isMoved = (first & 0x80) === 0 && (second & 0x900) === 0x900
    const by = (second & 255) * ((second & 0x200) !== 0 ? 1 : -1)
    if (base === SP && isMoved && isWord && Math.abs(by) >= 4) {
      const isBefore = (second & 0x400) !== 0
      if (!isLoad && isBefore && by === -4 && register === LR) return push(1 << LR)
      if (isLoad && !isBefore && by === 4) return pop(1 << register)
      if (register === PC || register === SP) return refused("computed jump")
      const registers = isLoad ? state.registers.with(register, undefined) : state.registers
      return moveTo(sp - by, { ...state, registers })
    }
    if (base === SP && isMoved) return refused("variable frame")
    if (isLoad && register === PC && isWord) return refused("computed jump")
  }
  if ((first & 0xfe00) === 0xea00 && to === SP) {
    const by = constantOf(held(second & 15))
    const isPlain = (second & 0x70f0) === 0 && by !== undefined
    if (isPlain && (first & 0xffe0) === 0xeb00) return set(SP, plus(held(base), by))
    if (isPlain && (first & 0xffe0) === 0xeba0) return set(SP, plus(held(base), -by))
    return refused("variable frame")
  }
  const lost = lostByWide(first, second)
  if (lost === undefined) return refused("unknown instruction")
  if (lost.includes(SP)) return refused("variable frame")
  let { registers } = state
  for (const register of lost) if (register !== PC) registers = registers.with(register, undefined)
  return on({ ...state, registers })
}

/** Of BL and B.W. */
function farOf(first: number, second: number): number {
  const sign = (first >> 10) & 1
  const [j1, j2] = [(second >> 13) & 1, (second >> 11) & 1]
  const [i1, i2] = [1 ^ j1 ^ sign, 1 ^ j2 ^ sign]
  const value = (i1 << 23) | (i2 << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1)
  return sign === 1 ? value - (1 << 24) : value
}

/** ThumbExpandImm of section A5.3.2. */
function expanded(twelve: number): number {
  const eight = twelve & 255
  if (twelve >> 10 !== 0) {
    const [value, turn] = [0x80 | (twelve & 127), twelve >> 7]
    return (value >>> turn) | (value << (32 - turn))
  }
  return [eight, eight * 0x10001, (eight * 0x1000100) | 0, (eight * 0x1010101) | 0][twelve >> 8]!
}
