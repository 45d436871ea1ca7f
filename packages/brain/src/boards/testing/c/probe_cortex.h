/*
 * The bytes of a probe on a Cortex-M in QEMU: semihosting reads stdin and writes stdout in blocks, so that no UART can
 * lose a byte. Source of the calls: ARM, Semihosting for AArch32 and AArch64, release 2.0.
 */
#include "../../cortex/start.h"

enum { SYS_OPEN = 1, SYS_WRITE0 = 4, SYS_WRITE = 5, SYS_READ = 6 };
enum { OPEN_READ = 1, OPEN_WRITE = 5 };

static uint32_t stdin_handle, stdout_handle;
static uint32_t open_console(uint32_t mode) {
  const uintptr_t block[3] = {(uintptr_t)":tt", mode, 3};
  return semihost(SYS_OPEN, (uintptr_t)block);
}
static void probe_start(void) {
  stdin_handle = open_console(OPEN_READ);
  stdout_handle = open_console(OPEN_WRITE);
}
/* Both calls give the number of bytes that they did not move. */
static void read_bytes(void *into, size_t count) {
  for (uint8_t *at = into; count > 0;) {
    const uintptr_t block[3] = {stdin_handle, (uintptr_t)at, count};
    const size_t left = semihost(SYS_READ, (uintptr_t)block);
    if (left >= count) leave(STOPPED_RUN_TIME_ERROR);
    at += count - left;
    count = left;
  }
}
static void write_bytes(const void *from, size_t count) {
  for (const uint8_t *at = from; count > 0;) {
    const uintptr_t block[3] = {stdout_handle, (uintptr_t)at, count};
    const size_t left = semihost(SYS_WRITE, (uintptr_t)block);
    if (left >= count) leave(STOPPED_RUN_TIME_ERROR);
    at += count - left;
    count = left;
  }
}

/*
 * The stack's high-water mark: the free memory below the stack pointer is painted before a call, and where the paint ends
 * afterwards the call has been. Only as much as a board has: painting all of a big memory takes long.
 */
#define PAINT 0xa5c396e1u
enum { PAINTED_WORDS_MAX = 16384 };
static uint32_t *stack_top, *stack_bottom;
#define stack_paint()                                                                        \
  do {                                                                                       \
    __asm__ volatile("mov %0, sp" : "=r"(stack_top));                                        \
    stack_bottom = link_bss_end;                                                             \
    if (stack_top - stack_bottom > PAINTED_WORDS_MAX) stack_bottom = stack_top - PAINTED_WORDS_MAX; \
    for (volatile uint32_t *at = stack_bottom; at < stack_top; ++at) *at = PAINT;            \
  } while (0)

static void stack_report(void) {
  const uint32_t *at = stack_bottom;
  while (at < stack_top && *at == PAINT) ++at;
  char line[20] = "stack ";
  char digits[10];
  uint32_t bytes = (uint32_t)(stack_top - at) * 4, count = 0, length = 6;
  do digits[count++] = (char)('0' + bytes % 10);
  while ((bytes /= 10) > 0);
  while (count > 0) line[length++] = digits[--count];
  line[length++] = '\n';
  line[length] = '\0';
  semihost(SYS_WRITE0, (uintptr_t)line);
}
static int probe_stop(void) {
  leave(STOPPED_APPLICATION_EXIT);
  return 0;
}
