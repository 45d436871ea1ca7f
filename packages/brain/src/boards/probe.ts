import { quoted } from "./c_text.ts"
import type { Exported } from "./program.ts"

/** The marks around what is measured: mark 2n before the n-th thing that a module does, 2n + 1 after it. */
export interface Probe {
  readonly source: string
  /** What each of them is, for a person. */
  readonly things: readonly string[]
}
/** Words of every length, as people write; cut to what a module reads. */
const TEXT =
  "where is the parcel that I ordered last week? It should have been here on Monday, and nobody at your office answers the phone. " +
  "Please tell me what to do, or send me my money back, since I do not want to wait any longer for two pairs of shoes. "

/** A program that does each thing once and sleeps: its marks, stack and sizes are what is reported. */
export function probeOf(module: Exported): Probe {
  const { name } = module
  const text = TEXT.repeat(20)
  const things: readonly { readonly about: string; readonly call: string }[] =
    module.kind === "classifier"
      ? [
          {
            about: `an answer, to a text of ${Math.min(module.textBytes, text.length)} bytes`,
            call: `${name}_ask(text)`,
          },
        ]
      : Object.keys(module.ports).map((entry) => ({ about: entry, call: `${name}_${entry}()` }))
  const lines = things.flatMap(({ call }, i) => [`  MARK(${2 * i + 2});`, `  (void)${call};`, `  MARK(${2 * i + 3});`])
  return {
    source: `#include "${name}.h"
${module.kind === "classifier" ? `static const char text[] = ${quoted(text.slice(0, module.textBytes))};\n` : ""}${ENDS}
int main(void) {
  BEGIN();
${module.kind === "net" && module.reset !== undefined ? `  ${name}_${module.reset}();\n` : ""}${lines.join("\n")}
  END();
}
`,
    things: things.map(({ about }) => about),
  }
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
#define BEGIN()
#define MARK(n)
#define END() for (;;) {}
#endif
int main(void) {
  BEGIN();
  MARK(0);
  END();
}
`
const ENDS = EMPTY_PROBE.slice(0, EMPTY_PROBE.indexOf("int main"))
