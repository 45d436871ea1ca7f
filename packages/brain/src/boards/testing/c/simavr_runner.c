/*
 * Runs a program on a simulated AVR: simavr_runner MCU PROGRAM.elf < in > out
 *
 * stdin goes to USART0 byte by byte, as fast as the chip takes it; what USART0 sends goes to stdout. A write of n to
 * GPIOR0 starts mark n, one of n | 0x80 ends it, and then stderr gets a line
 *   mark n cycles C stack S
 * with exact cycles between the two writes and the bytes of stack used below where it stood at the first. The program
 * ends when the chip sleeps with interrupts off: status 0. 1: it crashed. 2: it waits for input and there is none left.
 */
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GPIOR0 = 0x3e, FREQUENCY = 16000000, MARKS = 128 };
/* A chip that has had all its input so long ago and has not stopped waits for more. */
static const avr_cycle_count_t IDLE_CYCLES = 40ull * FREQUENCY;

static struct { avr_cycle_count_t cycle; unsigned stack, deepest; } marks[MARKS];
static uint8_t open_marks[MARKS];
static unsigned open_count;
static avr_irq_t *input;
static int may_send, ended;

static unsigned stack_pointer(const avr_t *avr) { return avr->data[R_SPL] | avr->data[R_SPH] << 8; }

static void mark(avr_t *avr, avr_io_addr_t address, uint8_t value, void *unused) {
  (void)unused;
  avr->data[address] = value;
  const unsigned n = value & (MARKS - 1);
  if (!(value & 0x80)) {
    marks[n].cycle = avr->cycle;
    marks[n].stack = marks[n].deepest = stack_pointer(avr);
    if (open_count < MARKS) open_marks[open_count++] = (uint8_t)n;
    return;
  }
  fprintf(stderr, "mark %u cycles %llu stack %u\n", n, (unsigned long long)(avr->cycle - marks[n].cycle),
          marks[n].stack - marks[n].deepest);
  for (unsigned i = open_count; i-- > 0;)
    if (open_marks[i] == n) { open_marks[i] = open_marks[--open_count]; break; }
}

static void sent(struct avr_irq_t *irq, uint32_t value, void *unused) {
  (void)irq; (void)unused;
  putchar((int)(value & 0xff));
}
static void take(struct avr_irq_t *irq, uint32_t value, void *unused) {
  (void)irq; (void)value; (void)unused;
  may_send = 1;
}
static void hold(struct avr_irq_t *irq, uint32_t value, void *unused) {
  (void)irq; (void)value; (void)unused;
  may_send = 0;
}

/* stdout is the chip's alone. */
static void log_to_stderr(avr_t *avr, const int level, const char *format, va_list values) {
  (void)avr;
  if (level <= LOG_ERROR) vfprintf(stderr, format, values);
}

/* OUT SPH moves half of the stack pointer, which says nothing until OUT SPL has moved the other half. */
static int moves_stack_half(const avr_t *avr, unsigned address) {
  const unsigned word = avr->flash[avr->pc] | avr->flash[avr->pc + 1] << 8;
  const unsigned port = address - 0x20;
  return (word & 0xfe0f) == (0xb800 | (port & 0x30) << 5 | (port & 0x0f));
}

int main(int count, char **words) {
  if (count != 3) return 64;
  elf_firmware_t firmware;
  memset(&firmware, 0, sizeof firmware);
  avr_global_logger_set(log_to_stderr);
  avr_t *avr = avr_make_mcu_by_name(words[1]);
  if (!avr || elf_read_firmware(words[2], &firmware)) return 64;
  avr_init(avr);
  avr->log = LOG_ERROR;
  firmware.frequency = FREQUENCY;
  avr_load_firmware(avr, &firmware);

  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
  flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  const uint32_t uart = AVR_IOCTL_UART_GETIRQ('0');
  input = avr_io_getirq(avr, uart, UART_IRQ_INPUT);
  avr_irq_register_notify(avr_io_getirq(avr, uart, UART_IRQ_OUTPUT), sent, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, uart, UART_IRQ_OUT_XON), take, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, uart, UART_IRQ_OUT_XOFF), hold, NULL);
  avr_register_io_write(avr, GPIOR0, mark, NULL);

  avr_cycle_count_t last_fed = 0;
  int stack_is_whole = 1;
  for (;;) {
    if (may_send && !ended) {
      const int byte = getchar();
      if (byte == EOF) ended = 1;
      else avr_raise_irq(input, (uint32_t)byte);
      last_fed = avr->cycle;
    }
    if (open_count > 0 && moves_stack_half(avr, R_SPH)) stack_is_whole = 0;
    else if (open_count > 0 && moves_stack_half(avr, R_SPL)) stack_is_whole = 1;
    const int state = avr_run(avr);
    const unsigned stack = stack_pointer(avr);
    for (unsigned i = 0; stack_is_whole && i < open_count; ++i)
      if (stack < marks[open_marks[i]].deepest) marks[open_marks[i]].deepest = stack;
    if (state == cpu_Done) break;
    if (state == cpu_Crashed) return fflush(stdout), 1;
    if (ended && avr->cycle - last_fed > IDLE_CYCLES) return fflush(stdout), 2;
  }
  fflush(stdout);
  return 0;
}
