import { afterAll, beforeAll, expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { footprintOf, readElf } from "./elf.ts"
import { objectFootprint, readMap, symbolFootprint } from "./map.ts"
import { type AvrBench, missingAvrCompiler, openAvrBench } from "./testing/avr.ts"

let bench: AvrBench
beforeAll(() => {
  bench = openAvrBench()
})
afterAll(() => bench[Symbol.dispose]())

const LIBRARY = `#include <stdint.h>
#include <avr/pgmspace.h>
static const int8_t lib_weights[300] PROGMEM = { 1, 2, 3 };
uint8_t lib_input[40];
static uint16_t lib_scale[3] = { 1, 2, 3 };
uint16_t lib_noted __attribute__((section(".noinit")));
uint16_t a_name_that_is_far_too_long_for_the_column_of_the_map __attribute__((section(".data.a_name_that_is_far_too_long"))) = 5;
uint16_t lib_run(uint8_t n) { uint16_t s = 0; while (n--) s += pgm_read_byte(lib_weights + n) * lib_input[n % 40]; return s + lib_scale[s % 3]++ + lib_noted + a_name_that_is_far_too_long_for_the_column_of_the_map; }
`
const SKETCH = `#include <stdint.h>
uint16_t lib_run(uint8_t); volatile uint16_t kept; static uint8_t own[17] = { 1 };
int main(void) { for (;;) kept = lib_run(own[kept % 17]++) / 7; }
`

test.for(["uno", "mega"] as const)("on %s what came of an object file is what that file has", (board, context) => {
  requireOrSkip(context, missingAvrCompiler())
  const object = bench.object(LIBRARY, board, "-Os", "-fno-common")
  const { elf, map, path } = bench.compile(SKETCH, board, "-Os", object)
  const whole = readElf(elf, path)
  const parts = readMap(map)
  const library = objectFootprint(whole, parts, (name) => name === object)
  expect(library).toEqual(bench.size(object))
  expect(library.ramBytes).toBe(40 + 6 + 2 + 2)
  // All the parts are the whole, but for bytes of padding.
  const all = objectFootprint(whole, parts, () => true)
  const { flashBytes, ramBytes } = footprintOf(whole)
  for (const padding of [ramBytes - all.ramBytes, flashBytes - all.flashBytes])
    expect([padding >= 0, padding < 8]).toEqual([true, true])
  const named = symbolFootprint(whole, ({ name }) => /^lib_|^a_name/.test(name))
  expect([named.ramBytes, named.flashBytes <= library.flashBytes]).toEqual([library.ramBytes, true])
  expect(named.flashBytes).toBeGreaterThan(library.flashBytes - 8)
})

test("what was thrown away is not counted, and no map is an empty one", () => {
  const text = `Discarded input sections

 .text.unused   0x0000000000000000       0x20 lib.o

Linker script and memory map

LOAD lib.o
.text           0x0000000000000000       0x30
 *(.text)
 .text          0x0000000000000000       0x10 lib.o
                0x0000000000000000                run
 .text.a_name_that_is_long
                0x0000000000000010       0x1f my files/lib two.o
 *fill*         0x000000000000002f        0x1 
 .text.none     0x0000000000000030        0x0 lib.o
`
  expect(readMap(text)).toEqual([
    { output: ".text", input: ".text", object: "lib.o", address: 0, size: 16 },
    { output: ".text", input: ".text.a_name_that_is_long", object: "my files/lib two.o", address: 16, size: 31 },
  ])
  expect(readMap("hello")).toEqual([])
})
