import type { Ports } from "./probe.ts"

/** The request that ends a probe. */
const STOP_ENTRY = 255
export const STOP = Uint8Array.of(STOP_ENTRY)

/**
 * The C of a probe: a loop that reads a byte, which says what to call, and the inputs; calls; and writes the outputs.
 * `bytes` is the header that moves bytes on a target. Marks stand around nothing but the call.
 */
export function probeSource(name: string, { inputs, outputs, entries }: Ports, bytes: string): string {
  if (entries.length >= STOP_ENTRY) throw new Error(`bug: ${entries.length} entries are too many for a byte`)
  const calls = [`${name}_run`, ...entries].map(
    (call, n) => `      case ${n}: MARK_START(); ${call}(); MARK_END(); break;`,
  )
  const sizes = [...inputs, ...outputs].map(
    (port, n) => `typedef char size_of_${n}[sizeof ${port.name} == ${port.bytes} ? 1 : -1];`,
  )
  const moved = (verb: string, ports: Ports["inputs"]): readonly string[] =>
    ports.map((port) => `    ${verb}(${port.name}, sizeof ${port.name});`)
  return `#include <stdint.h>
#include ${JSON.stringify(bytes)}
#include "${name}.h"

${sizes.join("\n")}

int main(void) {
  probe_start();
  MARK_START();
  MARK_END();
  for (;;) {
    uint8_t entry;
    read_bytes(&entry, 1);
    if (entry == ${STOP_ENTRY}) return probe_stop();
${moved("read_bytes", inputs).join("\n")}
    stack_paint();
    switch (entry) {
${calls.join("\n")}
      default: return 4;
    }
    stack_report();
${moved("write_bytes", outputs).join("\n")}
  }
}
`
}
