import { closingOf, commented, cType } from "./c_text.ts"
import { licenceText } from "./licence.ts"
import type { Exported, ExportedClassifier, ExportedNet } from "./program.ts"
import { beginning, learningMain } from "./scribe_c.ts"
import type { Sources } from "./sources.ts"

/** The files of a folder of C, by name: the same sources as in the library, a program that answers lines, and a Makefile. */
export function folderFiles(module: Exported, sources: Sources, figures: readonly string[]): Record<string, string> {
  return {
    ...sources.files,
    "main.c": mainOf(module),
    "lines.h": LINES_H,
    "lines.c": LINES_C,
    Makefile: makefile(module, sources),
    "README.md": readme(module, figures),
    LICENSE: licenceText(module.licence, module.name),
  }
}

function mainOf(module: Exported): string {
  switch (module.kind) {
    case "classifier":
      return answeringMain(module)
    case "net":
      return callingMain(module)
    case "scribe":
      return learningMain(module)
    default:
      return module satisfies never
  }
}

/** Lines come from standard input on a computer and from the serial port on an AVR: nothing else differs. */
const LINES_H = `/* Lines in and out: standard input and output of a computer, or the serial port (9600 baud) of an ATmega. */
#ifndef LINES_H
#define LINES_H
#include <stdint.h>

/* Takes whatever is needed before the first line. */
void lines_begin(void);
/* The next byte; -1 when there is none. */
int16_t lines_byte(void);
/* The next line without its end, cut to most bytes; 0 when there is none. */
uint8_t lines_next(char *line, uint16_t most);
void lines_say(const char *text);
void lines_number(int32_t number);

#endif
`
const LINES_C = `#include "lines.h"

#ifdef __AVR__
#include <avr/io.h>

static void put(char c) {
  while (!(UCSR0A & (1 << UDRE0))) {}
  UDR0 = (uint8_t)c;
}
int16_t lines_byte(void) {
  while (!(UCSR0A & (1 << RXC0))) {}
  return UDR0;
}
void lines_begin(void) {
  UBRR0 = 103; /* 9600 baud of 16 MHz */
  UCSR0B = (1 << RXEN0) | (1 << TXEN0);
}
#else
#include <stdio.h>

static void put(char c) { putchar(c); }
int16_t lines_byte(void) { return (int16_t)getchar(); }
void lines_begin(void) {}
#endif

uint8_t lines_next(char *line, uint16_t most) {
  uint16_t bytes = 0, seen = 0;
  for (;;) {
    const int16_t c = lines_byte();
    if (c < 0 && seen == 0) return 0;
    seen = 1;
    if (c < 0 || c == '\\n') break;
    if (c != '\\r' && bytes < most) line[bytes++] = (char)c;
  }
  line[bytes] = 0;
  return 1;
}
void lines_say(const char *text) {
  while (*text != 0) put(*text++);
}
void lines_number(int32_t number) {
  char digits[10];
  uint8_t n = 0;
  uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
  if (number < 0) put('-');
  do {
    digits[n++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  while (n > 0) put(digits[--n]);
}
`

const answeringMain = ({
  name,
  textBytes,
}: ExportedClassifier): string => `/* Answers each line with its label, or unsure, and the evidence in 1/256 bit. */
#include "${name}.h"
#include "lines.h"

int main(void) {
  static char text[${textBytes} + 5]; /* a character more, so that one that is cut is seen */
  lines_begin();
  while (lines_next(text, sizeof text - 1)) {
    const char *label = ${name}_ask(text);
    lines_say(${name}_is_unsure() ? "unsure" : label);
    lines_say("\\t");
    lines_number(${name}_evidence());
    lines_say("\\n");
  }
  return 0;
}
`

