import { type Buffer, blocksOf, hasFloats, type Program } from "../../../ir/program.ts"
import { identifier, stored } from "../emit.ts"
import { type Stored, TYPE } from "../prelude.ts"
import { FAR_MACROS } from "./flash.ts"
import { type Layer, layersOf } from "./layers.ts"
import { planArena } from "./memory.ts"
import { chipPrelude } from "./prelude.ts"
import { bytesOf, indented, statementPrinter } from "./statements.ts"

/** A program as C for chips with little memory: one header, one source. */
export interface ChipSource {
  /** What all names of the C begin with. */
  readonly name: string
  /** NAME.h: buffers and functions. */
  readonly header: string
  /** NAME.c: C99, with faster ways for chips that have them. */
  readonly source: string
  /** Static memory: what the header declares, and the arena. */
  readonly ramBytes: number
  /** Numbers in flash, without code. */
  readonly constantBytes: number
  /** Functions of NAME.c that are called one after the other. */
  readonly layers: readonly Layer[]
}

/**
 * A frozen program (ir/freeze.ts) of integers as straight C99: constant shapes, no heap, no library but memset, scratch
 * in one arena, constants in flash, and each type as narrow as what is proved of its values.
 *
 * `NAME_run` is the body, `NAME_ENTRY` each entry; inputs, outputs and state are arrays of the header. The same text is
 * for every chip; where AVR or Arm have instructions for a sum of products, they stand beside plain C with the same bits.
 * Errors: an assertion when the program has floats.
 */
export function emitChip(program: Program): ChipSource {
  const { name } = program
  if (hasFloats(program)) throw new Error("bug: floats on a chip")
  const arena = planArena(program)
  const printer = statementPrinter(program)
  const ends = ["run", ...Object.keys(program.entries ?? {})]
  const blocks = blocksOf(program).map((block, at) => ({
    symbol: `${name}_${ends[at]}`,
    layers: layersOf(
      block,
      `${name}_${ends[at]}`,
      printer.nameOf,
      (buffer) => program.buffers.some((each) => each.name === buffer && isPort(each)),
      // Which step of which entry it is, where there are several.
    ).map((layer, n) => (ends.length > 1 ? { ...layer, about: `${ends[at]} ${n + 1}: ${layer.about}` } : layer)),
  }))
  const layers = blocks.flatMap((each) => each.layers)
  const functions = layers.map(({ symbol, block }) => quiet(`LAYER ${symbol}(void) ${printer.block(block)}`))
  const calls = blocks.map(
    (each) => `void ${each.symbol}(void) {\n${indented(each.layers.map(({ symbol }) => `${symbol}();`).join("\n"))}\n}`,
  )
  const ports = program.buffers.filter(isPort)
  const upper = name.toUpperCase()
  const source = [
    `#include "${name}.h"`,
    "#include <string.h>",
    chipPrelude(printer.expressions),
    ...(printer.isFar ? [FAR_MACROS] : []),
    ...printer.constants,
    ...ports.map(({ name: each, dtype, length }) => `${TYPE[dtype as Stored]} ${name}_${each}[${length}] ALIGNED;`),
    ...ports.map(({ name: each }) => `#define ${identifier(each)} ${name}_${each}`),
    ...(arena.bytes === 0
      ? []
      : [
          `static uint8_t arena[${upper}_ARENA_BYTES] ALIGNED;`,
          `typedef char arena_is_as_planned[sizeof arena == ${arena.bytes} ? 1 : -1];`,
        ]),
    ...program.buffers.flatMap((buffer) => {
      const start = arena.starts.get(buffer.name)
      return start === undefined
        ? []
        : [`#define ${identifier(buffer.name)} ((in_${stored(buffer)} *)(void *)(arena + ${start}))`]
    }),
    ...printer.parts,
    ...functions,
    ...calls,
    "",
  ].join("\n")
  const ramBytes = arena.bytes + ports.reduce((sum, port) => sum + bytesOf(port), 0)
  const declared = [
    ...ports.map(
      ({ name: each, dtype, length, access }) =>
        `extern ${TYPE[dtype as Stored]} ${name}_${each}[${length}]; /* ${access} */`,
    ),
    ...blocks.map(({ symbol }) => `void ${symbol}(void);`),
  ].join("\n")
  const header = `#ifndef ${upper}_H
#define ${upper}_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define ${upper}_ARENA_BYTES ${arena.bytes}
#define ${upper}_RAM_BYTES ${ramBytes}
${declared}
#ifdef __cplusplus
}
#endif
#endif
`
  return {
    ...{ name, header, source, ramBytes, constantBytes: printer.constantBytes() },
    layers,
  }
}

/** What is proved of values may leave a local that nothing reads any more: the compiler hears that it is meant. */
function quiet(text: string): string {
  const read = new Set(text.replace(/^(\s*(?:const )?(?:\w+ )?)\w+ = /gm, "$1").match(/\w+/g))
  return text.replace(/^\s*(?:const )?\w+ (\w+) = .*;$/gm, (declared, name: string) =>
    read.has(name) ? declared : `${declared} (void)${name};`,
  )
}

const isPort = ({ access }: Buffer): boolean => access === "input" || access === "output" || access === "state"
