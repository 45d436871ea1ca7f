/*
 * How a program starts and ends on a bare Cortex-M in QEMU. Source of its calls: ARM, Semihosting for AArch32 and AArch64,
 * release 2.0. What is linked lies where cortex.ld says.
 */
#include <stddef.h>
#include <stdint.h>

enum { SYS_EXIT = 0x18 };
enum { STOPPED_RUN_TIME_ERROR = 0x20023, STOPPED_APPLICATION_EXIT = 0x20026 };

/* What the plugin counts between: instructions that do nothing and that no compiler makes. */
#define MARK_START() __asm__ volatile("mov r10, r10" : : : "memory")
#define MARK_END() __asm__ volatile("mov r11, r11" : : : "memory")

extern uint32_t link_text_end[], link_data_start[], link_data_end[], link_bss_start[], link_bss_end[], link_stack[];
int main(void);

static uint32_t semihost(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register uintptr_t r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static void leave(uint32_t reason) {
  for (;;) semihost(SYS_EXIT, reason);
}

static void fault(void) { leave(STOPPED_RUN_TIME_ERROR); }
void reset(void); /* the linker looks for it */
void reset(void) {
  /* Volatile: else gcc calls memcpy and memset, and the program has them, whether or not it needs them. */
  const uint32_t *from = link_text_end;
  for (volatile uint32_t *at = link_data_start; at < link_data_end;) *at++ = *from++;
  for (volatile uint32_t *at = link_bss_start; at < link_bss_end;) *at++ = 0;
  main();
  leave(STOPPED_RUN_TIME_ERROR);
}
typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    (vector)link_stack, reset, fault, fault, fault, fault, fault};
