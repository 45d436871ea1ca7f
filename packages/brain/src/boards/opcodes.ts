/** What is to be done about an instruction beside running it; and the few that avr8js 0.21.1 runs otherwise than the chip. */
import { avrInstruction, type CPU } from "avr8js"

const [PLAIN, PUSHES, CALL, BACK, STILL, LOST] = [0, 1, 2, 3, 4, 5]
export const OTHERWISE = 6
const ALLOW = 7

export const isKind = {
  call: (kind: number): boolean => kind === CALL,
  back: (kind: number): boolean => kind === BACK,
  /** SLEEP, or a jump to itself. */
  still: (kind: number): boolean => kind === STILL,
  /** SEI: as after RETI, one more instruction runs before an interrupt. */
  allow: (kind: number): boolean => kind === ALLOW,
  /** Erased flash, and BREAK. */
  lost: (kind: number): boolean => kind === LOST,
} as const

/** The kind of every word of flash, as if an instruction began there: 0 where nothing is to be done. */
export const kindsOf = (words: Uint16Array): Uint8Array => Uint8Array.from(words, kindOf)

function kindOf(word: number): number {
  if (word === 0xffff || word === 0x9598) return LOST
  if (word === 0x9588 || word === 0xcfff) return STILL
  if (word === 0x9508 || word === 0x9518) return BACK
  if (word === 0x9478) return ALLOW
  // `rcall .+0` makes room on the stack, and calls nothing.
  if (word === 0xd000) return PUSHES
  if ((word & 0xf000) === 0xd000 || (word & 0xfe0e) === 0x940e || word === 0x9509 || word === 0x9519) return CALL
  // Of the two halves of the stack pointer compilers write the low one last: between them it is neither old nor new.
  if ((word & 0xfe0f) === 0x920f || (word & 0xfe0f) === 0xbe0d) return PUSHES
  if (isCbi(word) || isNeg(word) || isFmulsu(word) || isCarried(word)) return OTHERWISE
  return PLAIN
}

/** Where the jump at a word goes, as those in the table of interrupts do; the word itself where it is none. */
export function jumpTarget(words: Uint16Array, at: number): number {
  const word = words[at]!
  if ((word & 0xfe0e) === 0x940c) return words[at + 1]! | ((word & 1) << 16) | ((word & 0x1f0) << 13)
  if ((word & 0xf000) === 0xc000) return (at + 1 + ((word & 0x7ff) - (word & 0x800))) & (words.length - 1)
  return at
}

const isCbi = (word: number): boolean => (word & 0xff00) === 0x9800
const isNeg = (word: number): boolean => (word & 0xfe0f) === 0x9401
const isFmulsu = (word: number): boolean => (word & 0xff88) === 0x0388
/** CPC, SBC and SBCI. */
const isCarried = (word: number): boolean =>
  (word & 0xfc00) === 0x0400 || (word & 0xfc00) === 0x0800 || (word & 0xf000) === 0x4000

const SREG = 0x5f
const [Z, N, V, S] = [2, 4, 8, 16]

/**
 * Runs an instruction as the chip does: avr8js gives CBI one cycle for two, NEG no overflow of -128, FMULSU a zero flag upside down, and
 * loses the zero flag where 0 - 255 - 1 is 0. Source: Microchip, AVR Instruction Set Manual, DS40002198B.
 */
export function stepOtherwise(cpu: CPU): void {
  const word = cpu.progMem[cpu.pc]!
  const before = cpu.data[SREG]!
  avrInstruction(cpu)
  if (isCbi(word)) cpu.cycles++
  else if (isNeg(word)) {
    if (cpu.data[(word >> 4) & 31] !== 0x80) return
    // -128 is negative and overflows: the sign flag, N xor V, is 0.
    cpu.data[SREG] = (cpu.data[SREG]! & ~S) | V | N
  } else if (isFmulsu(word)) cpu.data[SREG]! ^= Z
  else if ((before & (Z | 1)) === (Z | 1)) {
    const to = (word & 0xf000) === 0x4000 ? 16 + ((word >> 4) & 15) : (word >> 4) & 31
    // With the carry the result is 0 only of 0 - 255 - 1, which CPC does not keep.
    const isZero = (word & 0xfc00) === 0x0400 ? isComparedZero(cpu, word) : cpu.data[to] === 0
    if (isZero && (cpu.data[SREG]! & 1) === 1) cpu.data[SREG]! |= Z
  }
}

const isComparedZero = ({ data }: CPU, word: number): boolean =>
  data[(word >> 4) & 31] === 0 && data[(word & 15) | ((word & 0x200) >> 5)] === 255
