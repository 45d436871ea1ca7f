import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bytesOf, DTYPE, zeros } from "@open-brains/core/base/dtype.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import type { Access, Program, Buffer as ProgramBuffer } from "@open-brains/core/ir/program.ts"
import { probeSource, STOP } from "./probe_source.ts"
import { type Ran, TARGETS, type Target } from "./targets.ts"

/** A module as it is exported: NAME.h and NAME.c. */
export interface ModuleSource {
  readonly name: string
  readonly header: string
  readonly source: string
  /** What lies beside them, by file name. */
  readonly others?: Readonly<Record<string, string>>
}
/** A buffer that the outside sees: in C `name` of that many bytes. */
export interface Port {
  readonly name: string
  readonly bytes: number
}
export interface Ports {
  readonly inputs: readonly Port[]
  /** What an answer is made of: the outputs, and the states where they are asked for. */
  readonly outputs: readonly Port[]
  /** Further functions, of which request n calls the nth, from 1. */
  readonly entries: readonly string[]
}

export interface ProbeRequest {
  /** 0 calls NAME_run, n the nth entry. */
  readonly entry: number
  /** The inputs one after another. */
  readonly input: Uint8Array
}
export interface ProbeAnswers {
  /** One an request: the outputs one after another. */
  readonly outputs: readonly Uint8Array[]
  /** One a request, of the call alone; exact on an AVR, modelled on a Cortex-M, absent on the host. */
  readonly cycles?: readonly number[]
  /** The most stack that a call took, its return address included. */
  readonly stackBytes?: number
}
export interface Probe extends Disposable {
  readonly elf: string
  /** A fresh chip takes the requests one after another. Errors: an Error when it crashes, hangs or says too little. */
  run(requests: readonly ProbeRequest[], timeoutMs?: number): Promise<ProbeAnswers>
}
/** What stands around each call. */
const CALL_MARK = 1
const RUN_MS_MAX = 120_000

/** The ports of a program that was exported as `name`; `withState` has the answers end with the state buffers. */
export function portsOf(name: string, { buffers, entries = {} }: Program, withState = true): Ports {
  const of = (...accesses: readonly Access[]): readonly Port[] =>
    buffersOf(buffers, accesses).map((b) => ({ name: `${name}_${b.name}`, bytes: b.length * DTYPE[b.dtype].bytes }))
  return {
    inputs: of("input"),
    outputs: withState ? [...of("output"), ...of("state")] : of("output"),
    entries: Object.keys(entries).map((entry) => `${name}_${entry}`),
  }
}
/** Grouped by access, in a program's order within each. */
const buffersOf = (buffers: readonly ProgramBuffer[], accesses: readonly Access[]): readonly ProgramBuffer[] =>
  accesses.flatMap((access) => buffers.filter((each) => each.access === access))

/** A request as bytes: buffers that `memory` lacks are 0. */
export function requestBytes({ buffers }: Program, memory: Memory): Uint8Array {
  return Buffer.concat(
    buffersOf(buffers, ["input"]).map(({ name, dtype, length }) => bytesOf(memory[name] ?? zeros(dtype, length))),
  )
}
/** The numbers of an answer. */
export function answerMemory({ buffers }: Program, bytes: Uint8Array, withState = true): Memory {
  let start = 0
  return Object.fromEntries(
    buffersOf(buffers, withState ? ["output", "state"] : ["output"]).map(({ name, dtype, length }) => {
      const numbers = zeros(dtype, length)
      bytesOf(numbers).set(bytes.subarray(start, start + numbers.byteLength))
      start += numbers.byteLength
      return [name, numbers]
    }),
  )
}

/** A module compiled for a target with a loop around it that answers requests; disposing removes its folder. */
export async function buildProbe(
  module: ModuleSource,
  ports: Ports,
  target: Target,
  flags: readonly string[] = [],
): Promise<Probe> {
  const { build, run, bytes } = TARGETS[target]
  const folder = mkdtempSync(join(tmpdir(), "brain-probe-"))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const [source, main, elf] = [`${module.name}.c`, "probe.c", "probe.elf"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  try {
    writeFileSync(join(folder, `${module.name}.h`), module.header)
    writeFileSync(source, module.source)
    writeFileSync(main, probeSource(module.name, ports, bytes))
    const others = Object.entries(module.others ?? {}).map(([name, text]) => [join(folder, name), text] as const)
    for (const [path, text] of others) writeFileSync(path, text)
    const more = others.flatMap(([path]) => (path.endsWith(".c") ? [path] : []))
    await build([source, main, ...more], elf, flags)
  } catch (error) {
    remove()
    throw error
  }
  return {
    elf,
    async run(requests, timeoutMs = RUN_MS_MAX) {
      for (const [n, { entry, input }] of requests.entries()) {
        const expected = sumOf(ports.inputs)
        if (input.length !== expected) throw new Error(`bug: request ${n} has ${input.length} bytes of ${expected}`)
        if (entry > ports.entries.length) throw new Error(`bug: request ${n} calls entry ${entry}, which is not there`)
      }
      const [answerBytes, asked] = [sumOf(ports.outputs), requests.map(({ entry, input }) => requestOf(entry, input))]
      const ran = await run(elf, { requests: [...asked, STOP], answerBytes, timeoutMs })
      return answersOf(target, ran, requests.length, answerBytes)
    },
    [Symbol.dispose]: remove,
  }
}
const sumOf = (ports: readonly Port[]): number => ports.reduce((sum, { bytes }) => sum + bytes, 0)

const requestOf = (entry: number, input: Uint8Array): Uint8Array => Uint8Array.of(entry, ...input)

/** Errors: an Error when there is not exactly one answer a request. */
function answersOf(target: Target, { output, marks, stacks, said }: Ran, count: number, bytes: number): ProbeAnswers {
  const told = `${target} answered ${output.length} bytes to ${count} requests of ${bytes}: ${said.slice(-400)}`
  if (output.length !== count * bytes) throw new Error(told)
  const outputs = Array.from({ length: count }, (_, n) => output.slice(n * bytes, (n + 1) * bytes))
  // The first pair of marks has nothing in between: what marking costs.
  const [free, ...calls] = marks.filter(({ mark }) => mark === CALL_MARK)
  if (free === undefined) return { outputs }
  if (calls.length !== count) throw new Error(`bug: ${calls.length} calls were measured for ${count} requests`)
  const all = [...stacks, ...calls.flatMap(({ stackBytes }) => stackBytes ?? [])]
  const cycles = calls.map((call) => call.cycles - free.cycles)
  return { outputs, cycles, ...(all.length > 0 && { stackBytes: Math.max(...all) }) }
}
