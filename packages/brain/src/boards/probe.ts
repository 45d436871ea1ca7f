import { quoted } from "./c_text.ts"
import { START_HEADER } from "./cortex/qemu.ts"
import type { Exported, ExportedNet } from "./program.ts"
import type { Samples } from "./samples.ts"

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

const TEXT_COUNT = 8
/** Pieces of them that begin at words of their own. */
export const textsOf = (textBytes: number): readonly string[] =>
  Array.from({ length: TEXT_COUNT }, (_, i) => TEXTS.slice(29 * i, 29 * i + textBytes))

/** `isAsked`: whether it is asked many things, and the mean is told. Where a chip is modelled it is asked one, with inputs of 0. */
export function callsOf(module: Exported, isAsked = true): readonly Callable[] {
  const { name } = module
  switch (module.kind) {
    case "classifier": {
      const bytes = Math.min(module.textBytes, TEXTS.length)
      return [
        {
          about: `an answer, ${isAsked ? `mean of ${TEXT_COUNT} texts` : "to a text"} of ${bytes} bytes`,
          symbol: `${name}_ask`,
          argument: "text",
        },
      ]
    }
    case "net":
      return Object.keys(module.ports).map((entry) => ({
        ...{
          about: isAsked ? aboutCall(module, entry) : `${entry}, inputs all 0`,
          symbol: `${name}_${entry}`,
          argument: "",
        },
      }))
    case "scribe":
      return [
        { about: "to forget all, and begin", symbol: `${name}_begin`, argument: "" },
        { about: "a byte that it learns", symbol: `${name}_learn`, argument: "' '", before: someBytes(name) },
        { about: "a byte that it reads and does not learn", symbol: `${name}_read`, argument: "'s'" },
        ...Array.from({ length: NEXT_COUNT }, (_, i) => ({
          about: `the likeliest next byte, mean of ${NEXT_COUNT}`,
          symbol: `${name}_next`,
          argument: "",
          before: moreBytes(name, READ.slice(LEARNT * i, LEARNT * (i + 1))),
        })),
      ]
    default:
      return module satisfies never
  }
}
/** Calls of one name as one: their mean. */
export function alike(
  calls: readonly { readonly about: string; readonly cycles: number }[],
): readonly { readonly about: string; readonly cycles: number }[] {
  const byName = Map.groupBy(calls, ({ about }) => about)
  return [...byName].map(([about, all]) => ({
    about,
    cycles: Math.round(all.reduce((sum, { cycles }) => sum + cycles, 0) / all.length),
  }))
}
const aboutCall = ({ ports, samples: { about } }: ExportedNet, entry: string): string =>
  Object.keys(ports[entry]!.inputs).length === 0 || about === "" ? entry : `${entry}, ${about}`

/** What comes next is found the sooner, the surer the scribe is: it is asked after so many bytes, so many times. */
const [NEXT_COUNT, LEARNT] = [16, 12]
/** What a scribe gets to read: not letters to an office alone, but headings, figures, names, code and broken lines. */
const READ =
  '# Greenhouse, 3 May\n\n21:40 inside 18.6 C, soil 41 %; pump off. "Again?" said Ana.\n\n' +
  "| bed | seeds | out |\n| --- | --- | --- |\n| 2 | `kale` | 24 |\n\nWater it at dawn, unless it rained (see the log), and call Jo if the fan stops.\n"
const moreBytes = (name: string, text: string): string =>
  Array.from(text, (c) => `(void)${name}_learn(${c.charCodeAt(0)});`).join(" ")
/** Made as it goes: a text would take RAM. */
const someBytes = (name: string): string => `for (uint8_t c = 'a'; c <= 'h'; c++) (void)${name}_learn(c);`

/**
 * A program that does each thing once and sleeps: its marks, stack and sizes are what is reported. On AVR GPIOR0 is 2n + 2 before the
 * n-th and 2n + 3 after it; what else counts cycles is told by cortex/start.h.
 */
export const probeOf = (module: Exported): string => mainOf(module, true)
/** The same on inputs that it brings along, of a net: a chip that is only modelled has no memory to write to from outside. */
export const askedProbeOf = (module: Exported, inputs: Samples["runs"][number]): string =>
  mainOf(module, true, true, inputs)
/** The same, with nothing before what it does: what is linked then is what the module takes. */
export const sizedProbeOf = (module: Exported): string => mainOf(module, true, false)
/** The same without a module: what a program takes that calls nothing, its marks and its question among it. */
export const emptyProbeOf = (module: Exported): string => mainOf(module, false, false)

function mainOf(module: Exported, isWhole: boolean, hasBefore = true, inputs: Samples["runs"][number] = {}): string {
  const { name } = module
  // What is sized calls each thing once, however often it is asked to be timed.
  const all = callsOf(module)
  const once = all.filter(({ symbol }, i) => all.findIndex((each) => each.symbol === symbol) === i)
  const lines = (hasBefore ? all : once).flatMap(({ symbol, argument, before }, i) => [
    ...(before === undefined || !hasBefore ? [] : [`  ${before}`]),
    `  MARK(${2 * i + 2});`,
    isWhole ? `  (void)${symbol}(${argument});` : argument === "" ? "" : `  KEEP(${argument});`,
    `  MARK(${2 * i + 3});`,
  ])
  const resets = isWhole && module.kind === "net" && module.reset !== undefined
  const text =
    module.kind === "classifier" ? `static const char text[] = ${quoted(TEXTS.slice(0, module.textBytes))};\n` : ""
  const given = Object.entries(inputs).map(([buffer, numbers]) => {
    const array = `${name}_${buffer}`
    return {
      text: `static const int32_t given_${buffer}[] = {${Array.from(numbers, (n) => (n === -(2 ** 31) ? "INT32_MIN" : n)).join(", ")}};\n`,
      fill: `  for (uint32_t i = 0; i < ${numbers.length}; i++) ((volatile __typeof__(${array}[0]) *)${array})[i] = (__typeof__(${array}[0]))given_${buffer}[i];`,
    }
  })
  return `${isWhole ? `#include "${name}.h"\n` : ""}${ENDS}${text}${given.map((each) => each.text).join("")}
int main(void) {
${[...(resets ? [`  ${name}_${module.reset}();`] : []), ...given.map((each) => each.fill), ...lines].filter((line) => line !== "").join("\n")}
  END();
}
`
}
const ENDS = `#include <stdint.h>
#define KEEP(text) __asm__ volatile("" : : "r"(text))
#ifdef __AVR__
#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
#define MARK(n) (GPIOR0 = (n))
#define END() do { cli(); sleep_enable(); sleep_cpu(); } while (1)
#else
#include ${JSON.stringify(START_HEADER)}
#define MARK(n) do { if ((n) & 1) MARK_END(); else MARK_START(); } while (0)
#define END() for (;;) leave(STOPPED_APPLICATION_EXIT)
#endif
`
