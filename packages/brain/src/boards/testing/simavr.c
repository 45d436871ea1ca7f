/* A judge for the virtual boards: simavr runs an ELF until it sleeps for good, and says in JSON what it printed on
   USART0, each write of GPIOR0 with its cycle, and the lowest stack pointer. Usage: judge CHIP ELF CYCLES */
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int marks, printed;
static unsigned char output[65536];

static void mark(avr_t *avr, avr_io_addr_t address, uint8_t value, void *unused) {
  (void)unused;
  avr->data[address] = value;
  printf("%s[%u,%llu]", marks++ ? "," : "", value, (unsigned long long)avr->cycle);
}
static void print(struct avr_irq_t *irq, uint32_t value, void *unused) {
  (void)irq;
  (void)unused;
  if (printed < (int)sizeof output) output[printed++] = (unsigned char)value;
}
static void quiet(avr_t *avr, const int level, const char *format, va_list list) {
  (void)avr; (void)level; (void)format; (void)list;
}

int main(int count, char **words) {
  if (count != 4) return 2;
  avr_global_logger_set(quiet);
  elf_firmware_t firmware;
  memset(&firmware, 0, sizeof firmware);
  /* what it says while loading is no part of the answer */
  if (elf_read_firmware(words[2], &firmware)) return 2;
  avr_t *avr = avr_make_mcu_by_name(words[1]);
  if (!avr) return 3;
  avr_init(avr);
  firmware.frequency = 16000000;
  avr_load_firmware(avr, &firmware);
  avr->log = 0;
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
  flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), print, 0);
  avr_register_io_write(avr, 0x3e, mark, 0);
  printf("\n{\"marks\":[");
  unsigned lowest = avr->ramend;
  unsigned long long end = strtoull(words[3], 0, 10);
  int state;
  do {
    uint32_t pc = avr->pc;
    uint16_t op = (uint16_t)(avr->flash[pc] | (avr->flash[pc + 1] << 8));
    state = avr_run(avr);
    unsigned sp = avr->data[R_SPL] | (avr->data[R_SPH] << 8);
    /* between its two halves the stack pointer is neither old nor new */
    if ((op & 0xfe0f) != 0xbe0e && sp >= 0x100 && sp < lowest && avr->cycle > 100) lowest = sp;
  } while (state != cpu_Done && state != cpu_Crashed && avr->cycle < end);
  printf("],\"stack\":%u,\"ended\":%s,\"output\":[", avr->ramend - lowest, state == cpu_Done ? "true" : "false");
  for (int i = 0; i < printed; i++) printf("%s%u", i ? "," : "", output[i]);
  printf("]}\n");
  return 0;
}
