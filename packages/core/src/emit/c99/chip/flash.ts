import { DTYPE } from "../../../base/dtype.ts"
import type { Buffer } from "../../../ir/program.ts"
import { type Stored, TYPE } from "../prelude.ts"

/** Numbers in flash: how they are declared, and how one of them is read. */
export interface FlashArray {
  readonly text: string
  /** An address in flash, of the element at `index`. */
  at(index: string): string
  /** A read of what an address is of. */
  read(address: string): string
  /** Beyond the first 64 KB of an AVR, where addresses have 24 bits. */
  readonly isFar: boolean
}

/** An object of C has less than 32 KB on AVR: longer arrays are pieces of this many bytes. */
const PIECE_BYTES = 16384
/** What the first 64 KB of flash take of constants; the rest is for vectors and for what the sketch has. */
const NEAR_BYTES_MAX = 56_000

/** Constants of a program whose arrays are read by addresses of 24 bits: the largest, if they do not all fit near. */
export function farIn(buffers: readonly Buffer[], bytesOf: (buffer: Buffer) => number): ReadonlySet<string> {
  const constants = buffers.filter(({ values }) => values)
  const far = new Set<string>()
  let near = constants.reduce((sum, each) => sum + bytesOf(each), 0)
  for (const each of constants.toSorted((a, b) => bytesOf(b) - bytesOf(a))) {
    if (near <= NEAR_BYTES_MAX) break
    far.add(each.name)
    near -= bytesOf(each)
  }
  return far
}

/**
 * An array of constants that stays in flash. A long one is pieces, which lie anywhere: so many elements as `unit` says,
 * which are read one after another from one address, are never parted.
 */
export function flashArray(of: Stored, name: string, values: readonly number[], isFar = false, unit = 1): FlashArray {
  const [type, bytes] = [TYPE[of], DTYPE[of].bytes]
  const array = (each: string, some: readonly number[]): string => {
    const literals = some.map((value) => (value === -(2 ** 31) ? "INT32_MIN" : `${value}`)).join(",")
    return `static const ${type} ${each}[${some.length}] FLASH${isFar ? "_FAR" : ""} = {${literals.replace(/(.{100,115}?),/g, "$1,\n")}};`
  }
  const read = (address: string): string => `${isFar ? "far" : "flash"}_${of}(${address})`
  const length = Math.max(1, Math.floor(PIECE_BYTES / bytes / unit)) * unit
  if (!isFar && values.length * bytes <= 2 * PIECE_BYTES - 4)
    return { text: array(name, values), at: (index) => `&${name}[${index}]`, read, isFar }
  const pieces = Array.from({ length: Math.ceil(values.length / length) }, (_, i) => i)
  const place = (i: number): string => {
    const within = i === 0 ? "i" : `(i - ${i * length})`
    return isFar ? `FAR(${name}_${i}, ${within})` : `&${name}_${i}[${within}]`
  }
  const chain = pieces.map((i) => (i === pieces.length - 1 ? place(i) : `i < ${(i + 1) * length} ? ${place(i)} : `))
  const text = [
    ...pieces.map((i) => array(`${name}_${i}`, values.slice(i * length, (i + 1) * length))),
    `INLINE ${isFar ? `far_at` : `const ${type} *`} ${name}_at(uint32_t i) { return ${chain.join("")}; }`,
  ].join("\n")
  return { text, at: (index) => `${name}_at(${index})`, read, isFar }
}

/** How constants are read: on AVR they lie apart from memory, everywhere else they are memory. */
export const FLASH_MACROS = `#ifdef __AVR__
#include <avr/io.h>
#include <avr/pgmspace.h>
#define FLASH PROGMEM
#define flash_i8(at) ((int8_t)pgm_read_byte(at))
#define flash_u8(at) ((uint8_t)pgm_read_byte(at))
#define flash_i16(at) ((int16_t)pgm_read_word(at))
#define flash_u16(at) ((uint16_t)pgm_read_word(at))
#define flash_i32(at) ((int32_t)pgm_read_dword(at))
#else
#define FLASH
${(["i8", "u8", "i16", "u16", "i32"] as const).map((of) => `#define flash_${of}(at) (*(const ${TYPE[of]} *)(at))`).join("\n")}
#endif`
/** The same beyond 64 KB: behind the code, so that what lies near stays near. */
export const FAR_MACROS = `#ifdef __AVR__
#ifndef RAMPZ
#error "these constants need a chip with more than 64 KB of flash"
#endif
#define FLASH_FAR __attribute__((section(".fini7")))
typedef uint_farptr_t far_at;
#define FAR(array, i) (pgm_get_far_address(array) + (uint32_t)(i) * sizeof(array[0]))
#define far_i8(at) ((int8_t)pgm_read_byte_far(at))
#define far_u8(at) ((uint8_t)pgm_read_byte_far(at))
#define far_i16(at) ((int16_t)pgm_read_word_far(at))
#define far_u16(at) ((uint16_t)pgm_read_word_far(at))
#define far_i32(at) ((int32_t)pgm_read_dword_far(at))
#else
#define FLASH_FAR
typedef const void *far_at;
#define FAR(array, i) ((const void *)&(array)[i])
${(["i8", "u8", "i16", "u16", "i32"] as const).map((of) => `#define far_${of}(at) (*(const ${TYPE[of]} *)(at))`).join("\n")}
#endif`