function callingMain({ name, ports, reset }: ExportedNet): string {
  const entries = Object.entries(ports).map(([entry, { inputs, outputs }]) => {
    const reads = Object.values(inputs).map(({ buffer, dtype }) => {
      const array = `${name}_${buffer}`
      return `      for (i = 0; i < sizeof ${array} / sizeof ${array}[0]; i++) ${array}[i] = (${cType(dtype)})number(&at);`
    })
    const prints = Object.values(outputs).map(({ buffer }) => {
      const array = `${name}_${buffer}`
      return `      for (i = 0; i < sizeof ${array} / sizeof ${array}[0]; i++) said(${array}[i]);`
    })
    const all = [...reads, `      ${name}_${entry}();`, ...prints]
    return `    if (is(&at, "${entry}")) {\n${all.join("\n")}\n    }`
  })
  const most = Math.max(
    64,
    ...Object.values(ports).map(
      ({ inputs }) => 12 * Object.values(inputs).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 1),
    ),
  )
  return `/* Each line is the name of an entry and the numbers that it takes, in the order of ${name}.h; it gives those that it says. */
#include "${name}.h"
#include "lines.h"

/* Whether the line begins with this word; then it goes on after it. */
static uint8_t is(const char **at, const char *word) {
  const char *c = *at;
  while (*word != 0)
    if (*c++ != *word++) return 0;
  if (*c != ' ' && *c != 0) return 0;
  *at = c;
  return 1;
}
/* The next whole number, 0 where there is none. */
static int32_t number(const char **at) {
  uint32_t value = 0;
  uint8_t negative = 0;
  while (**at == ' ') (*at)++;
  if (**at == '-') {
    negative = 1;
    (*at)++;
  }
  while (**at >= '0' && **at <= '9') value = value * 10 + (uint32_t)(*(*at)++ - '0');
  return (int32_t)(negative ? 0u - value : value);
}
static uint8_t first;
static void said(int32_t value) {
  if (!first) lines_say(" ");
  first = 0;
  lines_number(value);
}

int main(void) {
  static char line[${Math.min(most, 60_000)} + 1];
  lines_begin();
${reset === undefined ? "" : `  ${name}_${reset}();\n`}  while (lines_next(line, sizeof line - 1)) {
    const char *at = line;
    uint32_t i;
    (void)i;
    (void)number;
    (void)said;
    first = 1;
${entries.join("\n")}
${reset === undefined ? "" : `    if (is(&at, "${reset}")) ${name}_${reset}();\n`}    lines_say("\\n");
  }
  return 0;
}
`
}

function makefile({ name }: Exported, { files }: Sources): string {
  const own = Object.keys(files).filter((file) => file.endsWith(".c"))
  return `# make: a program for this computer, which answers lines. make avr: for an Arduino Uno, over its serial port.
# make avr MCU=atmega2560: for a Mega. make arm: objects for a Cortex-M, CPU=cortex-m4 for another one.
NAME = ${name}
MODULE = ${own.join(" ")}
SOURCES = $(MODULE) main.c lines.c
HEADERS = ${[...Object.keys(files).filter((file) => file.endsWith(".h")), "lines.h"].join(" ")}
WARNINGS = -std=c99 -Wall -Wextra
MCU = atmega328p
CPU = cortex-m0

$(NAME): $(SOURCES) $(HEADERS)
\t$(CC) $(WARNINGS) -O2 -o $@ $(SOURCES)

avr: $(NAME)-$(MCU).hex
$(NAME)-$(MCU).elf: $(SOURCES) $(HEADERS)
\tavr-gcc -mmcu=$(MCU) $(WARNINGS) -Os -ffunction-sections -fdata-sections -Wl,--gc-sections -o $@ $(SOURCES)
$(NAME)-$(MCU).hex: $(NAME)-$(MCU).elf
\tavr-objcopy -O ihex -R .eeprom $< $@
\tavr-size $<

arm: $(NAME)-$(CPU).o
$(NAME)-$(CPU).o: $(MODULE) $(HEADERS)
\tarm-none-eabi-gcc -mcpu=$(CPU) -mthumb $(WARNINGS) -O2 -r -nostdlib -o $@ $(MODULE)
\tarm-none-eabi-size $@

size: avr arm
clean:
\trm -f $(NAME) $(NAME)-*.elf $(NAME)-*.hex $(NAME)-*.o
.PHONY: avr arm size clean
`
}

function readme(module: Exported, figures: readonly string[]): string {
  const { name, about, licence } = module
  return `${[
    `# ${name}`,
    "",
    commented(about),
    "",
    "C99 without a library, a heap or a float. `make` builds a program that answers lines, `make avr` the same for an Arduino Uno,",
    "`make arm` an object for a Cortex-M. What it computes are the bits that the module has on a PC.",
    "",
    `\`${name}.h\` says how it is called from your own code: copy ${name}*.h and ${name}*.c to it.`,
    ...(module.kind === "scribe" ? ["", `${beginning(module)} What it learns it keeps until the power is off.`] : []),
    "",
    ...closingOf(figures, licence),
  ].join("\n")}\n`
}
