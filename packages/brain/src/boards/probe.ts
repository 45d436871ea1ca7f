import { quoted } from "./c_text.ts"
import { START_HEADER } from "./cortex/qemu.ts"
import type { Exported } from "./program.ts"

/** One thing that a module does: a function of its header. */
export interface Callable {
  readonly about: string
  readonly symbol: string
  readonly argument: string
}
/** Words of every length, as people write; cut to what a module reads. */
export const TEXTS = (
  "where is the parcel that I ordered last week? It should have been here on Monday, and nobody at your office answers the phone. " +
  "Please tell me what to do, or send me my money back, since I do not want to wait any longer for two pairs of shoes. "
).repeat(20)

export const callsOf = (module: Exported): readonly Callable[] =>
  module.kind === "classifier"
    ? [
        {
          about: `an answer, to a text of ${Math.min(module.textBytes, TEXTS.length)} bytes`,
          symbol: `${module.name}_ask`,
          argument: "text",
        },
      ]
    : Object.keys(module.ports).map((entry) => ({ about: entry, symbol: `${module.name}_${entry}`, argument: "" }))

/**
 * A program that does each thing once and sleeps: its marks, stack and sizes are what is reported. On AVR GPIOR0 is 2n + 2 before the
 * n-th and 2n + 3 after it; what else counts cycles is told by cortex/start.h.
 */
export function probeOf(module: Exported): string {
  const { name } = module
  const lines = callsOf(module).flatMap(({ symbol, argument }, i) => [
    `  MARK(${2 * i + 2});`,
    `  (void)${symbol}(${argument});`,
    `  MARK(${2 * i + 3});`,
  ])
  const text =
    module.kind === "classifier" ? `static const char text[] = ${quoted(TEXTS.slice(0, module.textBytes))};\n` : ""
  return `#include "${name}.h"
${text}${ENDS}
int main(void) {
  BEGIN();
${module.kind === "net" && module.reset !== undefined ? `  ${name}_${module.reset}();\n` : ""}${lines.join("\n")}
  END();
}
`
}
/** The same without a module: what a program takes that does nothing. */
export const EMPTY_PROBE = `#include <stdint.h>
#ifdef __AVR__
#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
#define BEGIN()
#define MARK(n) (GPIOR0 = (n))
#define END() do { cli(); sleep_enable(); sleep_cpu(); } while (1)
#else
#include ${JSON.stringify(START_HEADER)}
#define BEGIN()
#define MARK(n) do { if ((n) & 1) MARK_END(); else MARK_START(); } while (0)
#define END() for (;;) leave(STOPPED_APPLICATION_EXIT)
#endif
int main(void) {
  BEGIN();
  MARK(0);
  END();
}
`
const ENDS = EMPTY_PROBE.slice(0, EMPTY_PROBE.indexOf("int main"))
