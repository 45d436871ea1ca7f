import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { arch, tmpdir } from "node:os"
import { join } from "node:path"
import { bytesOf, type Numbers, zeros } from "@open-brains/core/base/dtype.ts"
import { emitC99, identifier } from "@open-brains/core/emit/c99/emit.ts"
import type { Width } from "@open-brains/core/emit/c99/vectors.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Access, Program, Buffer as ProgramBuffer } from "@open-brains/core/ir/program.ts"
import { findCompiler, NO_COMPILER, requireCompiler } from "./compiler.ts"

/** What every build needs: without -ffp-contract=off a * b + c would round once. */
export const STRICT = [
  ...["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"],
  // gcc sees strays in rounds that it peels off a loop and that never run; the sanitizers see those that do.
  // Random programs multiply conditions.
  ...["-Wno-unknown-warning-option", "-Wno-stringop-overflow", "-Wno-array-bounds", "-Wno-int-in-bool-context"],
]

export interface Build {
  readonly flags: readonly string[]
  /** Parallel loops as vectors of so many lanes; without it the C is scalar. */
  readonly width?: Width
}

/** Ways to build scalar C that must all give the bits of the interpreter. */
export const VARIANTS = {
  plain: ["-O2"],
  checked: ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"],
  fastest: ["-O3", "-march=native"],
} as const satisfies Readonly<Record<string, readonly string[]>>

export const SCALAR_BUILDS: Readonly<Record<string, Build>> = Object.fromEntries(
  Object.entries(VARIANTS).map(([name, flags]) => [name, { flags }]),
)

const [OWN, CHECKED] = [["-O3", "-march=native"], VARIANTS.checked]
/** Ways to build vectors: of this machine, of lesser ones, and without any instruction for them. */
export const VECTOR_BUILDS: Readonly<Record<string, Build>> = {
  "4 lanes": { flags: OWN, width: 4 },
  "4 lanes, portable": { flags: ["-O2"], width: 4 },
  "4 lanes, checked": { flags: CHECKED, width: 4 },
  ...(arch() === "x64" && {
    "4 lanes, without AVX": { flags: [...OWN, "-mno-avx"], width: 4 },
    "8 lanes": { flags: OWN, width: 8 },
    "8 lanes, without AVX-512": { flags: [...OWN, "-mno-avx512f"], width: 8 },
    "8 lanes, without VNNI": { flags: [...OWN, "-mno-avx512f", "-mno-avxvnni"], width: 8 },
    "8 lanes, checked": { flags: CHECKED, width: 8 },
    "16 lanes": { flags: OWN, width: 16 },
    "16 lanes, without VNNI": { flags: [...OWN, "-mno-avx512vnni"], width: 16 },
    "16 lanes, portable": { flags: ["-O2"], width: 16 },
  }),
}
/** For tests that are run again and again: the scalar build that finds most, and the vectors of this machine. */
export const USUAL_BUILDS: Readonly<Record<string, Build>> = {
  checked: SCALAR_BUILDS["checked"]!,
  vectors: VECTOR_BUILDS["8 lanes"] ?? VECTOR_BUILDS["4 lanes"]!,
}
export const BUILDS: Readonly<Record<string, Build>> = { ...SCALAR_BUILDS, ...VECTOR_BUILDS }

/** Why this machine cannot build C, in words for a person; undefined when it can. */
export const missingCompiler = (): string | undefined => (findCompiler() ? undefined : NO_COMPILER)

export interface NativeProgram extends Disposable {
  /**
   * Runs the records one after another in one process: the inputs of each are its `input` buffers, those left out are 0;
   * `state` is what the state buffers start with. Outputs and state stay from record to record, as in any instance.
   */
  runAll(records: readonly Memory[], state?: Memory): { readonly outputs: readonly Memory[]; readonly state: Memory }
}

/** `program` built as one executable that loops over records; disposing removes its folder. */
export function nativeProgram(program: Program, { flags, width }: Build): NativeProgram {
  const folder = mkdtempSync(join(tmpdir(), "brain-c99-"))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const of = (access: Access): readonly ProgramBuffer[] => program.buffers.filter((each) => each.access === access)
  const [inputs, outputs, states] = [of("input"), of("output"), of("state")]
  try {
    writeFileSync(
      join(folder, "program.c"),
      emitC99(program, { width }) + mainOf(program.name, inputs, outputs, states),
    )
    const { path, words } = requireCompiler()
    run(path, [...words, ...STRICT, ...flags, "program.c", "-o", "program", "-lm"], folder)
  } catch (error) {
    remove()
    throw error
  }
  return {
    runAll(records, state = {}) {
      const given = [...bytesFrom(state, states), ...records.flatMap((record) => bytesFrom(record, inputs))]
      const output = run(join(folder, "program"), [`${records.length}`], folder, Buffer.concat(given))
      let start = 0
      const next = (buffers: readonly ProgramBuffer[]): Memory =>
        Object.fromEntries(
          buffers.map(({ name, dtype, length }) => {
            const numbers = zeros(dtype, length)
            bytesOf(numbers).set(output.subarray(start, start + numbers.byteLength))
            start += numbers.byteLength
            return [name, numbers]
          }),
        )
      return { outputs: records.map(() => next(outputs)), state: next(states) }
    },
    [Symbol.dispose]: remove,
  }
}

function run(command: string, words: readonly string[], cwd: string, input?: Uint8Array): Buffer {
  const { status, signal, stdout, stderr, error } = spawnSync(command, words, { cwd, input, maxBuffer: 2 ** 30 })
  if (error) throw error
  if (status !== 0) throw new Error(`bug: ${command} ended with ${status ?? signal}: ${`${stderr}`.slice(0, 4000)}`)
  return stdout
}

function bytesFrom(memory: Memory, buffers: readonly ProgramBuffer[]): Uint8Array[] {
  return buffers.map(({ name, dtype, length }) => {
    const numbers: Numbers = memory[name] ?? zeros(dtype, length)
    if (numbers.length !== length) throw new Error(`bug: ${name} has ${numbers.length} numbers instead of ${length}`)
    return bytesOf(numbers)
  })
}

/** State in, then a record in and its outputs out, again and again, then state out. */
function mainOf(
  name: string,
  inputs: readonly ProgramBuffer[],
  outputs: readonly ProgramBuffer[],
  states: readonly ProgramBuffer[],
): string {
  const reads = (buffers: readonly ProgramBuffer[]): string =>
    buffers
      .map(({ name: n }) => `  if (fread(${identifier(n)}, sizeof ${identifier(n)}, 1, stdin) != 1) return 1;\n`)
      .join("")
  const writes = (buffers: readonly ProgramBuffer[]): string =>
    buffers
      .map(({ name: n }) => `  if (fwrite(${identifier(n)}, sizeof ${identifier(n)}, 1, stdout) != 1) return 1;\n`)
      .join("")
  return `
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words) {
  if (count != 2) return 1;
${reads(states)}  for (long left = strtol(words[1], NULL, 10); left > 0; --left) {
${reads(inputs)}  ${name}_run();
${writes(outputs)}  }
${writes(states)}  return 0;
}
`
}
