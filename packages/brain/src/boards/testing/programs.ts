/** C programs for an AVR: each measures something between marks of GPIOR0 and then sleeps for good. */
const HEAD = `#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
#include <stdint.h>
#include <string.h>
volatile uint32_t kept;
static uint32_t seed = 12345;
static uint32_t draw(void) { seed = seed * 1664525u + 1013904223u; return seed >> 8; }
__attribute__((unused)) static void stop(void) { cli(); sleep_enable(); sleep_cpu(); for (;;) {} }
`
const main = (body: string): string => `int main(void) { GPIOR0 = 1; ${body} GPIOR0 = 0x81; stop(); return 0; }\n`

export const PROGRAMS: Readonly<Record<string, string>> = {
  products: `${HEAD}
static const int8_t weights[256] PROGMEM = { 1, -2, 3, -4, 5, -6, 7, -8, 127, -128 };
__attribute__((noinline)) int32_t dot(const uint8_t *x, const int8_t *w, uint8_t n) {
  int32_t sum = 0;
  while (n--) sum += (int16_t)*x++ * (int8_t)pgm_read_byte(w++);
  return sum;
}
${main("uint8_t x[200]; for (uint8_t i = 0; i < 200; i++) x[i] = draw(); for (uint8_t k = 0; k < 20; k++) kept += dot(x, weights + k, 200);")}`,
  quotients: `${HEAD}
__attribute__((noinline)) uint64_t wide(uint64_t a, uint32_t b) { return a / b * 3 + a % b; }
${main("for (uint8_t i = 0; i < 60; i++) { uint32_t a = draw(), b = draw() | 1; kept += a / b + (int32_t)a % (int16_t)(b | 1); kept += wide((uint64_t)a * b, b | 7); }")}`,
  floats: `${HEAD}
#include <math.h>
${main("float s = 0; for (uint8_t i = 1; i < 40; i++) { float x = draw() * 1e-5f; s += expf(-x) * x / (i + 0.5f) - sqrtf(x); } kept = (int32_t)(s * 1000);")}`,
  sorting: `${HEAD}
__attribute__((noinline)) void sort(int16_t *x, uint8_t n) {
  for (uint8_t i = 1; i < n; i++) { int16_t v = x[i]; uint8_t j = i; while (j > 0 && x[j - 1] > v) { x[j] = x[j - 1]; j--; } x[j] = v; }
}
__attribute__((noinline)) int16_t middle(uint8_t n) {
  int16_t x[150]; for (uint8_t i = 0; i < n; i++) x[i] = (int16_t)draw(); sort(x, n); int16_t a = x[n / 2]; return a < 0 ? -a : a;
}
${main("for (uint8_t i = 3; i < 150; i += 40) kept += middle(i);")}`,
  bits: `${HEAD}
${main("for (uint16_t i = 0; i < 300; i++) { uint32_t a = draw(); kept ^= (a << (i & 31)) | (a >> (i & 15)); PORTB |= 1; PORTB &= ~1; if (PINB & 2) kept++; kept += (int8_t)-(int8_t)a < 0; }")}`,
  ticking: `${HEAD}
static volatile uint16_t ticks;
ISR(TIMER0_OVF_vect) { uint8_t room[12]; for (uint8_t i = 0; i < 12; i++) room[i] = ticks + i; ticks += room[ticks % 12] ? 1 : 2; }
__attribute__((noinline)) uint32_t deep(uint8_t n) { uint8_t room[40]; memset(room, n, 40); for (uint8_t i = 0; i < 40; i++) room[i] ^= draw(); return room[n % 40] / (n + 1u); }
${main("TCCR0B = 2; TIMSK0 = 1; sei(); while (ticks < 200) kept += deep(ticks);")}`,
}

/** Only for a chip with more than 64 KB of flash: a table that ELPM alone can read. */
export const FAR_PROGRAM = `${HEAD}
#define K(x) x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6, x + 7
#define R(x) K(x), K(x * 3), K(x * 5), K(x * 7), K(x * 11), K(x * 13), K(x * 17), K(x * 19)
#define T(x) { R(x), R(x + 1), R(x + 2), R(x + 3), [300 ... 9999] = x, [10000 ... 31999] = x + 70 }
static const uint8_t near1[32000] PROGMEM __attribute__((used)) = T(1);
static const uint8_t near2[32000] PROGMEM __attribute__((used)) = T(2);
static const uint8_t near3[32000] PROGMEM __attribute__((used)) = T(3);
static const uint8_t far[32000] __attribute__((section(".fini8"), used)) = T(4);
__attribute__((noinline)) uint32_t read(uint32_t at, uint16_t n) {
  uint32_t sum = 0;
  for (uint16_t i = 0; i < n; i++) sum = sum * 31 + pgm_read_byte_far(at + i);
  return sum;
}
__attribute__((noinline)) uint32_t run(uint32_t at, uint16_t n) {
  uint32_t sum = 0;
  uint8_t byte;
  RAMPZ = at >> 16;
  uint16_t z = at;
  while (n--) { __asm__ volatile("elpm %0, Z+" : "=r"(byte), "+z"(z)); sum = sum * 31 + byte; }
  return sum;
}
static void print(uint32_t v) { for (uint8_t i = 0; i < 4; i++) { while (!(UCSR0A & (1 << UDRE0))) {} UDR0 = v >> (8 * i); } }
int main(void) {
  UCSR0A = 1 << U2X0; UBRR0 = 16; UCSR0B = (1 << TXEN0) | (1 << RXEN0);
  uint32_t at = pgm_get_far_address(far);
  GPIOR0 = 1; uint32_t a = read(at, 256); GPIOR0 = 0x81;
  GPIOR0 = 2; uint32_t b = run(at, 256); GPIOR0 = 0x82;
  /* across the border of a 64 KB page */
  uint32_t c = run(0xfff0, 64), d = read(0xfff0, 64);
  print(a); print(b); print(c); print(d); print(at);
  for (uint16_t i = 0; i < 4000; i++) __asm__ volatile("nop");
  stop();
}
`
