/** What is shown on boards: a module as it is exported, what it is asked one call after another, and what a PC says. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bytesOf, DTYPE, type Numbers, zeros } from "@open-brains/core/base/dtype.ts"
import type { Json } from "@open-brains/core/base/json.ts"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Buffer as ProgramBuffer } from "@open-brains/core/ir/program.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { openClassifier } from "@open-brains/core/run/classifier.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { type OpenNet, openNet } from "@open-brains/core/run/net.ts"
import {
  type Exported,
  type ExportedClassifier,
  type ExportedNet,
  exportedProgram,
  type ModuleSource,
  type Ports,
  type ProbeRequest,
  portsOf,
  readModule,
  type Sources,
  sourcesOf,
} from "./brain.testing.ts"

export interface Exhibit {
  readonly name: string
  /** What `brain export` makes, and its C. */
  readonly module: Exported
  readonly sources: Sources
  /** Static memory of its C. */
  readonly ramBytes: number
  /** What is compiled for a probe, and what the probe gives and takes. */
  readonly probed: ModuleSource
  readonly ports: Ports
  /** One after another, each with what a PC's engine says after it, as bytes of the ports that the call fills. */
  readonly requests: readonly ProbeRequest[]
  /** The calls among them that count: one that only puts the state where it begins does not. */
  readonly counted: readonly string[]
  /** All ports after each request, by the interpreter on the very program that is exported. */
  judged(): readonly Uint8Array[]
  /** Where a PC runs the module as it lies in its folder: how many requests it answers as `judged` says. */
  equalOn(engine: Engine): number
}

/** A call of a net: buffers by the names that the graph has for its inputs. */
export interface NetCall {
  readonly entry: string
  readonly inputs: Readonly<Record<string, Numbers>>
}
const KEEPS = { bindingsMax: 1, undoMax: 0, copyEvery: 1024 }

/** A net with entries, out of its folder. Where it has a state, a request that sets it stands before the calls. */
export async function netExhibit(name: string, folder: string, calls: readonly NetCall[]): Promise<Exhibit> {
  const module = (await exportedProgram(folder, { name })) as ExportedNet
  const { program, reset } = module
  const chip = emitChip(program)
  const sources = sourcesOf(module, chip)
  const entries = Object.keys(program.entries ?? {})
  const inputs = program.buffers.filter(({ access }) => access === "input")
  const given = calls.map(({ entry, inputs: values }) => ({
    entry,
    memory: Object.fromEntries(
      Object.entries(values).map(([port, data]) => [module.ports[entry]!.inputs[port]!.buffer, data]),
    ),
  }))
  const all = [...(reset === undefined ? [] : [{ entry: reset, memory: {} }]), ...given]
  const ports = portsOf(name, program)
  const judge = interpreterEngine.instantiate(program)
  const seen = program.buffers.filter(({ access }) => access === "output")
  const kept = program.buffers.filter(({ access }) => access === "state")
  const judged = once(() =>
    all.map(({ entry, memory }) => {
      for (const { name: each, dtype, length } of inputs) judge.memory[each]!.set(memory[each] ?? zeros(dtype, length))
      judge.entries[entry]!()
      return joined([...seen, ...kept].map((each) => judge.memory[each.name]!))
    }),
  )
  return {
    ...{ name, module, sources, ports, judged, ramBytes: sources.ramBytes },
    probed: { name, header: chip.header, source: chip.source },
    requests: all.map(({ entry, memory }) => ({
      entry: entries.indexOf(entry) + 1,
      input: joined(inputs.map((each) => memory[each.name] ?? zeros(each.dtype, each.length))),
    })),
    counted: all.map(({ entry }) => entry),
    equalOn(engine) {
      const net = openFolder(folder, engine)
      const bytes = judged()
      const says = (call: NetCall, answer: Uint8Array): boolean => {
        const said = net.call(call.entry, call.inputs as Parameters<typeof net.call>[1])
        return Object.entries(module.ports[call.entry]!.outputs).every(([port, { buffer }]) =>
          sameBytes(bytesOf(said[port]!), partOf(answer, [...seen, ...kept], buffer)),
        )
      }
      const skipped = all.length - calls.length
      return skipped + calls.filter((call, n) => says(call, bytes[skipped + n]!)).length
    },
  }
}
export const openFolder = (folder: string, engine: Engine): OpenNet =>
  openNet(graphOf(folder), weightsOf(folder), engine, KEEPS)
