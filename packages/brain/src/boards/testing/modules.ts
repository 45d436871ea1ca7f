import type { ModuleSource, Ports } from "./probe.ts"

interface Example {
  readonly module: ModuleSource
  readonly ports: Ports
}

const FLASH = `#if defined(__AVR__)
#include <avr/pgmspace.h>
#define FLASH PROGMEM
#define FLASH_I16(at) ((int16_t)pgm_read_word(at))
#else
#define FLASH
#define FLASH_I16(at) (*(at))
#endif
`
const guarded = (name: string, declarations: string): string => `#ifndef ${name.toUpperCase()}_H
#define ${name.toUpperCase()}_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
${declarations}
#ifdef __cplusplus
}
#endif
#endif
`

/** Weighs its inputs by constants that lie in flash. */
export const weighted: Example = {
  module: {
    name: "weighted",
    header: guarded(
      "weighted",
      "extern int8_t weighted_x[6];\nextern int32_t weighted_sum[2];\nextern uint16_t weighted_low[1];\nvoid weighted_run(void);",
    ),
    source: `#include "weighted.h"
${FLASH}int8_t weighted_x[6];
int32_t weighted_sum[2];
uint16_t weighted_low[1];
static const int16_t weights[12] FLASH = {1, -2, 300, -32768, 32767, 5, 9, 8, -7, 600, 5, -4};
void weighted_run(void) {
  for (uint8_t row = 0; row < 2; ++row) {
    int32_t sum = 0;
    for (uint8_t i = 0; i < 6; ++i) sum += (int32_t)FLASH_I16(&weights[6 * row + i]) * weighted_x[i];
    weighted_sum[row] = sum;
  }
  weighted_low[0] = (uint16_t)((uint32_t)weighted_sum[0] ^ (uint32_t)weighted_sum[1]);
}
`,
  },
  ports: {
    inputs: [{ name: "weighted_x", bytes: 6 }],
    outputs: [
      { name: "weighted_sum", bytes: 8 },
      { name: "weighted_low", bytes: 2 },
    ],
    entries: [],
  },
}

/** Adds up what it is given in a state, and forgets it when it is told to. */
export const counting: Example = {
  module: {
    name: "counting",
    header: guarded(
      "counting",
      "extern uint8_t counting_step[3];\nextern int32_t counting_total[3];\nextern uint8_t counting_out[1];\nvoid counting_run(void);\nvoid counting_reset(void);",
    ),
    source: `#include "counting.h"
uint8_t counting_step[3];
int32_t counting_total[3];
uint8_t counting_out[1];
void counting_run(void) {
  uint32_t all = 0;
  for (int i = 0; i < 3; ++i) {
    counting_total[i] = (int32_t)((uint32_t)counting_total[i] * 31u + counting_step[i]);
    all ^= (uint32_t)counting_total[i] >> i;
  }
  counting_out[0] = (uint8_t)(all % 251u);
}
void counting_reset(void) {
  for (int i = 0; i < 3; ++i) counting_total[i] = 0;
}
`,
  },
  ports: {
    inputs: [{ name: "counting_step", bytes: 3 }],
    outputs: [
      { name: "counting_out", bytes: 1 },
      { name: "counting_total", bytes: 12 },
    ],
    entries: ["counting_reset"],
  },
}

/** Takes a stack of known depth: 230 bytes, and below them 70, where the low byte of an AVR's stack pointer has wrapped. */
export const deep: Example = {
  module: {
    name: "deep",
    header: guarded("deep", "extern uint8_t deep_in[1];\nextern uint8_t deep_out[1];\nvoid deep_run(void);"),
    source: `#include "deep.h"
uint8_t deep_in[1];
uint8_t deep_out[1];
static void __attribute__((noinline)) fill(volatile uint8_t *room, uint8_t count) {
  for (uint8_t i = 0; i < count; ++i) room[i] = (uint8_t)(deep_in[0] + i);
}
static uint8_t __attribute__((noinline)) below(void) {
  volatile uint8_t room[70];
  fill(room, 70);
  return room[69];
}
void deep_run(void) {
  volatile uint8_t room[230];
  fill(room, 230);
  deep_out[0] = (uint8_t)(room[0] + below());
}
`,
  },
  ports: { inputs: [{ name: "deep_in", bytes: 1 }], outputs: [{ name: "deep_out", bytes: 1 }], entries: [] },
}

const asm = (...lines: readonly string[]): string => lines.map((line) => `"${line}\\n\\t"`).join(" ")
/** Instructions whose cycles stand in the manuals, in an inline assembly that each family has of its own. */
export const known: Example = {
  module: {
    name: "known",
    header: guarded("known", "extern uint8_t known_in[1];\nextern uint8_t known_out[1];\nvoid known_run(void);"),
    source: `#include "known.h"
uint8_t known_in[1];
uint8_t known_out[1];
#if defined(__AVR__)
void __attribute__((naked, noinline)) known_run(void) {
  __asm__ volatile(${asm("nop", "nop", "mul r24, r24", "clr r1", "ldi r24, 5", "1: dec r24", "brne 1b", "push r24", "pop r24", "ret")});
}
#elif defined(__arm__)
void __attribute__((naked, noinline)) known_run(void) {
  __asm__ volatile(${asm(".syntax unified", "push {r4, lr}", "movs r0, #5", "1: subs r0, r0, #1", "bne 1b", "muls r0, r0", "ldr r1, [sp, #0]", "nop", "str r1, [sp, #0]", "b 2f", "nop", "2: pop {r4, pc}")});
}
#else
void known_run(void) {}
#endif
`,
  },
  ports: { inputs: [{ name: "known_in", bytes: 1 }], outputs: [{ name: "known_out", bytes: 1 }], entries: [] },
}

/** Never comes back when it is given a 1. */
export const hanging: Example = {
  module: {
    name: "hanging",
    header: guarded(
      "hanging",
      "extern uint8_t hanging_in[1];\nextern uint8_t hanging_out[1];\nvoid hanging_run(void);",
    ),
    source: `#include "hanging.h"
uint8_t hanging_in[1];
uint8_t hanging_out[1];
static volatile uint8_t turns;
void hanging_run(void) {
  while (hanging_in[0] == 1) ++turns;
}
`,
  },
  ports: { inputs: [{ name: "hanging_in", bytes: 1 }], outputs: [{ name: "hanging_out", bytes: 1 }], entries: [] },
}
