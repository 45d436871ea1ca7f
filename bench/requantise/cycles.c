/* One candidate, timed over 32 accumulators. On AVR the cycles lie between two writes to GPIOR0 and the checksum of the
   outputs is left in GPIOR1 and GPIOR2; on a PC the same file prints the checksum, so that the bits are compared too.
   -DCANDIDATE=n (0 is the empty loop), -DOUT=8|16, -DPARAMETERS=0 all constant, 1 multiplier in flash, 2 shift in flash too. */
#include "candidates.h"
#define COUNT 32
#define EDGES 12

#ifdef __AVR__
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
#define FLASH PROGMEM
#define READ8(p) pgm_read_byte(p)
#define READ16(p) pgm_read_word(p)
#define READ32(p) ((int32_t)pgm_read_dword(p))
#else
#include <stdio.h>
#define FLASH
#define READ8(p) (*(p))
#define READ16(p) (*(p))
#define READ32(p) (*(p))
#endif

/* The scale is 0.7 * 2^-10 for 8-bit outputs and 0.7 * 2^-5 for int16. */
#define A 1
#define B 2
#define BR 3
#define C 4
#define D 5
#define E 6
#define E24 7
#define F 8
#define G 9
#define D24 10
#if CANDIDATE == 0
#define SHIFT 0
#define MULTIPLIER 0
#define RESULT(a, s, m) (a)
#elif CANDIDATE == A
#define SHIFT (OUT == 8 ? 10 - HEADROOM : 5)
#define MULTIPLIER (OUT == 8 ? 22938 >> HEADROOM : 22938)
#define RESULT(a, s, m) requantise_a(a, s, m)
#elif CANDIDATE == B || CANDIDATE == BR
#define SHIFT 1
#define MULTIPLIER (OUT == 8 ? 11469 : 45875)
#if CANDIDATE == B
#define RESULT(a, s, m) requantise_b(a, s, m)
#else
#define RESULT(a, s, m) requantise_br(a, s, m)
#endif
#elif CANDIDATE == C
#define SHIFT (OUT == 8 ? 10 : 5)
#define MULTIPLIER 1503238553
#define RESULT(a, s, m) requantise_c(a, s, m)
#elif CANDIDATE == D
#ifdef T
#define SHIFT T
#else
#define SHIFT (OUT == 8 ? 26 : 21)
#endif
#define MULTIPLIER 45875
#define RESULT(a, s, m) requantise_d(a, s, m)
#elif CANDIDATE == E
#define SHIFT (OUT == 8 ? 24 : 17)
#define MULTIPLIER (OUT == 8 ? 11469 : 2867)
#define RESULT(a, s, m) requantise_e(a, s, m)
#elif CANDIDATE == E24
#define SHIFT (OUT == 8 ? 24 : 17)
#define MULTIPLIER (OUT == 8 ? 11469 : 2867)
#define RESULT(a, s, m) requantise_e24(a, s, m)
#elif CANDIDATE == D24
#ifdef T
#define SHIFT T
#else
#define SHIFT (OUT == 8 ? 25 : 20)
#endif
#define MULTIPLIER 22938
#define RESULT(a, s, m) requantise_d24(a, s, m)
#elif CANDIDATE == F
#define SHIFT 3
#define MULTIPLIER 179
#define RESULT(a, s, m) requantise_f(a, s, m, 15)
#elif CANDIDATE == G
#define SHIFT 0
#define MULTIPLIER 45
#define RESULT(a, s, m) requantise_g(a, m)
#endif

#if CANDIDATE == C
typedef int32_t multiplier_type;
#define READ_MULTIPLIER READ32
#elif CANDIDATE == F || CANDIDATE == G
typedef uint8_t multiplier_type;
#define READ_MULTIPLIER READ8
#else
typedef uint16_t multiplier_type;
#define READ_MULTIPLIER READ16
#endif

