import { commented, quoted, upper } from "./c_text.ts"
import type { ExportedClassifier } from "./program.ts"

/** The two files around a program that make it one to call: of a net, one that takes a text and gives a label. */
export interface Facade {
  readonly header: string
  readonly source: string
  /** Beside that of the net, on AVR. */
  readonly ramBytes: number
}

/**
 * `NAME_ask(text)` and what belongs to it. On AVR the names of labels stay in flash; the one that was said last is copied to
 * where a sketch can print it, so that `Serial.println(NAME_ask(text))` is all that a sketch needs.
 */
export function facadeOf(module: ExportedClassifier): Facade {
  const { labels } = module
  const longest = labels.reduce((most, label) => Math.max(most, new TextEncoder().encode(label).length), 0)
  return { header: headerOf(module), source: sourceOf(module, longest), ramBytes: longest + 1 }
}

function headerOf({
  name,
  about,
  licence,
  labels,
  textBytes,
  unsureBelow,
  givesProbability,
}: ExportedClassifier): string {
  const big = upper(name)
  return `/* ${commented(about)}
 * Licence: ${commented(licence)}. Written by \`brain export\`: the answers are those of the module, to the bit.
 */
#ifndef ${big}_H
#define ${big}_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* So many labels are told apart. */
#define ${big}_LABELS ${labels.length}
/* Bytes of a text that are read; what lies beyond is not looked at. */
#define ${big}_TEXT_BYTES ${textBytes}
/* An answer with less evidence than this is unsure. */
#define ${big}_EVIDENCE_NEEDED (${unsureBelow})

/* The label of a text in UTF-8, the likeliest one: ${name}_is_unsure() says whether it is worth anything.
 * The text that is given back stays as it is until the next call. */
const char *${name}_ask(const char *text);

/* Of the last answer: the place of its label, from 0, as ${name}_label_name() takes it, */
uint16_t ${name}_label(void);
/* what speaks for it, in 1/256 bit, */
int16_t ${name}_evidence(void);
/* and 1 when that is too little: then the text may fit no label. */
uint8_t ${name}_is_unsure(void);
${givesProbability ? `/* How probable that label is, in 1/65536. */\nuint16_t ${name}_probability(void);\n` : ""}
/* What a label is called. Of AVR: the same memory that ${name}_ask() gives. */
const char *${name}_label_name(uint16_t label);

#ifdef __cplusplus
}
#endif
#endif
`
}

function sourceOf({ name, labels, textBytes, givesProbability }: ExportedClassifier, longest: number): string {
  const big = upper(name)
  const net = `${name}_net`
  const place = textBytes < 65_535 ? "uint16_t" : "uint32_t"
  const bytes = labels.reduce((sum, label) => sum + new TextEncoder().encode(label).length + 1, 0)
  return `#include "${name}.h"
#include "${net}.h"
#include <string.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
/* Beyond 64 KB a pointer is not enough. */
#if defined(__AVR_HAVE_ELPM__) && defined(pgm_get_far_address)
#define NAME_BYTE(at) pgm_read_byte_far(pgm_get_far_address(names) + (at))
#else
#define NAME_BYTE(at) pgm_read_byte(names + (at))
#endif
static char said[${longest + 1}];
#else
#define PROGMEM
#endif

/* One after another, a zero behind each. */
static const char names[] PROGMEM =
${labels.map((label) => `  ${quoted(`${label}\0`)}`).join("\n")};

const char *${name}_label_name(uint16_t label) {
  ${bytes < 65_535 ? "uint16_t" : "uint32_t"} at = 0;
  if (label >= ${big}_LABELS) label = ${big}_LABELS - 1;
#ifdef __AVR__
  while (label > 0)
    if (NAME_BYTE(at++) == 0) label--;
  {
    uint16_t i = 0;
    while ((said[i] = (char)NAME_BYTE(at + i)) != 0) i++;
  }
  return said;
#else
  while (label > 0)
    if (names[at++] == 0) label--;
  return names + at;
#endif
}

const char *${name}_ask(const char *text) {
  ${place} bytes = 0;
  while (bytes < ${big}_TEXT_BYTES && text[bytes] != 0) {
    ${net}_text[bytes] = (uint8_t)text[bytes];
    bytes++;
  }
  /* A character that does not fit as a whole is not read. */
  if (text[bytes] != 0)
    while (bytes > 0 && ((uint8_t)text[bytes] & 0xc0) == 0x80) bytes--;
  memset(${net}_text + bytes, 0, (size_t)(${big}_TEXT_BYTES - bytes));
  ${net}_length[0] = (int32_t)bytes;
  ${net}_run();
  return ${name}_label_name(${name}_label());
}

uint16_t ${name}_label(void) { return (uint16_t)${net}_label[0]; }
int16_t ${name}_evidence(void) { return ${net}_logits[${net}_label[0]]; }
uint8_t ${name}_is_unsure(void) { return ${name}_evidence() < ${big}_EVIDENCE_NEEDED; }
${givesProbability ? `uint16_t ${name}_probability(void) { return ${net}_probability[${net}_label[0]]; }\n` : ""}`
}
