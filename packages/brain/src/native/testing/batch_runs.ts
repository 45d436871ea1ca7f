/** A batch on the two engines that compile C: every buffer of every trial after each record. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bytesOf, DTYPE, type Numbers, zeros } from "@open-brains/core/base/dtype.ts"
import { emitC99, identifier, usesOf } from "@open-brains/core/emit/c99/emit.ts"
import { emitLibrary, symbolOf } from "@open-brains/core/emit/c99/library.ts"
import type { Width } from "@open-brains/core/emit/c99/vectors.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Buffer as ProgramBuffer } from "@open-brains/core/ir/program.ts"
import { laneWidth, requireCompiler } from "../compiler.ts"
import { bind, compileIn } from "../library.ts"
import { gathered, nameIn, programOfBatch, RECORDS, type Trial } from "./batch.ts"

/** Contents of the buffers after a record, by their name in the batch. */
export type After = ReadonlyMap<string, Numbers>

const GAP_BYTES = 64
const CANARY = 0xa5

/** As the native engine builds them, in this process: a stray write between the buffers is told. */
export function batchInLibrary(trials: readonly Trial[]): { readonly after: readonly After[]; readonly stray: number } {
  const program = programOfBatch(trials)
  const starts = new Map<string, number>()
  let size = GAP_BYTES
  for (const { name, dtype, length } of program.buffers) {
    starts.set(name, size)
    size += Math.ceil((length * DTYPE[dtype].bytes) / GAP_BYTES) * GAP_BYTES + GAP_BYTES
  }
  const bytes = new Uint8Array(size).fill(CANARY)
  const views = new Map<string, Numbers>()
  for (const { name, dtype, length, values } of program.buffers) {
    const view = new DTYPE[dtype].array(bytes.buffer, starts.get(name)!, length)
    view.fill(0)
    if (values) view.set(values)
    views.set(name, view)
  }
  const put = (contents: After): void => {
    for (const [name, numbers] of contents) views.get(name)!.set(numbers)
  }
  return inFolder((folder) => {
    const source = emitLibrary(program, starts, { width: laneWidth() })
    const path = compileIn(folder, source, requireCompiler())
    const calls = bind(path, Object.keys(program.entries!).map(symbolOf), bytes.buffer)
    put(gathered(trials, ({ start }) => start))
    const after = Array.from({ length: RECORDS }, (_, n) => {
      put(gathered(trials, ({ records }) => records[n]!))
      for (const call of calls) call()
      return new Map([...views].map(([name, view]) => [name, view.slice()]))
    })
    const isOurs = new Uint8Array(size)
    for (const view of views.values()) isOurs.fill(1, view.byteOffset, view.byteOffset + view.byteLength)
    return { after, stray: bytes.findIndex((byte, i) => isOurs[i] === 0 && byte !== CANARY) }
  })
}

/** As one executable with static arrays, each with a zone around it that the sanitizer watches. */
export function batchInC(trials: readonly Trial[], { flags, width }: CBuild): readonly After[] {
  const program = programOfBatch(trials)
  const { names } = usesOf(program)
  // A scratch that nobody names is not declared, and a constant never changes.
  const kept = program.buffers.filter(
    ({ name, access }) => access !== "constant" && (access !== "scratch" || names.has(name)),
  )
  const inputs = kept.filter(({ access }) => access === "input")
  const calls = Object.keys(program.entries!).map((entry) => `${program.name}_${entry}();`)
  const moved = (call: string, stream: string, buffers: readonly ProgramBuffer[]): readonly string[] =>
    buffers.map(
      ({ name }) => `  if (${call}(${identifier(name)}, sizeof ${identifier(name)}, 1, ${stream}) != 1) return 1;`,
    )
  const main = [
    ...["", "#include <stdio.h>", "int main(void) {", ...moved("fread", "stdin", kept)],
    `  for (int32_t left = ${RECORDS}; left > 0; --left) {`,
    ...[
      ...moved("fread", "stdin", inputs),
      ...calls,
      ...moved("fwrite", "stdout", kept),
      "  }",
      "  return 0;",
      "}",
      "",
    ],
  ].join("\n")
  const bytesOfAll = (contents: After, buffers: readonly ProgramBuffer[]): readonly Uint8Array[] =>
    buffers.map(({ name, dtype, length }) => bytesOf(contents.get(name) ?? zeros(dtype, length)))
  const given = [
    ...bytesOfAll(
      gathered(trials, ({ start }) => start),
      kept,
    ),
    ...Array.from({ length: RECORDS }, (_, n) =>
      bytesOfAll(
        gathered(trials, ({ records }) => records[n]!),
        inputs,
      ),
    ).flat(),
  ]
  return inFolder((folder) => {
    writeFileSync(join(folder, "batch.c"), emitC99(program, { width }) + main)
    const { path, words } = requireCompiler()
    run(path, [...words, ...C_FLAGS, ...flags, "batch.c", "-o", "batch", "-lm"], folder, BUILD_MS_MAX)
    const output = run(join(folder, "batch"), [], folder, RUN_MS_MAX, Buffer.concat(given))
    return read(output, kept)
  })
}
interface CBuild {
  readonly flags: readonly string[]
  /** Lanes of the vectors that parallel loops become; without it the C is scalar. */
  readonly width: Width | undefined
}
const C_FLAGS = ["-std=c99", "-w", "-ffp-contract=off"]
const [BUILD_MS_MAX, RUN_MS_MAX] = [240_000, 60_000]

function read(output: Uint8Array, kept: readonly ProgramBuffer[]): readonly After[] {
  let at = 0
  return Array.from({ length: RECORDS }, () => {
    const after = new Map<string, Numbers>()
    for (const { name, dtype, length } of kept) {
      const numbers = zeros(dtype, length)
      bytesOf(numbers).set(output.subarray(at, at + numbers.byteLength))
      at += numbers.byteLength
      after.set(name, numbers)
    }
    return after
  })
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "brain-batch-"))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
function run(command: string, words: readonly string[], cwd: string, timeout: number, input?: Uint8Array): Buffer {
  const { status, signal, stdout, stderr, error } = spawnSync(command, words, {
    cwd,
    input,
    timeout,
    maxBuffer: 2 ** 30,
  })
  if (status !== 0)
    throw new Error(`${command} ended with ${status ?? signal}: ${error ?? ""}${`${stderr}`.slice(0, 2000)}`)
  return stdout
}

/** What the batch has of one trial, under the names of its program. */
export const ofTrial = ({ program }: Trial, n: number, after: After): Memory =>
  Object.fromEntries(
    program.buffers.flatMap(({ name }) => {
      const numbers = after.get(nameIn(n, name))
      return numbers ? [[name, numbers]] : []
    }),
  )
