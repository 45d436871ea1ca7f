import type { Packed } from "../../ir/program.ts"
import { type Code, code, unsigned } from "./binary.ts"
import type { Stored } from "./opcode.ts"

/** Vector instructions by number. Sources: core specification 2.0, section 5.4.10; relaxed SIMD, section on binary encoding. */
const simd = (number: number): Code => `\xfd${unsigned(number)}`

export const SPLAT = { i32: simd(0x11), f32: simd(0x13) } as const
/** Lane 0, lane 1 as i32. */
export const [FIRST, SECOND] = [`${simd(0x1b)}\0`, `${simd(0x1b)}\x01`] as const
export const [BITSELECT, AND, DIFFER, F32_NE, I32_ADD] = [
  simd(0x52),
  simd(0x4e),
  simd(0x38),
  simd(0x42),
  simd(0xae),
] as const

/** Pairs of signed halves multiplied and added up, a lane each. */
export const DOT2 = simd(0xba)
/** Products of the low eight bytes, signed, as halves; neighbouring halves added up to words. */
export const [PRODUCTS_OF_BYTES, PAIRS] = [simd(0x9c), simd(0x7e)] as const
/** Signed shifts of halves. */
export const [HALVES_SHL, HALVES_SHR] = [simd(0x8b), simd(0x8c)] as const
/** a signed, b in 0 … 127: + Σ of four products, the same on every machine as long as b keeps to its range. */
export const RELAXED_DOT4_ADD = simd(0x113)

/** Reads four elements as 32-bit lanes. */
export const LOAD: Readonly<Record<Stored, readonly [load: Code, widen: Code]>> = {
  i8: [simd(0x5c), simd(0x87) + simd(0xa7)], // four bytes, never more: the last ones may end the memory
  u8: [simd(0x5c), simd(0x89) + simd(0xa9)],
  i16: [simd(0x03), ""],
  u16: [simd(0x04), ""],
  i32: [simd(0x00), ""],
  f32: [simd(0x00), ""],
}
/** Reads 32 bits into every lane. */
export const LOAD_SPLAT = simd(0x09)
/** Reads 16 bits into every half. */
export const LOAD16_SPLAT = simd(0x08)
/** Reads four words of packed elements. */
export const LOAD_PACKED: Readonly<Record<Packed, Readonly<Partial<Record<Stored, Code>>>>> = {
  2: { i8: simd(0x01), u8: simd(0x02), i16: simd(0x00), u16: simd(0x00) },
  4: { i8: simd(0x00), u8: simd(0x00) },
}
/** Low bytes to halves. */
export const WIDEN_BYTES = { i8: simd(0x87), u8: simd(0x89) } as const

const shuffle = (width: number): Code =>
  code([
    simd(0x0d),
    Array.from({ length: 16 }, (_, i) => (i < 4 * width ? 4 * Math.floor(i / width) + (i % width) : 0)),
  ])
/** Brings the low `bytes` of each lane of a value that is given twice together in the first lanes. */
export const TOGETHER: Readonly<Record<1 | 2, Code>> = { 1: shuffle(1), 2: shuffle(2) }
const [STORE32_LANE, STORE64_LANE, STORE128] = [simd(0x5a), simd(0x5b), simd(0x0b)] as const
const LANE_0 = "\0"
export const STORE: Readonly<Record<1 | 2 | 4, (place: Code) => Code>> = {
  1: (place) => STORE32_LANE + place + LANE_0, // lane 0 of 32 or 64 bits, where TOGETHER has put them
  2: (place) => STORE64_LANE + place + LANE_0,
  4: (place) => STORE128 + place,
}

/** Operations that are one instruction on lanes, with the meaning of arithmetic.ts. */
export const LANES_OF = {
  "f32.sqrt": simd(0xe3),
  "i32.from_f32": simd(0xf8),
  "f32.from_i32": simd(0xfa),
  "f32.of_bits": "",
  "i32.add": I32_ADD,
  "i32.sub": simd(0xb1),
  "i32.mul": simd(0xb5),
  "i32.min": simd(0xb6),
  "i32.max": simd(0xb8),
  "i32.and": AND,
  "i32.or": simd(0x50),
  "i32.xor": simd(0x51),
  "i32.shl": simd(0xab),
  "i32.shr_s": simd(0xac),
  "i32.shr_u": simd(0xad),
  "i32.dot2_i16": DOT2,
  "f32.add": simd(0xe4),
  "f32.sub": simd(0xe5),
  "f32.mul": simd(0xe6),
  "f32.div": simd(0xe7),
  "f32.min": simd(0xea),
  "f32.max": simd(0xeb), // pmin and pmax: compare and select, as the judge does
} as Readonly<Record<string, Code | undefined>>
/** These give all ones or zeros in a lane: a mask, where the judge gives 1 or 0. */
export const MASK_OF = {
  "i32.eq": simd(0x37),
  "i32.ne": DIFFER,
  "i32.lt_s": simd(0x39),
  "i32.lt_u": simd(0x3a),
  "i32.le_s": simd(0x3d),
  "f32.eq": simd(0x41),
  "f32.lt": simd(0x43),
  "f32.le": simd(0x45),
} as Readonly<Record<string, Code | undefined>>
