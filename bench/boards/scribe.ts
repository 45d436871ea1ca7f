/** The scribe for boards as an exhibit: a program that learns from each byte that it is sent. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { scribeProgram } from "@open-brains/core/run/scribe_program.ts"
import { repository } from "../../scripts/testing.ts"
import { type ExportedScribe, exportedProgram, portsOf, sourcesOf } from "./brain.testing.ts"
import { type Exhibit, joined, once, sameBytes } from "./exhibit.ts"

const FOLDER = join(repository, "modules/scribe-mega")
const MEMORY_BYTES = 4096
/** What entries are called by whom a sketch calls. */
const COUNTED = { reset: "begin", foresee: "next" } as const
/** Of so many bytes one is not learnt, and of so many the likeliest next one is asked for. */
const [READ_EVERY, ASKED_EVERY] = [7, 10]

interface Call {
  readonly entry: "run" | "reset" | "foresee"
  readonly byte: number
  readonly frozen: number
}
/** It begins, and then as many calls: bytes of a text that come, and now and then the question which comes next. */
function callsFor(count: number): readonly Call[] {
  const text = readFileSync(join(repository, "docs/manual/boards.md"))
  const coming = Array.from({ length: count }, (_, n): Call => {
    if (n % ASKED_EVERY === ASKED_EVERY - 1) return { entry: "foresee", byte: 0, frozen: 0 }
    return { entry: "run", byte: text[n % text.length]!, frozen: n % READ_EVERY === READ_EVERY - 1 ? 1 : 0 }
  })
  return [{ entry: "reset", byte: 0, frozen: 0 }, ...coming]
}

export async function scribeExhibit(count: number): Promise<Exhibit> {
  const path = join(FOLDER, "net.safetensors")
  const net = readSafetensors(new Uint8Array(readFileSync(path)), "net.safetensors")
  const { program: whole } = scribeProgram({ memoryBytes: MEMORY_BYTES, net })
  const module = (await exportedProgram(FOLDER, {})) as ExportedScribe
  const { program } = module
  const chip = emitChip(program)
  const sources = sourcesOf(module, chip)
  const calls = callsFor(count)
  const entries = Object.keys(program.entries ?? {})
  const seen = (["output", "state"] as const).flatMap((kind) => program.buffers.filter(({ access }) => access === kind))
  const outputs = seen.filter(({ access }) => access === "output")
  const inputs = program.buffers.filter(({ access }) => access === "input")
  /** The bytes of some buffers after each call. */
  const answersOn = (engine: Engine, of: typeof whole, buffers: typeof seen): readonly Uint8Array[] => {
    const { memory, run, entries: functions } = engine.instantiate(of)
    return calls.map(({ entry, ...given }) => {
      for (const { name } of inputs) memory[name]![0] = name === "byte" ? given.byte : given.frozen
      if (entry === "run") run()
      else functions[entry]!()
      return joined(buffers.map(({ name }) => memory[name]!))
    })
  }
  const judged = once(() => answersOn(interpreterEngine, program, seen))
  const outputBytes = outputs.reduce((sum, { dtype, length }) => sum + DTYPE[dtype].bytes * length, 0)
  return {
    ...{ name: module.name, module, sources, judged, ramBytes: chip.ramBytes },
    probed: { name: chip.name, header: chip.header, source: chip.source },
    ports: portsOf(chip.name, program),
    requests: calls.map(({ entry, byte, frozen }) => ({
      entry: entries.indexOf(entry) + 1,
      input: Uint8Array.from(inputs, ({ name }) => (name === "byte" ? byte : frozen)),
    })),
    counted: calls.map(({ entry, frozen }) => (entry === "run" ? (frozen === 1 ? "read" : "learn") : COUNTED[entry])),
    equalOn: (engine) =>
      answersOn(engine, whole, outputs).filter((bytes, n) => sameBytes(bytes, judged()[n]!.subarray(0, outputBytes)))
        .length,
  }
}
