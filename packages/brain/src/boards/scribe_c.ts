/** What a scribe's C is around its program: functions to call, a sketch, and a program that answers lines. */
import { commented, upper } from "./c_text.ts"
import type { Facade } from "./facade.ts"
import type { ExportedScribe } from "./program.ts"

/** What is there on a board, and what is not, in words. */
export function beginning({ hasNet, left }: ExportedScribe): string {
  const begins = hasNet ? "It begins as its net has it" : "It begins without knowing anything"
  return left.length === 0 ? `${begins}.` : `${begins}: ${left.join(" and ")} of the scribe are not in it.`
}

/** `NAME_learn(byte)` and what belongs to it. */
export function scribeFacade(module: ExportedScribe, ramBytes: number): Facade {
  return { header: headerOf(module, ramBytes), source: sourceOf(module), ramBytes: 0 }
}

function headerOf(module: ExportedScribe, ramBytes: number): string {
  const { name, about, licence } = module
  const big = upper(name)
  return `/* ${commented(about)}
 * Licence: ${commented(licence)}. Written by \`brain export\`: what it says is what the scribe says on a PC, to the bit.
 * ${beginning(module)} What it learns it keeps until the power is off.
 */
#ifndef ${big}_H
#define ${big}_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What it takes of static memory. */
#define ${big}_RAM_BYTES ${ramBytes}

/* Call it first. Called again, it forgets all that it learnt. */
void ${name}_begin(void);

/* A byte that came: what it cost, in 1/256 bit, as it was expected before. The byte is learnt. */
uint16_t ${name}_learn(uint8_t byte);
/* The same, and nothing is learnt from it. It counts as read: what comes next is expected after it. */
uint16_t ${name}_read(uint8_t byte);

/* The likeliest next byte. It changes nothing. */
uint8_t ${name}_next(void);
/* How likely that one is, in 1/65536: of the last call of ${name}_next(). */
uint16_t ${name}_likelihood(void);

#ifdef __cplusplus
}
#endif
#endif
`
}

function sourceOf({ name, program: { name: inner } }: ExportedScribe): string {
  return `#include "${name}.h"
#include "${inner}.h"

void ${name}_begin(void) { ${inner}_reset(); }

uint16_t ${name}_learn(uint8_t byte) {
  ${inner}_byte[0] = byte;
  ${inner}_frozen[0] = 0;
  ${inner}_run();
  return ${inner}_cost[0];
}
uint16_t ${name}_read(uint8_t byte) {
  ${inner}_byte[0] = byte;
  ${inner}_frozen[0] = 1;
  ${inner}_run();
  return ${inner}_cost[0];
}

uint8_t ${name}_next(void) {
  ${inner}_foresee();
  return ${inner}_likeliest[0];
}
uint16_t ${name}_likelihood(void) { return ${inner}_likelihood[0]; }
`
}

/** It waits for a whole line: the port keeps 64 bytes, and a byte takes far longer to learn than to arrive. */
export function learnSketch({ name }: ExportedScribe): string {
  return `// Type lines into the serial monitor (9600 baud, line ending "Newline"): it learns each, and the same line again costs less.
// Lines of up to 60 bytes: it learns slower than they arrive, and Serial keeps 64.
#include <${name}.h>

char line[64];

void setup() {
  Serial.begin(9600);
  ${name}_begin();
}

void loop() {
  size_t bytes = Serial.readBytesUntil('\\n', line, sizeof line - 1);
  if (bytes == 0) return;
  line[bytes++] = '\\n';
  unsigned long cost = 0;
  for (size_t i = 0; i < bytes; i++) cost += ${name}_learn(line[i]);
  Serial.print(cost / 256);
  Serial.print(" bits; next: ");
  Serial.println((char)${name}_next());
}
`
}

/** Bytes of a line that the program of a folder learns. */
export const LINE_BYTES = 256

export const learningMain = ({
  name,
}: ExportedScribe): string => `/* Learns each line, to its end, and says what it cost in bits a byte, and which byte is now the likeliest to come next.
 * Of a line the first ${LINE_BYTES} bytes are learnt. */
#include "${name}.h"
#include "lines.h"

static void say_byte(uint8_t byte) {
  char shown[] = "'?'";
  shown[1] = (char)byte;
  if (byte == '\\n') lines_say("end of line");
  else if (byte >= 32 && byte < 127) lines_say(shown);
  else {
    lines_say("byte ");
    lines_number(byte);
  }
}

int main(void) {
  static char line[${LINE_BYTES} + 1];
  lines_begin();
  ${name}_begin();
  while (lines_next(line, sizeof line - 1)) {
    uint32_t cost = 0, hundredths;
    uint16_t bytes = 0;
    while (line[bytes] != 0) cost += ${name}_learn((uint8_t)line[bytes++]);
    cost += ${name}_learn('\\n');
    bytes++;
    hundredths = (cost * 100 + 128u * bytes) / (256u * (uint32_t)bytes);
    lines_number((int32_t)(hundredths / 100));
    lines_say(".");
    lines_number((int32_t)(hundredths / 10 % 10));
    lines_number((int32_t)(hundredths % 10));
    lines_say(" bits a byte, next ");
    say_byte(${name}_next());
    lines_say(" (");
    lines_number((int32_t)(((uint32_t)${name}_likelihood() * 100 + 32768) >> 16));
    lines_say(" %)\\n");
  }
  return 0;
}
`