const graphOf = (folder: string): ReturnType<typeof netFromJson> =>
  netFromJson(JSON.parse(readFileSync(join(folder, "graph.json"), "utf8")) as Json)
const weightsOf = (folder: string): ReturnType<typeof readSafetensors> =>
  readSafetensors(new Uint8Array(readFileSync(join(folder, "weights.safetensors"))), "weights.safetensors")

/** A module that answers texts: the probe asks it as a sketch does, by NAME_ask, and looks at the net's outputs. */
export async function textExhibit(
  name: string,
  folder: string,
  textBytes: number,
  texts: readonly string[],
): Promise<Exhibit> {
  const module = (await exportedProgram(folder, { name, textBytes })) as ExportedClassifier
  const files = await readModule(folder)
  const { program } = module
  const chip = emitChip(program)
  const sources = sourcesOf(module, chip)
  const asked = texts.map((text) => wholeCharacters(text, textBytes))
  const outputs = program.buffers.filter(({ access }) => access === "output")
  const asking = `${name}_asking`
  const judge = interpreterEngine.instantiate(program)
  const judged = once(() =>
    asked.map((bytes) => {
      judge.memory["text"]!.fill(0)
      judge.memory["text"]!.set(bytes)
      judge.memory["length"]![0] = bytes.length
      judge.run()
      return joined(outputs.map((each) => judge.memory[each.name]!))
    }),
  )
  return {
    ...{ name, module, sources, judged, ramBytes: sources.ramBytes },
    probed: {
      name: asking,
      header: `#include "${name}.h"\n#include "${chip.name}.h"\nextern char ${asking}_text[${textBytes + 1}];\nvoid ${asking}_run(void);\n`,
      source: `#include "${asking}.h"\nchar ${asking}_text[${textBytes + 1}];\nvoid ${asking}_run(void) { (void)${name}_ask(${asking}_text); }\n`,
      others: sources.files,
    },
    ports: {
      inputs: [{ name: `${asking}_text`, bytes: textBytes + 1 }],
      outputs: portsOf(chip.name, program).outputs,
      entries: [],
    },
    requests: asked.map((bytes) => ({ entry: 0, input: withZeros(bytes, textBytes + 1) })),
    counted: asked.map(() => "ask"),
    equalOn(engine) {
      const { gives, unsureBelow } = files.manifest
      const classifier = openClassifier({ ...contentsOf(files), labels: gives.labels, unsureBelow }, engine)
      const bytes = judged()
      return asked.filter((text, n) => {
        const { label, logits } = classifier.run(text)
        const said: Memory = { label: Int32Array.of(label), logits }
        return outputs.every(({ name: each }) => sameBytes(bytesOf(said[each]!), partOf(bytes[n]!, outputs, each)))
      }).length
    },
  }
}

/** Of UTF-8, so many bytes at most. */
function wholeCharacters(text: string, bytesMax: number): Uint8Array {
  const bytes = new Uint8Array(bytesMax)
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written)
}
function withZeros(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  whole.set(bytes)
  return whole
}
export const joined = (arrays: readonly Numbers[]): Uint8Array => new Uint8Array(Buffer.concat(arrays.map(bytesOf)))
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** The bytes of one buffer of an answer that holds them one after another. */
function partOf(answer: Uint8Array, buffers: readonly ProgramBuffer[], name: string): Uint8Array {
  let start = 0
  for (const each of buffers) {
    const end = start + each.length * DTYPE[each.dtype].bytes
    if (each.name === name) return answer.subarray(start, end)
    start = end
  }
  throw new Error(`bug: no answer holds ${name}`)
}
export function once<T>(work: () => T): () => T {
  let found: { readonly value: T } | undefined
  return () => {
    found ??= { value: work() }
    return found.value
  }
}
