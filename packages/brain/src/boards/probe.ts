import { quoted } from "./c_text.ts"
import { START_HEADER } from "./cortex/qemu.ts"
import type { Exported } from "./program.ts"

/** One thing that a module does: a function of its header. */
export interface Callable {
  readonly about: string
  readonly symbol: string
  readonly argument: string
  /** Statements of C that come before it, and count as nothing. */
  readonly before?: string
}
/** Words of every length, as people write; cut to what a module reads. */
export const TEXTS = (
  "where is the parcel that I ordered last week? It should have been here on Monday, and nobody at your office answers the phone. " +
  "Please tell me what to do, or send me my money back, since I do not want to wait any longer for two pairs of shoes. "
).repeat(20)

export function callsOf(module: Exported): readonly Callable[] {
  const { name } = module
  switch (module.kind) {
    case "classifier": {
      const bytes = Math.min(module.textBytes, TEXTS.length)
      return [{ about: `an answer, to a text of ${bytes} bytes`, symbol: `${name}_ask`, argument: "text" }]
    }
    case "net":
      return Object.keys(module.ports).map((entry) => ({
        about: `${entry}, inputs all 0`,
        symbol: `${name}_${entry}`,
        argument: "",
      }))
    case "scribe":
      return [
        { about: "to forget all, and begin", symbol: `${name}_begin`, argument: "" },
        { about: "a byte that it learns", symbol: `${name}_learn`, argument: "' '", before: someBytes(name) },
        { about: "a byte that it reads and does not learn", symbol: `${name}_read`, argument: "'s'" },
        { about: "the likeliest next byte", symbol: `${name}_next`, argument: "" },
      ]
    default:
      return module satisfies never
  }
}
/** Made as it goes: a text would take RAM. */
const someBytes = (name: string): string => `for (uint8_t c = 'a'; c <= 'h'; c++) (void)${name}_learn(c);`

/**
 * A program that does each thing once and sleeps: its marks, stack and sizes are what is reported. On AVR GPIOR0 is 2n + 2 before the
 * n-th and 2n + 3 after it; what else counts cycles is told by cortex/start.h.
 */
export function probeOf(module: Exported): string {
  const { name } = module
  const lines = callsOf(module).flatMap(({ symbol, argument, before }, i) => [
    ...(before === undefined ? [] : [`  ${before}`]),
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
