import { type Stored, TYPE } from "../prelude.ts"

/** A C array of constants that stays in flash. */
export function flashArray(type: string, name: string, values: Iterable<number>): string {
  const list = Array.from(values)
  const literals = list
    .map((value) => `${value}`)
    .join(",")
    .replace(/(.{100,115}?),/g, "$1,\n")
  return `static const ${type} ${name}[${list.length}] FLASH = {${literals}};`
}
/** An element of such an array. */
export const fromFlash = (dtype: Stored, name: string, index: string): string => `flash_${dtype}(&${name}[${index}])`

/** How constants are read: on AVR they lie apart from memory, everywhere else they are memory. */
export const FLASH_MACROS = `#ifdef __AVR__
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