#if OUT == 8
typedef int8_t output_type;
#if CANDIDATE == 0
#define SATURATE(y) (int8_t)(y)
#elif CANDIDATE == C || CANDIDATE == D || CANDIDATE == E || CANDIDATE == E24 || CANDIDATE == D24
#define SATURATE(y) saturate_i8(y)
#else
#define SATURATE(y) saturate_i8_from_i16(y)
#endif
#else
typedef int16_t output_type;
#if CANDIDATE == C || CANDIDATE == D || CANDIDATE == E || CANDIDATE == E24 || CANDIDATE == D24
#define SATURATE(y) saturate_i16(y)
#else
#define SATURATE(y) (int16_t)(y)
#endif
#endif

#if CANDIDATE == E24 || CANDIDATE == D24 || CANDIDATE == G
typedef accumulator24 accumulator_type;
#define LARGEST 8388607
#elif CANDIDATE == A || CANDIDATE == F /* room for the rounding addition */
typedef int32_t accumulator_type;
#define LARGEST 2139095039
#else
typedef int32_t accumulator_type;
#define LARGEST 2147483647
#endif

#if EMPTY24
#undef LARGEST
#define LARGEST 8388607
#define accumulator_type accumulator24
#endif

static accumulator_type accumulators[COUNT + EDGES];
static output_type outputs[COUNT + EDGES];
#define M4 MULTIPLIER, MULTIPLIER, MULTIPLIER, MULTIPLIER
#define S4 SHIFT, SHIFT, SHIFT, SHIFT
#if PARAMETERS >= 1
static const multiplier_type multipliers[COUNT + EDGES] FLASH = {M4, M4, M4, M4, M4, M4, M4, M4, M4, M4, M4};
#endif
#if PARAMETERS == 2
static const uint8_t shifts[COUNT + EDGES] FLASH = {S4, S4, S4, S4, S4, S4, S4, S4, S4, S4, S4};
#endif

__attribute__((noinline)) static void layer(uint8_t first, uint8_t count) {
  const accumulator_type *a = accumulators + first;
  output_type *y = outputs + first;
#if PARAMETERS >= 1
  const multiplier_type *m = multipliers + first;
#endif
#if PARAMETERS == 2
  const uint8_t *s = shifts + first;
#endif
  do {
#if PARAMETERS == 0
    *y++ = SATURATE(RESULT(*a, SHIFT, MULTIPLIER));
#elif PARAMETERS == 1
    *y++ = SATURATE(RESULT(*a, SHIFT, (multiplier_type)READ_MULTIPLIER(m))); m++;
#else
    *y++ = SATURATE(RESULT(*a, READ8(s), (multiplier_type)READ_MULTIPLIER(m))); m++; s++;
#endif
    a++;
  } while (--count);
}

int main(void) {
  static const int32_t edges[EDGES] FLASH = {LARGEST, -LARGEST, -LARGEST - 1, LARGEST - 1, 0, 1, -1, 65535, 65536, -65536, 32768, -32769};
  uint32_t random = 1;
  for (uint8_t i = 0; i < COUNT; i++) { /* about normal; the outputs spread over the 8 or 16 bits, none saturates */
    int32_t sum = 0;
    for (uint8_t j = 0; j < 4; j++) { random = random * 1664525u + 1013904223u; sum += (int32_t)(random >> 16) - 32768; }
    accumulators[i] = (accumulator_type)(OUT == 8 ? sum : sum * 8);
  }
  for (uint8_t i = 0; i < EDGES; i++) accumulators[COUNT + i] = (accumulator_type)READ32(edges + i);
#ifdef __AVR__
  cli();
  GPIOR0 = 1;
  layer(0, COUNT);
  GPIOR0 = 2;
#else
  layer(0, COUNT);
#endif
  layer(COUNT, EDGES);
  uint16_t checksum = 0;
  for (uint8_t i = 0; i < COUNT + EDGES; i++) checksum = (uint16_t)((uint32_t)checksum * 31u + (uint32_t)outputs[i]);
#ifdef __AVR__
  GPIOR1 = (uint8_t)checksum;
  GPIOR2 = (uint8_t)(checksum >> 8);
  sleep_enable();
  sleep_cpu();
#else
  printf("%u\n", (unsigned)checksum);
#endif
  return 0;
}
