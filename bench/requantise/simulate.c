/* Runs an ELF file on a simulated ATmega328P until it sleeps with interrupts off.
   Prints the cycles between GPIOR0 = 1 and GPIOR0 = 2, then the 16 bits left in GPIOR1 and GPIOR2. */
#include <stdio.h>
#include <string.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>

enum { GPIOR0 = 0x3e, GPIOR1 = 0x4a, GPIOR2 = 0x4b };
static avr_cycle_count_t begin, end;

static void on_mark(avr_t *avr, avr_io_addr_t address, uint8_t value, void *unused) {
  (void)unused;
  avr->data[address] = value;
  if (value == 1) begin = avr->cycle;
  if (value == 2) end = avr->cycle;
}

int main(int count, char **arguments) {
  elf_firmware_t firmware;
  memset(&firmware, 0, sizeof firmware);
  if (count != 2 || elf_read_firmware(arguments[1], &firmware) != 0) { fprintf(stderr, "usage: simulate file.elf\n"); return 2; }
  avr_t *avr = avr_make_mcu_by_name("atmega328p");
  if (avr == NULL) return 2;
  avr_init(avr);
  avr->log = LOG_ERROR;
  firmware.frequency = 16000000;
  avr_load_firmware(avr, &firmware);
  avr_register_io_write(avr, GPIOR0, on_mark, NULL);
  int state = cpu_Running;
  while (state != cpu_Done && state != cpu_Crashed && avr->cycle < 16000000) state = avr_run(avr);
  if (state != cpu_Done || end == 0) { fprintf(stderr, "simulate: the program did not end\n"); return 1; }
  printf("%lu %u\n", (unsigned long)(end - begin), (unsigned)(avr->data[GPIOR1] | avr->data[GPIOR2] << 8));
  return 0;
}
